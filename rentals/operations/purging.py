"""What came is removed when the team's time for it is over, or when an admin says so.

Texts, codes and numbers go; that something came, when, and what it cost stays. A batch is one
transaction over rows that nobody else has locked: a run can be killed at any moment, and the next
one goes on, because rows that hold nothing any more are passed over.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any, Final

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import User
from providers.exchange import hidden
from rentals.causes import Cause
from rentals.models import InboxEntry, Message, Policy, ProviderAnswer, Rental
from rentals.operations.answers import Verdict
from rentals.operations.errors import NotPossible
from rentals.operations.outcomes import LATE_NUMBERS_FOR
from rentals.operations.receiving import code_hash
from rentals.operations.transition import Moves, locked
from rentals.states import LIVE, UNANSWERED

BATCH: Final = 500
UNREAD_FOR: Final = timedelta(days=90)  # for a reader to be mended; a code is long worthless then
BLANK_MESSAGES: Final = """
    UPDATE rentals_message SET code = '', text = '', code_hash = value, purged_at = %s
    FROM unnest(%s::bigint[], %s::bytea[]) given(key, value) WHERE id = key
"""
HIDE_ANSWERS: Final = """
    UPDATE rentals_provideranswer SET reply = value::jsonb, purged_at = %s
    FROM unnest(%s::bigint[], %s::text[]) given(key, value) WHERE id = key
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Purged:
    """How many rows lost what they held."""

    messages: int = 0
    webhooks: int = 0
    answers: int = 0
    numbers: int = 0


@dataclass(frozen=True, slots=True)
class _Store:
    """Rows of one kind that still hold something, and how they lose it.

    `team` leads from a row to its team, `since` names the moment from which its days count, and
    `locks` what is locked meanwhile.
    """

    rows: Callable[[datetime], QuerySet[Any]]
    team: str
    since: str
    remove: Callable[[Sequence[Any], datetime], None]
    locks: tuple[str, ...] = ("self",)


def purge_due(*, now: datetime) -> Purged:
    """Remove whatever a team does not keep any longer. What belongs to a live rental stays."""
    policies = list(Policy.objects.filter(keep_days__isnull=False))
    purged = Purged(
        messages=_purge(MESSAGES, policies, now),
        webhooks=_purge(WEBHOOKS, policies, now),
        answers=_purge(ANSWERS, policies, now),
        numbers=_purge(NUMBERS, [each for each in policies if each.purges_numbers], now),
    )
    if purged != Purged():
        log.info("purged", **asdict(purged))
    return purged


def purge_rental(
    *, rental: Rental, number: bool, reason: str, actor: User, now: datetime
) -> Purged:
    """Remove what came for one rental that is over, and its number where `number`.

    Raises NotPossible without a reason, for a live rental, and where nothing is left to remove.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    with transaction.atomic():
        # Before the rental, as by those who apply them.
        webhooks = list(_entries_of(rental).order_by("pk").select_for_update())
        held = locked([rental.pk]).get()
        if held.is_live:
            raise NotPossible(_("It is still live. Finish or cancel it first."))
        own = {"rental": held.pk}
        purged = Purged(
            messages=_remove(MESSAGES, MESSAGES.rows(now).filter(**own), now),
            webhooks=_removed(WEBHOOKS, webhooks, now),
            answers=_remove(ANSWERS, ANSWERS.rows(now).filter(**own), now),
            numbers=_remove(NUMBERS, NUMBERS.rows(now).filter(pk=held.pk), now) if number else 0,
        )
        if purged == Purged():
            raise NotPossible(_("Nothing is left of it to remove."))
        _tell(held, purged, reason, actor, now)
    return purged


def _tell(rental: Rental, purged: Purged, reason: str, actor: User, now: datetime) -> None:
    moves = Moves(now)
    moves.note(rental, cause=Cause.PURGED, actor=actor)
    moves.write()
    audit.record(
        team=rental.team,
        actor=actor,
        action=Action.RENTAL_PURGED,
        object=rental,
        after=asdict(purged),
        reason=reason.strip()[:500],
    )


def _entries_of(rental: Rental) -> QuerySet[InboxEntry]:
    entries = InboxEntry.objects.filter(purged_at=None, applied_at__isnull=False)
    return entries.filter(account=rental.account_id, activation_id=rental.activation_id or None)


def _purge(store: _Store, policies: Sequence[Policy], now: datetime) -> int:
    """Batch by batch through the table, once. Returns how many rows lost what they held."""
    if not policies:
        return 0
    overdue = reduce(or_, (_overdue(store, policy, now) for policy in policies))
    after = done = 0
    while batch := _batch(store, overdue & Q(pk__gt=after), now):
        after, done = batch[-1], done + len(batch)
    return done


def _overdue(store: _Store, policy: Policy, now: datetime) -> Q:
    oldest = now - timedelta(days=policy.keep_days or 0)
    return Q(**{store.team: policy.team_id, f"{store.since}__lt": oldest})


def _batch(store: _Store, overdue: Q, now: datetime) -> list[int]:
    with transaction.atomic():
        free = store.rows(now).select_for_update(of=store.locks, skip_locked=True, no_key=True)
        rows = list(free.filter(overdue).order_by("pk")[:BATCH])
        _removed(store, rows, now)
    return [row.pk for row in rows]


def _remove(store: _Store, rows: QuerySet[Any], now: datetime) -> int:
    return _removed(store, list(rows.order_by("pk").select_for_update(of=("self",))), now)


def _removed(store: _Store, rows: Sequence[Any], now: datetime) -> int:
    if rows:
        store.remove(rows, now)
    return len(rows)


def _messages(now: datetime) -> QuerySet[Message]:
    kept = Message.objects.filter(purged_at=None).exclude(rental__state__in=LIVE)
    return kept.select_related("rental")


def _blank_messages(messages: Sequence[Message], now: datetime) -> None:
    """The hashes stay: whatever tells of the same SMS later is still known to be the same."""
    hashes = [code_hash(message.code) if message.code else None for message in messages]
    _write(BLANK_MESSAGES, now, messages, hashes)


def _webhooks(now: datetime) -> QuerySet[InboxEntry]:
    """Those that are applied, or that are nobody's.

    Of one that no worker has looked at, or that could not be read, the code may still be waited
    for, and so may one that a rental in doubt can turn out to need: until it is too old for that.
    """
    here = Rental.objects.filter(account=OuterRef("account"))
    known = here.filter(activation_id=OuterRef("activation_id"))
    doubts = here.filter(state__in=UNANSWERED)
    nobodys = ~Q(outcome="") & ~Exists(known) & ~Exists(doubts)
    settled = Q(applied_at__isnull=False) | nobodys | Q(received_at__lt=now - UNREAD_FOR)
    return InboxEntry.objects.filter(settled, purged_at=None)


def _blank_webhooks(entries: Sequence[InboxEntry], now: datetime) -> None:
    """The hash of the body stays, so the same body again is not stored again."""
    ids = [entry.pk for entry in entries]
    InboxEntry.objects.filter(pk__in=ids).update(body=b"", purged_at=now)


def _answers(now: datetime) -> QuerySet[ProviderAnswer]:
    """But for a number that was given and may still find its rental."""
    kept = ProviderAnswer.objects.filter(purged_at=None).exclude(rental__state__in=LIVE)
    return kept.exclude(
        call="rent",
        verdict=Verdict.DONE,
        rental__activation_id="",
        rental__ended_at__gt=now - LATE_NUMBERS_FOR,
    )


def _hide_answers(answers: Sequence[ProviderAnswer], now: datetime) -> None:
    _write(HIDE_ANSWERS, now, answers, [json.dumps(hidden(answer.reply)) for answer in answers])


def _write(statement: str, now: datetime, rows: Sequence[Any], values: list[Any]) -> None:
    """Give each row a value of its own, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [now, [row.pk for row in rows], values])


def _numbered(now: datetime) -> QuerySet[Rental]:
    empty = Q(phone_raw="", phone_e164="", wanted_number="")
    return Rental.objects.exclude(empty).exclude(state__in=LIVE)


def _blank_numbers(rentals: Sequence[Rental], now: datetime) -> None:
    Rental.objects.filter(pk__in=[rental.pk for rental in rentals]).update(
        phone_raw="", phone_e164="", wanted_number="", number_purged_at=now
    )


# A message's rental is locked with it, as by those who learn more of the message.
MESSAGES: Final = _Store(_messages, "rental__team", "seen_at", _blank_messages, ("self", "rental"))
WEBHOOKS: Final = _Store(_webhooks, "account__team", "received_at", _blank_webhooks)
ANSWERS: Final = _Store(_answers, "rental__team", "answered_at", _hide_answers)
NUMBERS: Final = _Store(_numbered, "team", "ended_at", _blank_numbers)
