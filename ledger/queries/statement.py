"""A wallet's statement: its lines, the newest first, each with what the wallet held after it.

What it held after a line is today's balance less all that came later, so that a page costs no more
than its own lines and the sum of the newer ones; months that are over are stepping stones.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Case,
    DecimalField,
    F,
    Q,
    QuerySet,
    RowRange,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.models import Account, Balance, Transfer
from ledger.queries.months import Month, following, months
from ledger.states import AccountKind, Phase

PAGE: Final = 50
PORTION: Final = 5000  # lines that are read at a time
FIELDS: Final = (
    "pk",
    "booked_on",
    "occurred_at",
    "kind",
    "reference",
    "external_id",
    "service",
    "currency",
    "reason",
)
MONEY: Final = DecimalField(max_digits=18, decimal_places=4)


@dataclass(frozen=True, slots=True)
class Point:
    """A place between two lines: before the line with this day and id."""

    day: date
    pk: int

    def __str__(self) -> str:
        return f"{self.day.isoformat()}.{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Point | None":
        """What `str` wrote; None for anything else."""
        day, _dot, pk = text.partition(".")
        if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
            return None
        try:
            return cls(date.fromisoformat(day), int(pk))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which lines: of these days, this kind, with this word as their reference."""

    since: date | None = None
    until: date | None = None  # this day too
    kind: str = ""
    word: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether lines follow each other without a gap, so that balances can stand beside them."""
        return not self.kind and not self.word


@dataclass(frozen=True, slots=True)
class Line:
    transfer: Transfer
    amount: Decimal  # signed: what it did to the wallet
    after: Decimal | None  # what the wallet held then; None where lines are left out
    taken_back: bool = False  # a deposit that was none


@dataclass(frozen=True, slots=True)
class Statement:
    """A page of lines, and the places where the next ones begin."""

    lines: list[Line]
    older: Point | None
    newer: Point | None


def statement(
    wallet: ProviderAccount,
    wanted: Wanted,
    *,
    before: Point | None = None,
    after: Point | None = None,
) -> Statement:
    """The page of lines before a place, or the one after it; the newest without either."""
    rows = _narrowed(wallet, wanted)
    if after is not None:
        before = _page_above(rows, after)
    found = list(_dated(rows if before is None else _older(rows, before), wallet, wanted, before))
    undone = _taken_back(found)
    lines = [_line(transfer, wanted, undone) for transfer in found[:PAGE]]
    older = newer = None
    if len(found) > PAGE:
        older = _place(lines[-1].transfer)
    if before is not None and lines:
        newer = _place(lines[0].transfer)
    return Statement(lines, older, newer)


def all_lines(wallet: ProviderAccount, wanted: Wanted) -> Iterator[tuple[Any, ...]]:
    """All of them, the oldest first, read in portions: the values of `FIELDS`, what each did to
    the wallet, and what the wallet held then (None where lines are left out)."""
    rows = _signed(_narrowed(wallet, wanted), wallet).order_by("booked_on", "pk")
    held = Decimal(0)
    if wanted.is_whole and wanted.since is not None:
        held = balance_before(wallet, wanted.since)
    is_whole = wanted.is_whole
    for line in rows.values_list(*FIELDS, "signed").iterator(chunk_size=PORTION):
        held += line[-1]
        yield (*line, held if is_whole else None)


def chosen(wallet: ProviderAccount, wanted: Wanted) -> QuerySet[Transfer]:
    """The same lines in no order, to be counted."""
    return _narrowed(wallet, wanted)


def balance_before(wallet: ProviderAccount, day: date) -> Decimal:
    """What the wallet held when the day began."""
    own = Account.objects.filter(wallet=wallet, kind=AccountKind.WALLET)
    row = own.values(held=_from_today(wallet, Point(day, 0))).first()
    return row["held"] if row else Decimal(0)


def balance_at_end(wallet: ProviderAccount, day: date) -> Decimal:
    own = Account.objects.filter(wallet=wallet, kind=AccountKind.WALLET)
    row = own.values(held=_from_today(wallet, _end_of(day))).first()
    return row["held"] if row else Decimal(0)


def _narrowed(wallet: ProviderAccount, wanted: Wanted) -> QuerySet[Transfer]:
    rows = _posted(wallet)
    if wanted.since is not None:
        rows = rows.filter(booked_on__gte=wanted.since)
    if wanted.until is not None:
        rows = rows.filter(booked_on__lte=wanted.until)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.word:
        names = Q(reference__in=[wanted.word, f"rental:{wanted.word.removeprefix('#')}"])
        rows = rows.filter(names | Q(external_id=wanted.word) | Q(service__iexact=wanted.word))
    return rows


def _posted(wallet: ProviderAccount) -> QuerySet[Transfer]:
    """What moved the wallet: no holds, and nothing between the accounts that explain it."""
    own = _own(wallet)
    return Transfer.objects.filter(
        Q(debit=own) | Q(credit=own), wallet=wallet, phase__in=[Phase.POSTED, Phase.POST]
    )


def _own(wallet: ProviderAccount) -> int:
    kinds = Account.objects.filter(wallet=wallet, kind=AccountKind.WALLET)
    return kinds.values_list("pk", flat=True).first() or 0


def _signed(rows: QuerySet[Transfer], wallet: ProviderAccount) -> QuerySet[Any]:
    gained = When(debit=_own(wallet), then=F("amount"))
    return rows.annotate(signed=Case(gained, default=-F("amount"), output_field=MONEY))


def _older(rows: QuerySet[Transfer], place: Point) -> QuerySet[Transfer]:
    earlier = Q(booked_on__lt=place.day) | Q(booked_on=place.day, pk__lt=place.pk)
    return rows.filter(earlier, booked_on__lte=place.day)  # the second is what the index takes


def _newer(rows: QuerySet[Transfer], place: Point) -> QuerySet[Transfer]:
    later = Q(booked_on__gt=place.day) | Q(booked_on=place.day, pk__gte=place.pk)
    return rows.filter(later, booked_on__gte=place.day)


def _page_above(rows: QuerySet[Transfer], place: Point) -> Point | None:
    """The place from which a page ends just above `place`; None where that is the newest page."""
    above = _newer(rows, Point(place.day, place.pk + 1)).order_by("booked_on", "pk")
    found = list(above.only("pk", "booked_on")[: PAGE + 1])
    return _place(found[PAGE]) if len(found) > PAGE else None


def _place(transfer: Transfer) -> Point:
    return Point(transfer.booked_on, transfer.pk)


def _dated(
    rows: QuerySet[Transfer], wallet: ProviderAccount, wanted: Wanted, before: Point | None
) -> QuerySet[Any]:
    """One statement reads the lines, what came later and the balance: one state of the book."""
    rows = _signed(rows, wallet).order_by("-booked_on", "-pk")
    if wanted.is_whole:
        so_far = Window(
            Sum("signed"),
            order_by=[F("booked_on").desc(), F("pk").desc()],
            frame=RowRange(start=None, end=0),
        )
        top = before or (_end_of(wanted.until) if wanted.until else None)
        rows = rows.annotate(so_far=so_far, held=_from_today(wallet, top))
    return rows[: PAGE + 1]


def _end_of(day: date) -> Point:
    return Point(day, 2**62)


def _from_today(wallet: ProviderAccount, place: Point | None) -> Any:
    """What the wallet held at a place: what it holds now, or held when the place's month was over,
    less what came between."""
    today = Subquery(
        Balance.objects.filter(account=_own(wallet)).values(
            held=F("debits_posted") - F("credits_posted")
        ),
        output_field=MONEY,
    )
    if place is None:
        return today
    later = _newer(_posted(wallet), place)
    stone = _stone(wallet, place.day)
    if stone is not None:
        later = later.filter(booked_on__lt=following(stone.first))
    known = Value(stone.closing, MONEY) if stone else today
    summed = _signed(later, wallet).order_by().values("wallet").annotate(all=Sum("signed"))
    return known - Coalesce(Subquery(summed.values("all"), output_field=MONEY), Value(Decimal(0)))


def _stone(wallet: ProviderAccount, day: date) -> Month | None:
    """The month of a day, with what the wallet held at its end, where that is over."""
    found = {each.first: each for each in months(wallet, now=timezone.now())}
    first = day.replace(day=1)
    return found.get(first) if found and first < max(found) else None


def _taken_back(found: Iterable[Transfer]) -> set[str]:
    """The keys of what takes back deposits among these."""
    keys = [transfer.reversal_key for transfer in found if transfer.is_deposit_by_hand]
    return (
        set(Transfer.objects.filter(key__in=keys).values_list("key", flat=True)) if keys else set()
    )


def _line(transfer: Any, wanted: Wanted, undone: Collection[str]) -> Line:
    after = transfer.held - (transfer.so_far - transfer.signed) if wanted.is_whole else None
    return Line(transfer, transfer.signed, after, transfer.reversal_key in undone)
