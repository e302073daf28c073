"""What is wrong is found by the rows, each minute; alerts are opened, changed and closed by it.

Two workers at once do no harm: a kind's row in Watch is locked by the one that looks, and the
other leaves it. PostgreSQL keeps a second open alert for a subject out in any case.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction

from accounts.announcements import alerts_changed
from alerts.conditions import CONDITIONS, Condition, Holding, Subject
from alerts.models import Alert, Watch
from alerts.models.alerts import LONGEST_DETAIL, LONGEST_TITLE
from alerts.operations.telling import tell
from alerts.states import News

log = structlog.get_logger(__name__)

SAID: Final = ("title", "detail", "link", "member_id")
LONGEST: Final = {"title": LONGEST_TITLE, "detail": LONGEST_DETAIL}


def evaluate(*, now: datetime) -> None:
    """Look for all that can be wrong. A condition that fails leaves its alerts as they are."""
    kinds = [Watch(kind=condition.kind) for condition in CONDITIONS]
    Watch.objects.bulk_create(kinds, ignore_conflicts=True)
    for condition in CONDITIONS:
        try:
            _look(condition, now)
        except Exception:
            log.exception("alert_condition_failed", kind=condition.kind)


def _look(condition: Condition, now: datetime) -> None:
    with transaction.atomic():
        watch = _turn(condition, now)
        if watch is None:
            return
        opened = _opened(condition)
        found = {each.key: each for each in condition.holding(now, opened.keys())}
        try:
            with transaction.atomic():
                _apply(condition, opened, found, now)
        except Exception:
            log.exception("alerts_failed_together", kind=condition.kind)
            _apply_each_team(condition, found, now)
        watch.looked_at = now
        watch.save(update_fields=["looked_at"])


def _turn(condition: Condition, now: datetime) -> Watch | None:
    """The kind's row, locked; None where somebody else is looking, or has looked since."""
    rows = Watch.objects.select_for_update(skip_locked=True).filter(kind=condition.kind)
    watch = rows.first()
    if watch is None or (watch.looked_at is not None and watch.looked_at >= now):
        return None
    return watch


def _opened(condition: Condition) -> dict[Subject, Alert]:
    rows = Alert.objects.select_for_update(no_key=True).filter(
        kind=condition.kind, closed_at__isnull=True
    )
    return {(alert.team_id, alert.subject): alert for alert in rows.order_by("pk")}


def _apply_each_team(condition: Condition, found: dict[Subject, Holding], now: datetime) -> None:
    """What can't be written for one team leaves the alerts of that team alone as they are."""
    opened = _opened(condition)  # anew: what was changed of the others was not written
    for team in sorted({team for team, _subject in (*opened, *found)}):
        try:
            with transaction.atomic():
                _apply(condition, _of(team, opened), _of(team, found), now)
        except Exception:
            log.exception("alerts_of_a_team_failed", kind=condition.kind, team=team)


def _of[T](team: int, each: dict[Subject, T]) -> dict[Subject, T]:
    return {key: value for key, value in each.items() if key[0] == team}


def _apply(
    condition: Condition,
    opened: dict[Subject, Alert],
    found: dict[Subject, Holding],
    now: datetime,
) -> None:
    """Write what has changed, and nothing where nothing has; tell who wants to know."""
    fresh = Alert.objects.bulk_create(
        _alert(condition, holding, now) for key, holding in found.items() if key not in opened
    )
    worse: list[Alert] = []
    altered: list[Alert] = []
    for key, holding in found.items():
        alert = opened.get(key)
        if alert is None:
            continue
        is_worse = holding.severity > alert.severity
        if _renew(alert, holding):
            (worse if is_worse else altered).append(alert)
    calmed, closed = _calm(condition, opened, found.keys(), now)
    _save([*worse, *altered, *calmed, *closed])
    events = ((fresh, News.OPENED), (worse, News.WORSENED), (closed, News.CLOSED))
    tell([(alert, news) for alerts, news in events for alert in alerts], now=now)
    teams = {alert.team_id for alert in (*fresh, *worse, *altered, *closed)}
    transaction.on_commit(lambda: _announce(teams))


def _alert(condition: Condition, holding: Holding, now: datetime) -> Alert:
    return Alert(
        team_id=holding.team_id,
        kind=condition.kind,
        subject=holding.subject,
        severity=holding.severity,
        opened_at=now,
        **_said(holding),
    )


def _said(holding: Holding) -> dict[str, Any]:
    """In the words of Alert's fields, cut where people's own words make them too long."""
    said = {field: getattr(holding, field) for field in SAID}
    return said | {field: _cut(said[field], most) for field, most in LONGEST.items()}


def _cut(text: str, most: int) -> str:
    """By what PostgreSQL counts, which is code points: an accent may be one of its own."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _renew(alert: Alert, holding: Holding) -> bool:
    """Say what holds now; whether that is anything new.

    One that gets worse has to be taken on anew. It does not get better before it is over.
    """
    before = [alert.calm_since, alert.severity, *(getattr(alert, field) for field in SAID)]
    for field, said in _said(holding).items():
        setattr(alert, field, said)
    alert.calm_since = None
    if holding.severity > alert.severity:
        alert.severity = holding.severity
        alert.acknowledged_at = alert.acknowledged_by = None
    return before != [alert.calm_since, alert.severity, *(getattr(alert, f) for f in SAID)]


def _calm(
    condition: Condition,
    opened: dict[Subject, Alert],
    holding: Collection[Subject],
    now: datetime,
) -> tuple[list[Alert], list[Alert]]:
    """Those that no longer hold: from now on, and for so long that they are closed."""
    calmed, closed = [], []
    for key, alert in opened.items():
        if key in holding:
            continue
        is_new = alert.calm_since is None
        alert.calm_since = alert.calm_since or now
        if now - alert.calm_since >= condition.calm:
            alert.closed_at = now
            closed.append(alert)
        elif is_new:
            calmed.append(alert)
    return calmed, closed


def _save(alerts: list[Alert]) -> None:
    fields = ["severity", "calm_since", "closed_at", "acknowledged_at", "acknowledged_by"]
    Alert.objects.bulk_update(
        alerts, [*fields, "title", "detail", "link", "member"], batch_size=500
    )


def _announce(teams: Iterable[int]) -> None:
    for team in teams:
        alerts_changed(team)
