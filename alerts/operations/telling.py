"""Whoever wants to know of an alert is written down with it, and told after the commit."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from accounts.models import Membership
from alerts.models import Alert, Delivery, Endpoint, Letter, MailChoice
from alerts.nudges import nudge_each
from alerts.outgoing.messages import of_alert
from alerts.queries import reads
from alerts.states import How, Kind, News

AT_ONCE: Final = 20

type Event = tuple[Alert, News]


def tell(events: Iterable[Event], *, now: datetime) -> None:
    """Write the letters and messages of these events, inside the caller's transaction."""
    by_team: dict[int, list[Event]] = defaultdict(list)
    for alert, news in events:
        by_team[alert.team_id].append((alert, news))
    if not by_team:
        return
    letters = list(_letters(by_team, now))
    Letter.objects.bulk_create(letters, ignore_conflicts=True, batch_size=1000)
    at_once = {letter.membership_id for letter in letters if letter.how == How.AT_ONCE}
    messages = Delivery.objects.bulk_create(_messages(by_team, now), batch_size=1000)
    transaction.on_commit(lambda: _send(at_once, messages))


def _messages(by_team: dict[int, list[Event]], now: datetime) -> Iterator[Delivery]:
    endpoints = Endpoint.objects.filter(team__in=by_team, disabled_at__isnull=True)
    # Locked, so that none is removed before its messages are committed.
    locked = endpoints.select_for_update(of=("self",), no_key=True).order_by("pk")
    for endpoint in locked.select_related("team"):
        for alert, news in by_team[endpoint.team_id]:
            yield of_alert(endpoint, alert, news, now)


def _letters(by_team: dict[int, list[Event]], now: datetime) -> Iterator[Letter]:
    people = Membership.objects.filter(team__in=by_team, user__is_active=True)
    for membership in people.select_related("user", "team", "alert_mail"):
        choice = mail_choice(membership)
        for alert, news in by_team[membership.team_id]:
            how = choice.of(Kind(alert.kind))
            if news == News.CLOSED or how == How.OFF or not reads(membership, alert):
                continue
            due = now if how == How.AT_ONCE else choice.next_digest(now)
            yield Letter(
                alert=alert, membership=membership, news=news, how=how, made_at=now, due_at=due
            )


def mail_choice(membership: Membership) -> MailChoice:
    """What somebody wants, or the defaults, which are not saved."""
    try:
        return membership.alert_mail
    except MailChoice.DoesNotExist:
        return MailChoice(membership=membership)


def _send(memberships: Collection[int], messages: Sequence[Delivery]) -> None:
    """The first messages at once; the others at the next tick, which is fair to each endpoint."""
    if memberships:
        nudge_each("alerts.send_letters", [(pk,) for pk in memberships])
    if messages:
        nudge_each("alerts.deliver", [(each.pk,) for each in messages[:AT_ONCE]])
