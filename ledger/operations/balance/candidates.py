"""What a change of the balance may have been, for a person to choose from, and why.

What explains it to the cent first, then what is awaited or in doubt; any other rental that money
can still come back for is found by its reference, its activation or its service.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from ledger.models import Finding, ReconciliationException, Refund, Transfer
from ledger.operations.balance.drifts import explanations
from ledger.queries.exceptions import PARTS
from ledger.renters import in_doubt
from ledger.states import AWAITED, Phase, TransferKind

SHOWN: Final = 12
LOOKED_AT: Final = 200
SEARCHED: Final = timedelta(days=120)  # charges that nothing was claimed for, so long before
EXACT: Final = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that it may have been. `what` names it as Part does; `amount` is proposed, or what
    was entered; `most` is all that it can be. `why`: what speaks for it."""

    what: str
    reference: str
    service: str
    amount: str
    most: Decimal
    at: datetime
    why: Sequence[str]
    score: int = 0
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """An explanation to the cent. `query` chooses it, where all of it can be chosen."""

    references: Sequence[str]
    query: str


@dataclass(frozen=True, slots=True)
class Offered:
    ways: Sequence[Way]
    choices: Sequence[Choice]
    is_searched: bool


def offered(
    exception: ReconciliationException,
    *,
    words: str = "",
    chosen: Mapping[str, str],
    now: datetime,
) -> Offered:
    """What to show: `chosen` are those that were ticked before, with what was entered for each.

    Where there is one explanation and nothing was ticked, it is ticked. Nothing is decided by this.
    """
    ways = explanations(exception, now=now)
    proposed = {part.item.id: amount for way in ways for part, amount in way}
    named = chosen if words else {**proposed, **chosen}
    look = _back if exception.amount > 0 else _taken
    found = list(look(exception, words, named))
    known = {choice.what for choice in found}
    ticked = dict(chosen)
    if not ticked and not words and len(ways) == 1 and proposed.keys() <= known:
        ticked = dict.fromkeys(proposed, "")
    marked = [_marked(each, proposed, ticked) for each in found]
    marked.sort(key=lambda each: (not each.is_chosen, -each.score, _apart(each, exception)))
    room = max(SHOWN, len(ticked))
    is_ticked = len(ways) == 1 and proposed.keys() <= ticked.keys()
    shown = [] if is_ticked else [_way(way, known) for way in ways]
    return Offered(shown, marked[:room], bool(words))


def _marked(
    choice: Choice, proposed: Mapping[str, Decimal | None], ticked: Mapping[str, str]
) -> Choice:
    if choice.what in proposed:
        why = [_("explains it to the cent"), *choice.why]
        choice = replace(choice, why=why, score=choice.score + EXACT)
        if amount := proposed[choice.what]:
            choice = replace(choice, amount=_plain(amount))
    if choice.what in ticked:
        choice = replace(choice, is_chosen=True, amount=ticked[choice.what] or choice.amount)
    return choice


def _plain(amount: Decimal) -> str:
    """As somebody would type it."""
    return f"{abs(amount).normalize():f}"


def _way(way: Iterable[tuple[Any, Decimal | None]], known: set[str]) -> Way:
    parts = list(way)
    asked = [("part", each.item.id) for each, _amount in parts]
    asked += [(f"amount-{each.item.id}", _plain(sum_)) for each, sum_ in parts if sum_]
    can_choose = len(parts) <= PARTS and all(each.item.id in known for each, _amount in parts)
    return Way([each.reference for each, _amount in parts], urlencode(asked) if can_choose else "")


def _apart(choice: Choice, exception: ReconciliationException) -> timedelta:
    return abs(exception.occurred_at - choice.at)


def _back(exception: ReconciliationException, words: str, named: Iterable[str]) -> Iterator[Choice]:
    """Claims that something can still come for; where they are searched for, charges as well."""
    pks = {"refund": set[int](), "transfer": set[int]()}
    for what in named:
        kind, _colon, number = what.partition(":")
        if kind in pks and number.isascii() and number.isdigit() and len(number) < 19:
            pks[kind].add(int(number))
    for refund in _claims(exception, words, pks["refund"]):
        yield _claim(exception, refund)
    for charge in _charges(exception, words, pks["transfer"]):
        yield _charge(exception, charge)


def _claims(exception: ReconciliationException, words: str, named: set[int]) -> list[Refund]:
    rows = Refund.objects.filter(wallet=exception.wallet_id, received__lt=F("charged"))
    wanted = _searched(rows, words) if words else rows.filter(state__in=AWAITED)
    found = {each.pk: each for each in wanted.order_by("-claimed_at")[:LOOKED_AT]}
    found |= {each.pk: each for each in rows.filter(pk__in=named - found.keys())}
    return list(found.values())


def _charges(exception: ReconciliationException, words: str, named: set[int]) -> list[Transfer]:
    """Rentals that nobody claimed a refund for: one may have come all the same."""
    claimed = Refund.objects.filter(wallet=exception.wallet_id, reference=OuterRef("reference"))
    rows = Transfer.objects.filter(
        ~Exists(claimed),
        wallet=exception.wallet_id,
        kind=TransferKind.PURCHASE,
        phase__in=[Phase.POSTED, Phase.POST],
    ).exclude(reference="")
    found: dict[int, Transfer] = {}
    if words:
        since = (exception.occurred_at - SEARCHED).date()
        wanted = _searched(rows.filter(booked_on__gte=since), words)
        found = {each.pk: each for each in wanted.order_by("-booked_on", "-pk")[:LOOKED_AT]}
    if named - found.keys():
        found |= {each.pk: each for each in rows.filter(pk__in=named)}
    return list(found.values())


def _searched[T: (Refund, Transfer)](rows: QuerySet[T], words: str) -> QuerySet[T]:
    for word in words.split()[:5]:
        names = Q(reference__in=[word, f"rental:{word.removeprefix('#')}"])
        rows = rows.filter(
            names | Q(external_id=word.removeprefix("#")) | Q(service__icontains=word)
        )
    return rows


def _claim(exception: ReconciliationException, refund: Refund) -> Choice:
    left = refund.charged - refund.received
    expected = refund.expected_max - refund.received
    amount = expected if 0 < expected <= left else left
    state = _("a refund is awaited") if refund.is_awaited else refund.get_state_display()
    why, score = _compare(exception, amount, refund.claimed_at)
    score += 15 if refund.is_awaited else 0
    why = [str(state), *why]
    return Choice(
        f"refund:{refund.pk}",
        refund.reference,
        refund.service,
        _plain(amount),
        left,
        refund.claimed_at,
        why,
        score,
    )


def _charge(exception: ReconciliationException, charge: Transfer) -> Choice:
    why, score = _compare(exception, charge.amount, charge.occurred_at)
    why = [_("charged, and no refund was asked for"), *why]
    return Choice(
        f"transfer:{charge.pk}",
        charge.reference,
        charge.service,
        _plain(charge.amount),
        charge.amount,
        charge.occurred_at,
        why,
        score,
    )


def _taken(
    exception: ReconciliationException, words: str, named: Iterable[str]
) -> Iterator[Choice]:
    """Rentals in doubt of which nothing is proved yet."""
    wallet, wanted = exception.wallet, set(named)
    proved = set(
        Finding.objects.filter(wallet=wallet, consumed_at__isnull=True).values_list(
            "reference", flat=True
        )
    )
    doubts = [doubt for doubt in in_doubt(wallet) if doubt.reference not in proved]
    held = Transfer.objects.filter(
        wallet=wallet, reference__in=[each.reference for each in doubts], phase=Phase.PENDING
    )
    services = dict(held.values_list("reference", "service"))
    for doubt in doubts:
        what, service = f"doubt:{doubt.reference}", services.get(doubt.reference, "")
        if what in wanted or _says(words, doubt.reference, service):
            why, score = _compare(exception, doubt.amount, doubt.since)
            why = [_("its outcome is in doubt"), *why]
            yield Choice(
                what,
                doubt.reference,
                service,
                _plain(doubt.amount),
                doubt.amount,
                doubt.since,
                why,
                score,
            )


def _says(words: str, reference: str, service: str) -> bool:
    return all(
        reference in (word, f"rental:{word.removeprefix('#')}")
        or word.casefold() in service.casefold()
        for word in words.split()[:5]
    )


def _compare(
    exception: ReconciliationException, amount: Decimal, at: datetime
) -> tuple[list[str], int]:
    why, score = [], 0
    if amount == abs(exception.amount):
        why.append(_("the same amount"))
        score += 30
    elif amount > abs(exception.amount):
        why.append(_("more than it"))
    if at <= exception.occurred_at:
        minutes = (exception.occurred_at - at).total_seconds() // 60
        why.append(_("%(minutes)d minutes before") % {"minutes": minutes})
    else:
        why.append(_("later than it was seen"))
        score -= 20
    return why, score
