"""Rates: entered once a day, imported whole or not at all, and pinned to what they reported."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from accounts.models import AuditEvent, ProviderAccount, User
from accounts.states import Role
from ledger.models import ExchangeRate, PinnedRate, Transfer
from ledger.operations.errors import NotPossible
from ledger.operations.rates import (
    MissingRate,
    Rate,
    WrongLines,
    convert,
    convert_days,
    correct_rate,
    enter_rate,
    import_rates,
    report_spend,
)
from ledger.queries.rates import latest_rates
from ledger.states import TransferKind
from tests.factories import make_member
from tests.ledger.pages.making import make_transfer, make_wallet

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 10, tzinfo=UTC)
HEAD = "day,currency,into,rate,source\n"


@pytest.fixture
def wallet() -> ProviderAccount:
    return make_wallet("smsvilla", balance="1000", at=datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def actor(wallet: ProviderAccount) -> User:
    return make_member(wallet.team, Role.FINANCE).user


def rate(day: date, value: str = "0.0006", currency: str = "NGN", into: str = "USD") -> Rate:
    return Rate(day=day, currency=currency, into=into, rate=Decimal(value))


def test_a_rate_is_kept_with_who_entered_it(wallet: ProviderAccount, actor: User) -> None:
    enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 1)), actor=actor, now=NOW)
    kept = ExchangeRate.objects.get()
    assert (kept.rate, kept.entered_by) == (Decimal("0.0006"), actor)
    assert AuditEvent.objects.get(action="rates.entered").actor == actor


@pytest.mark.parametrize(
    "wrong",
    [
        rate(date(2026, 3, 1), "0"),
        rate(date(2026, 3, 1), "-1"),
        rate(date(2026, 3, 1), "1e999"),
        rate(date(2026, 3, 1), "NaN"),
        rate(date(2026, 3, 1), "Infinity"),
        rate(date(2026, 3, 1), "1e13"),
        rate(date(2026, 3, 1), "0.0000000000001"),
        rate(date(2026, 3, 1), "1.0000000000001"),
        rate(date(2026, 5, 11)),
        rate(date(1999, 1, 1)),
        rate(date(2026, 3, 1), currency="USD"),
        rate(date(2026, 3, 1), currency="XXX"),
        rate(date(2026, 3, 1), into="\0"),
    ],
)
def test_a_wrong_rate_is_refused(wallet: ProviderAccount, actor: User, wrong: Rate) -> None:
    with pytest.raises(NotPossible):
        enter_rate(team=wallet.team, wanted=wrong, actor=actor, now=NOW)
    assert not ExchangeRate.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_day_has_one_rate_for_good(wallet: ProviderAccount, actor: User) -> None:
    enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 1)), actor=actor, now=NOW)
    with pytest.raises(NotPossible, match="has a rate already"):
        enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 1), "0.0007"), actor=actor, now=NOW)
    assert ExchangeRate.objects.get().rate == Decimal("0.0006")


def corrects(
    wallet: ProviderAccount, actor: User, value: str, reason: str = "A slip of the hand"
) -> None:
    newest = ExchangeRate.objects.filter(team=wallet.team).order_by("day", "revision").last()
    assert newest is not None
    correct_rate(rate=newest, value=Decimal(value), reason=reason, actor=actor, now=NOW)


def test_a_wrong_rate_is_corrected_beside_it_wherever_it_counts(
    wallet: ProviderAccount, actor: User
) -> None:
    """Also for lines that were reported with the wrong one; on that day, and until a newer one."""
    day = date(2026, 4, 2)
    make_transfer(wallet, amount="1000", at=datetime(2026, 4, 2, 12, tzinfo=UTC))
    enter_rate(team=wallet.team, wanted=rate(day, "1600"), actor=actor, now=NOW)
    lines = Transfer.objects.filter(wallet=wallet)
    assert report_spend(team=wallet.team, lines=lines, now=NOW).amount == Decimal(1_600_000)
    corrects(wallet, actor, "0.0005")
    corrects(wallet, actor, "0.0006")
    assert report_spend(team=wallet.team, lines=lines, now=NOW).amount == Decimal("0.60")
    amounts = {"NGN": Decimal(1000)}
    assert convert(wallet.team, amounts, day=date(2026, 5, 9)).amount == Decimal("0.60")
    by_day = {(date(2026, 5, 9), "NGN"): Decimal(1000)}
    assert convert_days(wallet.team, by_day).amount == Decimal("0.60")
    assert latest_rates(wallet.team, ["NGN"], NOW.date())["NGN"].rate == Decimal("0.0006")
    assert ExchangeRate.objects.count() == 3
    assert PinnedRate.objects.get().rate.rate == 1600
    event = AuditEvent.objects.filter(action="rate.corrected").latest("pk")
    assert event.actor == actor
    assert event.reason == "A slip of the hand"
    assert event.before == {"rate": "2026-04-02: 1 NGN = 0.000500000000 USD"}
    assert event.after == {"rate": "2026-04-02: 1 NGN = 0.0006 USD"}


@pytest.mark.parametrize(
    ("value", "reason"), [("0", "Why"), ("-1", "Why"), ("1600", "Why"), ("NaN", "Why"), ("2", " ")]
)
def test_a_correction_that_is_none_is_refused(
    wallet: ProviderAccount, actor: User, value: str, reason: str
) -> None:
    enter_rate(team=wallet.team, wanted=rate(date(2026, 4, 2), "1600"), actor=actor, now=NOW)
    with pytest.raises(NotPossible):
        corrects(wallet, actor, value, reason)
    assert ExchangeRate.objects.get().rate == 1600


def test_who_corrects_what_is_corrected_is_told(wallet: ProviderAccount, actor: User) -> None:
    enter_rate(team=wallet.team, wanted=rate(date(2026, 4, 2), "1600"), actor=actor, now=NOW)
    seen = ExchangeRate.objects.get()
    corrects(wallet, actor, "0.0006")
    with pytest.raises(NotPossible, match="corrected meanwhile"):
        correct_rate(rate=seen, value=Decimal(7), reason="Late", actor=actor, now=NOW)
    assert ExchangeRate.objects.count() == 2
    assert AuditEvent.objects.filter(action="rate.corrected").count() == 1


def test_a_file_is_imported_whole(wallet: ProviderAccount, actor: User) -> None:
    text = f"\ufeff{HEAD}2026-03-01,ngn,USD,0.0006,Central bank\n\n2026-03-02,NGN,USD,0.00061,\n"
    assert import_rates(team=wallet.team, text=text, actor=actor, now=NOW) == 2
    assert ExchangeRate.objects.get(day=date(2026, 3, 1)).source == "Central bank"


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("2026-03-01,NGN,USD,0.0006,\nyesterday,NGN,USD,0.0006,\n", 3),
        ("2026-03-01,NGN,USD,1e999,\n", 2),
        ("2026-03-01,NGN,USD,abc,\n", 2),
        ("2026-03-01,NGN,USD,-1,\n", 2),
        ("2026-03-01,NGN,USD\n", 2),
        ("2026-03-01,NGN,USD,1,a\0b\n", 2),
        ("2026-03-01,NGN,USD,1,\n2026-03-01,NGN,USD,2,\n", 3),
        ("2026-03-01,=1+1,USD,1,\n", 2),
    ],
)
def test_one_wrong_line_keeps_all_of_it_out(
    wallet: ProviderAccount, actor: User, lines: str, number: int
) -> None:
    with pytest.raises(WrongLines) as caught:
        import_rates(team=wallet.team, text=HEAD + lines, actor=actor, now=NOW)
    assert [line for line, _ in caught.value.problems] == [number]
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize("text", ["", "\0", "a,b\n1,2\n", HEAD, '"' * 99])
def test_a_file_that_is_none_is_refused(wallet: ProviderAccount, actor: User, text: str) -> None:
    with pytest.raises(NotPossible):
        import_rates(team=wallet.team, text=text, actor=actor, now=NOW)
    assert not ExchangeRate.objects.exists()


def test_a_file_never_replaces_a_rate(wallet: ProviderAccount, actor: User) -> None:
    enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 1)), actor=actor, now=NOW)
    text = f"{HEAD}2026-03-02,NGN,USD,1,\n2026-03-01,NGN,USD,1,\n"
    with pytest.raises(WrongLines) as caught:
        import_rates(team=wallet.team, text=text, actor=actor, now=NOW)
    assert "2026-03-01" in str(caught.value.problems)
    assert ExchangeRate.objects.count() == 1


def test_a_total_takes_the_newest_rate_of_its_day(wallet: ProviderAccount, actor: User) -> None:
    for day, value in ((1, "0.0005"), (3, "0.0007")):
        enter_rate(team=wallet.team, wanted=rate(date(2026, 3, day), value), actor=actor, now=NOW)
    amounts = {"NGN": Decimal(1000), "USD": Decimal(2)}
    assert convert(wallet.team, amounts, day=date(2026, 3, 2)).amount == Decimal("2.50")
    assert convert(wallet.team, amounts, day=date(2026, 3, 3)).amount == Decimal("2.70")
    with pytest.raises(MissingRate, match="NGN into USD"):
        convert(wallet.team, amounts, day=date(2026, 2, 28))


def test_a_line_keeps_the_rate_it_was_first_reported_with(
    wallet: ProviderAccount, actor: User
) -> None:
    at = datetime(2026, 3, 10, tzinfo=UTC)
    make_transfer(wallet, amount="700", at=at)
    make_transfer(wallet, TransferKind.REFUND, "200", at=at)
    make_transfer(wallet, TransferKind.DEPOSIT, "5000", at=at)  # no spend
    lines = Transfer.objects.filter(wallet=wallet)
    with pytest.raises(MissingRate):
        report_spend(team=wallet.team, lines=lines, now=NOW)
    assert not PinnedRate.objects.exists()
    enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 1), "0.001"), actor=actor, now=NOW)
    assert report_spend(team=wallet.team, lines=lines, now=NOW).amount == Decimal("0.50")
    assert PinnedRate.objects.count() == 2
    enter_rate(team=wallet.team, wanted=rate(date(2026, 3, 9), "0.002"), actor=actor, now=NOW)
    again = report_spend(team=wallet.team, lines=lines, now=NOW)
    assert again.amount == Decimal("0.50")
    assert [each.day for each in again.rates] == [date(2026, 3, 1)]


def test_what_is_in_the_reporting_currency_needs_no_rate(actor: User) -> None:
    wallet = make_wallet("smsgig", at=datetime(2026, 3, 1, tzinfo=UTC))
    make_transfer(wallet, amount="0.45", at=datetime(2026, 3, 2, tzinfo=UTC))
    lines = Transfer.objects.filter(wallet=wallet)
    total = report_spend(team=wallet.team, lines=lines, now=NOW)
    assert (total.amount, total.rates) == (Decimal("0.45"), [])
    assert not PinnedRate.objects.exists()
