"""Exchange rates are entered with their day, and pinned to the lines that are reported with them.

A rate is never guessed: where none exists for a line's day or before it, there is no total. A line
keeps the day whose rate it was first reported with, for good. A row is never changed: a mistake is
corrected by another beside it, which counts from then on wherever no closed month has its total.
"""

import csv
import io
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import formats
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.currencies import CURRENCIES
from accounts.models import Team, User
from ledger.days import team_day
from ledger.models import ExchangeRate, Transfer
from ledger.operations.errors import NotPossible

COLUMNS: Final = ("day", "currency", "into", "rate")
MOST_LINES: Final = 5_000
SMALLEST: Final = Decimal("1e-12")
LARGEST: Final = Decimal("1e12")
CENT: Final = Decimal("0.01")
EARLIEST: Final = date(2000, 1, 1)


class MissingRate(NotPossible):
    """There is no rate from `currency` into `into` on `day` or before."""

    def __init__(self, currency: str, into: str, day: date) -> None:
        self.currency, self.into, self.day = currency, into, day
        words = {"currency": currency, "into": into, "day": formats.date_format(day, "j M Y")}
        super().__init__(
            _("There is no rate from %(currency)s into %(into)s for %(day)s or before.") % words
        )


class WrongLines(NotPossible):
    """A file with mistakes: nothing of it was kept. `problems` by line, as the file counts them."""

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        self.problems = list(problems)
        super().__init__(_("Nothing was imported. Mend these lines and try again."))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One unit of `currency` is worth `rate` units of `into` from `day` on."""

    day: date
    currency: str
    into: str
    rate: Decimal
    source: str = ""

    @property
    def place(self) -> tuple[date, str, str]:
        """What only one rate can have."""
        return self.day, self.currency, self.into


@dataclass(frozen=True, slots=True)
class Reported:
    """A total in the team's reporting currency, and the rates that it was made with."""

    currency: str
    amount: Decimal
    rates: list[ExchangeRate]


def enter_rate(*, team: Team, wanted: Rate, actor: User, now: datetime) -> None:
    """Keep one rate. Raises NotPossible, also for a day that has one: that is corrected."""
    if problem := _problem(wanted, team_day(team, now)):
        raise NotPossible(problem)
    _keep(team, [wanted], actor, now)


def correct_rate(
    *, rate: ExchangeRate, value: Decimal, reason: str, actor: User, now: datetime
) -> None:
    """Have `value` count instead of a day's rate, which stays to be seen. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    if value == rate.rate:
        raise NotPossible(_("That is the rate already."))
    right = Rate(day=rate.day, currency=rate.currency, into=rate.into, rate=value)
    if problem := _problem(right, team_day(rate.team, now)):
        raise NotPossible(problem)
    try:
        with transaction.atomic():
            corrected = ExchangeRate.objects.create(
                team=rate.team,
                currency=rate.currency,
                into=rate.into,
                day=rate.day,
                rate=value,
                revision=rate.revision + 1,
                reason=reason.strip()[:500],
                entered_at=now,
                entered_by=actor,
            )
            audit.record(
                team=rate.team,
                actor=actor,
                action=Action.RATE_CORRECTED,
                before={"rate": _words(rate)},
                after={"rate": _words(right)},
                reason=corrected.reason,
            )
    except IntegrityError as error:
        raise NotPossible(_("It was corrected meanwhile. Look at it as it is now.")) from error


def import_rates(*, team: Team, text: str, actor: User, now: datetime) -> int:
    """Keep a CSV file's rates, all or none; how many. Raises WrongLines, NotPossible.

    Its first line names the columns: day, currency, into, rate, and source if there is one.
    """
    today = team_day(team, now)
    rates: dict[tuple[date, str, str], Rate] = {}
    problems: list[tuple[int, str]] = []
    for number, line in _lines(text):
        try:
            rate = _read(line)
        except NotPossible as error:
            problems.append((number, str(error)))
            continue
        problem = _problem(rate, today)
        if rate.place in rates:
            problem = problem or _("The file has this day twice.")
        if problem:
            problems.append((number, problem))
        rates[rate.place] = rate
    known = _known(team, list(rates.values()))
    if problems or known:
        raise WrongLines([*problems, *known])
    if not rates:
        raise NotPossible(_("The file has no rates."))
    _keep(team, list(rates.values()), actor, now)
    return len(rates)


def latest_rate(team: Team, currency: str, into: str, day: date) -> ExchangeRate | None:
    """The rate that counts on `day`: the newest of that day or before."""
    rates = ExchangeRate.objects.filter(team=team, currency=currency, into=into, day__lte=day)
    return rates.order_by("-day", "-revision").first()


def convert(team: Team, amounts: dict[str, Decimal], *, day: date) -> Reported:
    """One total of amounts by currency, at the rates of `day`. Raises MissingRate."""
    into, total, used = team.reporting_currency, Decimal(0), []
    for currency, amount in sorted(amounts.items()):
        if currency == into:
            total += amount
            continue
        rate = latest_rate(team, currency, into, day)
        if rate is None:
            raise MissingRate(currency, into, day)
        total += amount * rate.rate
        used.append(rate)
    return Reported(into, total.quantize(CENT, ROUND_HALF_UP), used)


def convert_days(team: Team, amounts: Mapping[tuple[date, str], Decimal]) -> Reported:
    """One total of amounts by day and currency, each at the rate that counts on its day.

    In one query, and nothing is pinned: one that is entered or corrected later for a day before
    counts from then on. Raises MissingRate for the first day without one.
    """
    into, total = team.reporting_currency, Decimal(0)
    known = _rates_into(team, {currency for _, currency in amounts} - {into})
    used: dict[int, ExchangeRate] = {}
    for (day, currency), amount in sorted(amounts.items()):
        if currency == into:
            total += amount
            continue
        rates = known.get(currency, [])
        place = bisect_right(rates, day, key=lambda rate: rate.day)
        if not place:
            raise MissingRate(currency, into, day)
        total += amount * rates[place - 1].rate
        used[rates[place - 1].pk] = rates[place - 1]
    shown = sorted(used.values(), key=lambda rate: (rate.currency, rate.day))
    return Reported(into, total.quantize(CENT, ROUND_HALF_UP), shown)


def _rates_into(team: Team, currencies: set[str]) -> dict[str, list[ExchangeRate]]:
    """By currency, the oldest first."""
    found: dict[str, list[ExchangeRate]] = {}
    rates = ExchangeRate.objects.filter(
        team=team, currency__in=currencies, into=team.reporting_currency
    )
    for rate in rates.order_by("day", "revision"):
        found.setdefault(rate.currency, []).append(rate)
    return found


def report_spend(*, team: Team, lines: QuerySet[Transfer], now: datetime) -> Reported:
    """What the rentals among `lines` cost in the reporting currency: charges less refunds.

    Lines that are reported for the first time are pinned to the rate of their day. Raises
    MissingRate, and then nothing was pinned.
    """
    with transaction.atomic():
        _pin(team, lines, now)
        missing = _without_rate(team, lines)
        if missing is not None:
            raise MissingRate(missing[0], team.reporting_currency, missing[1])
        amount, used = _sum(team, lines)
    rates = ExchangeRate.objects.filter(pk__in=used).order_by("currency", "day")
    return Reported(team.reporting_currency, amount.quantize(CENT, ROUND_HALF_UP), list(rates))


_SPENT: Final = """
    FROM ledger_transfer t
    JOIN ledger_account debited ON debited.id = t.debit_id
    JOIN ledger_account credited ON credited.id = t.credit_id
    LEFT JOIN ledger_pinnedrate pinned ON pinned.transfer_id = t.id AND pinned.into = %(into)s
    LEFT JOIN ledger_exchangerate first ON first.id = pinned.rate_id
    LEFT JOIN (
        SELECT DISTINCT ON (currency, day) id, currency, day, rate FROM ledger_exchangerate
        WHERE team_id = %(team)s AND "into" = %(into)s ORDER BY currency, day, revision DESC
    ) rate ON rate.currency = first.currency AND rate.day = first.day
    WHERE t.id IN ({lines}) AND t.phase IN ('posted', 'post')
        AND 'spend' IN (debited.kind, credited.kind)
"""
_PIN: Final = """
    INSERT INTO ledger_pinnedrate (transfer_id, "into", rate_id, pinned_at)
    SELECT t.id, %(into)s, newest.id, %(now)s
    FROM ledger_transfer t
    JOIN ledger_account debited ON debited.id = t.debit_id
    JOIN ledger_account credited ON credited.id = t.credit_id
    JOIN LATERAL (
        SELECT id FROM ledger_exchangerate r
        WHERE r.team_id = %(team)s AND r.currency = t.currency AND r."into" = %(into)s
            AND r.day <= t.day
        ORDER BY r.day DESC, r.revision DESC LIMIT 1
    ) newest ON true
    WHERE t.id IN ({lines}) AND t.phase IN ('posted', 'post') AND t.currency <> %(into)s
        AND 'spend' IN (debited.kind, credited.kind)
    ON CONFLICT DO NOTHING
"""


def _pin(team: Team, lines: QuerySet[Transfer], now: datetime) -> None:
    _run(_PIN, team, lines, now=now)


def _without_rate(team: Team, lines: QuerySet[Transfer]) -> tuple[str, date] | None:
    query = f"""
        SELECT t.currency, t.day {_SPENT} AND t.currency <> %(into)s AND pinned.id IS NULL
        ORDER BY t.day LIMIT 1
    """
    found = _run(query, team, lines)
    return (found[0][0], found[0][1]) if found else None


def _sum(team: Team, lines: QuerySet[Transfer]) -> tuple[Decimal, list[int]]:
    query = f"""
        SELECT coalesce(sum(
                CASE WHEN debited.kind = 'spend' THEN t.amount ELSE -t.amount END
                * coalesce(rate.rate, 1)), 0),
            array_agg(DISTINCT rate.id) FILTER (WHERE rate.id IS NOT NULL)
        {_SPENT}
    """
    [(amount, used)] = _run(query, team, lines)
    return amount, used or []


def _run(query: str, team: Team, lines: QuerySet[Transfer], **more: Any) -> list[Any]:
    inner, values = lines.order_by().values("pk").query.sql_with_params()
    named = {f"line{number}": value for number, value in enumerate(values)}
    inner = inner % tuple(f"%({name})s" for name in named)
    with connection.cursor() as cursor:
        given = {"into": team.reporting_currency, "team": team.pk, **named, **more}
        cursor.execute(query.format(lines=inner), given)
        return cursor.fetchall() if cursor.description else []


def _keep(team: Team, rates: Sequence[Rate], actor: User, now: datetime) -> None:
    rows = [
        ExchangeRate(
            team=team,
            currency=rate.currency,
            into=rate.into,
            day=rate.day,
            rate=rate.rate,
            source=rate.source,
            entered_at=now,
            entered_by=actor,
        )
        for rate in rates
    ]
    try:
        with transaction.atomic():
            ExchangeRate.objects.bulk_create(rows)
            audit.record(
                team=team,
                actor=actor,
                action=Action.RATES_ENTERED,
                after={"count": len(rates), "rates": [_words(rate) for rate in rates[:20]]},
            )
    except IntegrityError as error:
        raise NotPossible(_taken()) from error


def _words(rate: Rate | ExchangeRate) -> str:
    return f"{rate.day}: 1 {rate.currency} = {rate.rate:f} {rate.into}"


def _taken() -> str:
    return _("This day has a rate already. If it is wrong, correct it in the list.")


def _problem(rate: Rate, today: date) -> str:
    """What is wrong with a rate, in a person's words; "" where nothing is."""
    for currency in (rate.currency, rate.into):
        if currency not in CURRENCIES:
            return _("%(code)s is no currency.") % {"code": currency[:20]}
    if rate.currency == rate.into:
        return _("A rate is between two currencies.")
    if not rate.rate.is_finite() or not SMALLEST <= rate.rate < LARGEST:
        return _("The rate must be a number above 0.")
    if rate.rate != round(rate.rate, 12):
        return _("The rate has more than 12 decimals.")
    if not EARLIEST <= rate.day <= today:
        return _("The day must be today or in the past.")
    return ""


def _lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line of a CSV file with its number. Raises NotPossible for what is none."""
    sample = text.removeprefix("\ufeff")
    separator = ";" if ";" in sample.partition("\n")[0] else ","
    reader = csv.reader(io.StringIO(sample), delimiter=separator)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        if not set(COLUMNS) <= set(head):
            raise NotPossible(
                _("The first line must name the columns: %(columns)s.")
                % {"columns": ", ".join(COLUMNS)}
            )
        for count, cells in enumerate(reader):
            if count >= MOST_LINES:
                raise NotPossible(_("The file has too many lines. Divide it."))
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(head, cells, strict=False))
    except csv.Error as error:
        raise NotPossible(_("This is not a CSV file that can be read.")) from error


def _read(line: dict[str, str]) -> Rate:
    cells = {name: line.get(name, "").strip() for name in (*COLUMNS, "source")}
    try:
        day = date.fromisoformat(cells["day"])
    except ValueError as error:
        raise NotPossible(_("The day must be written like 2026-03-31.")) from error
    try:
        rate = Decimal(cells["rate"])
    except InvalidOperation as error:
        raise NotPossible(_("The rate must be a number above 0.")) from error
    if "\0" in cells["source"] or len(cells["source"]) > 200:
        raise NotPossible(_("The source is too long or can’t be read."))
    return Rate(
        day=day,
        currency=cells["currency"].upper(),
        into=cells["into"].upper(),
        rate=rate,
        source=cells["source"],
    )


def _known(team: Team, rates: Sequence[Rate]) -> list[tuple[int, str]]:
    """Line 0: days that have a rate already."""
    held = set(
        ExchangeRate.objects.filter(team=team, day__in={rate.day for rate in rates}).values_list(
            "day", "currency", "into"
        )
    )
    taken = [rate for rate in rates if rate.place in held]
    return [(0, f"{rate.day}, {rate.currency}: {_taken()}") for rate in taken]
