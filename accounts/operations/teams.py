"""Teams are made and set up."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounts import audit, dependents
from accounts.actions import Action
from accounts.announcements import revoke
from accounts.currencies import CURRENCIES
from accounts.models import Membership, Team, User
from accounts.operations.errors import NotPossible
from accounts.pages.zones import zone_names
from accounts.states import Role

SETTINGS = ("name", "time_zone", "reporting_currency", "shares_board", "auto_cancel")


def create_team(*, name: str, founder: User | None = None) -> Team:
    """Make a team with a slug of its own; its founder holds every role. Raises NotPossible."""
    name = name.strip()
    _check(name)
    for slug in _slugs(name):
        if Team.objects.filter(slug=slug).exists():
            continue
        try:
            with transaction.atomic():
                return _write(name, slug, founder)
        except IntegrityError:  # taken just now
            continue
    raise AssertionError("Slugs don't end.")


def change_settings(
    *,
    team: Team,
    actor: User | None,
    name: str | None = None,
    time_zone: str | None = None,
    reporting_currency: str = "",
    shares_board: bool | None = None,
    auto_cancel: bool | None = None,
    now: datetime,
) -> bool:
    """Change what a team's admins decide for it; whether anything did. Raises NotPossible.

    What is not given stays as it is.
    """
    name = None if name is None else name.strip()
    currency = reporting_currency or None
    given = {
        "name": name,
        "time_zone": time_zone,
        "shares_board": shares_board,
        "auto_cancel": auto_cancel,
        "reporting_currency": currency,
    }
    _check(name, time_zone, currency)
    with transaction.atomic():
        locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        before = {field: getattr(locked, field) for field in SETTINGS}
        wanted = before | {field: value for field, value in given.items() if value is not None}
        changed = [field for field in SETTINGS if before[field] != wanted[field]]
        if not changed:
            return False
        for field in changed:
            setattr(locked, field, wanted[field])
        if "time_zone" in changed and (problems := dependents.against_zone(locked, now)):
            raise NotPossible(" ".join(problems))
        locked.save(update_fields=changed)
        audit.record(
            team=locked,
            actor=actor,
            action=Action.TEAM_SETTINGS_CHANGED,
            object=locked,
            before={field: before[field] for field in changed},
            after={field: wanted[field] for field in changed},
        )
        if "shares_board" in changed:
            transaction.on_commit(lambda: revoke(team_id=team.pk))
    return True


def _check(name: str | None, time_zone: str | None = None, currency: str | None = None) -> None:
    if name is not None and (not 1 <= len(name) <= 100 or not name.isprintable()):
        raise NotPossible(_("Give the team a name of 1 to 100 characters."))
    if time_zone is not None and time_zone not in zone_names():
        raise NotPossible(_("Choose one of the time zones in the list."))
    if currency is not None and currency not in CURRENCIES:
        raise NotPossible(_("Choose one of the currencies in the list."))


def _write(name: str, slug: str, founder: User | None) -> Team:
    team = Team.objects.create(name=name, slug=slug)
    audit.record(
        team=team, actor=founder, action=Action.TEAM_CREATED, object=team, after={"name": name}
    )
    if founder is not None:
        Membership.objects.create(team=team, user=founder, roles=list(Role.values))
    return team


def _slugs(name: str) -> Iterator[str]:
    first = slugify(name)[:50].strip("-") or "team"
    yield first
    yield from (f"{first}-{number}" for number in count(2))
