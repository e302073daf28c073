"""The audit log as its page shows it: who may read what of it, narrowed, a page at a time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Self

from django.contrib.postgres.search import SearchQuery
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Action, Family
from accounts.audit import plain
from accounts.models import AuditEvent, Membership, User
from accounts.states import Role
from accounts.trail import fields
from accounts.trail import objects as trail_objects

PAGE: Final = 50
SAMPLE: Final = 1000  # of the newest events
COMMON: Final = 20  # of those: a word that so many have is found by walking down the list
FEW: Final = 5000  # events with a word: of more of them, too, a page is soon full
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
NEWEST_FIRST: Final = ("-at", "-pk")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of the log; nothing narrows it where nothing is said."""

    words: str = ""
    since: date | None = None
    until: date | None = None
    person: User | None = None
    family: str = ""
    action: str = ""
    address: str = ""
    kind: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Between two events: at the one with this time and number."""

    at: datetime
    pk: int

    @classmethod
    def read(cls, text: str) -> Self | None:
        """As an address has it; None for what is no place."""
        stamp, _dash, pk = text.partition("-")
        if not (stamp.isascii() and stamp.isdigit() and pk.isascii() and pk.isdigit()):
            return None
        if len(stamp) > 17 or len(pk) > 18:
            return None
        return cls(EPOCH + int(stamp) * MICROSECOND, int(pk))

    def __str__(self) -> str:
        return f"{(self.at - EPOCH) // MICROSECOND}-{self.pk}"


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, the newest first, and where there are others."""

    events: list[AuditEvent]
    newer: Place | None
    older: Place | None


@dataclass(frozen=True, slots=True)
class Change:
    """A value that an event tells of, before and after; None where it has none."""

    name: str
    before: str | None
    after: str | None

    @property
    def is_new(self) -> bool:
        return self.before is None

    @property
    def is_gone(self) -> bool:
        return self.after is None


@dataclass(frozen=True)
class Told:
    """An event in a person's words."""

    event: AuditEvent
    membership: Membership

    @property
    def action(self) -> str:
        known = self.event.action in Action
        return str(Action(self.event.action).label) if known else self.event.action

    @property
    def family(self) -> str:
        known = self.event.family in Family
        return str(Family(self.event.family).label) if known else self.event.family

    @property
    def actor(self) -> str:
        if self.event.actor is not None:
            return str(self.event.actor)
        if self.event.action == Action.SIGN_IN_FAILED:
            return _("Somebody")
        return _("The portal or its operator")

    @property
    def about(self) -> str:
        """Its kind and number."""
        return trail_objects.title(self.event)

    @property
    def named(self) -> str:
        return trail_objects.named(self.event)

    @property
    def is_told_by_name(self) -> bool:
        """Whether its name leaves nothing to say of its kind and number."""
        return self.event.object_id in self.named or self.named == self.about

    @property
    def page(self) -> str:
        return trail_objects.address(self.event, self.membership.team)

    @property
    def place(self) -> str:
        return str(_place(self.event))

    @property
    def changes(self) -> list[Change]:
        before, after = dict(_flat(self.event.before)), dict(_flat(self.event.after))
        names = dict.fromkeys([*before, *after])
        return [Change(fields.title(name), before.get(name), after.get(name)) for name in names]


def readable(membership: Membership) -> QuerySet[AuditEvent]:
    """The events that this member may read: admins all of the team's, finance those of money."""
    events = AuditEvent.objects.filter(team=membership.team_id)
    if membership.has(Role.ADMIN):
        return events
    return events.filter(is_money=True) if membership.has(Role.FINANCE) else events.none()


def narrowed(membership: Membership, wanted: Wanted) -> QuerySet[AuditEvent]:
    """Those of the readable ones that are asked for, the newest first."""
    events = readable(membership).filter(**_exact(wanted))
    if wanted.since:
        events = events.filter(at__gte=_moment(wanted.since, time.min))
    if wanted.until:
        events = events.filter(at__lte=_moment(wanted.until, time.max))
    if query := _search(wanted.words):
        events = events.filter(_found(membership, query))
    elif wanted.words.strip():
        events = events.none()  # signs without a word in them
    return events.select_related("actor").order_by(*NEWEST_FIRST)


def page(
    events: QuerySet[AuditEvent], *, before: Place | None = None, after: Place | None = None
) -> Page:
    """The events before a place, or after it; the newest without either. One query."""
    if after is not None and before is None:
        found = list(events.filter(_newer(after)).order_by("at", "pk")[: PAGE + 1])
        more, shown = len(found) > PAGE, found[:PAGE][::-1]
        newer = _place(shown[0]) if more else None
        return Page(shown, newer, _place(shown[-1]) if shown else None)
    rows = events.filter(_older(before)) if before is not None else events
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    newer = _place(shown[0]) if before is not None and shown else None
    return Page(shown, newer, _place(shown[-1]) if len(found) > PAGE else None)


def tell(event: AuditEvent, membership: Membership) -> Told:
    return Told(event, membership)


def in_one_line(values: Mapping[str, Any]) -> str:
    """For a file: JSON, "" for none."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def _exact(wanted: Wanted) -> dict[str, Any]:
    asked = {
        "actor": wanted.person,
        "family": wanted.family,
        "action": wanted.action,
        "address": wanted.address,
        "object_type": wanted.kind,
        "object_id": wanted.number,
    }
    return {name: value for name, value in asked.items() if value}


def _search(words: str) -> SearchQuery | None:
    """All of the words, each as the beginning of one that the event is found by."""
    begun = [f"{word}:*" for word in plain(words).split()]
    return SearchQuery(" & ".join(begun), config="simple", search_type="raw") if begun else None


def _found(membership: Membership, query: SearchQuery) -> Q:
    """Events with the words; by their numbers where they are few.

    Walking down the list for a rare word would end at its beginning, and the words' index reads
    all that has a common one. So the newest events tell which of both it is.
    """
    here = Q(found_by=query)
    events = readable(membership)
    is_here = ExpressionWrapper(here, output_field=BooleanField())
    newest = events.order_by(*NEWEST_FIRST).values_list(is_here, flat=True)[:SAMPLE]
    if sum(newest) >= COMMON:
        return here
    numbers = list(events.filter(here).values_list("pk", flat=True)[: FEW + 1])
    return Q(pk__in=numbers) if len(numbers) <= FEW else here


def _older(place: Place) -> Q:
    return Q(at__lte=place.at) & (Q(at__lt=place.at) | Q(pk__lt=place.pk))


def _newer(place: Place) -> Q:
    return Q(at__gte=place.at) & (Q(at__gt=place.at) | Q(pk__gt=place.pk))


def _place(event: AuditEvent) -> Place:
    return Place(event.at, event.pk)


def _moment(day: date, clock: time) -> datetime:
    """In the zone of whoever looks."""
    return datetime.combine(day, clock, tzinfo=timezone.get_current_timezone())


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", _said(value)


def _said(value: Any) -> str:
    if value is None or value == "" or value == {} or value == []:
        return "\N{EN DASH}"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    return str(value)
