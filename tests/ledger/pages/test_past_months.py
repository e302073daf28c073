"""Months that are over are added up once; what is kept of them is proved by the balances."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ProviderAccount
from ledger.queries import past
from ledger.queries.months import months
from ledger.queries.statement import Wanted, all_lines, statement
from ledger.states import TransferKind
from tests.factories import make_provider_account, make_team
from tests.ledger.pages.making import make_transfer, make_wallet

pytestmark = pytest.mark.django_db
NOW = timezone.now()
YESTERDAY = NOW.date() - timedelta(days=1)
LONG_AGO = NOW - timedelta(days=100)


@pytest.fixture
def wallet() -> ProviderAccount:
    cache.clear()
    found = make_wallet(account=make_provider_account(make_team()), at=LONG_AGO)
    for days in (90, 60, 30, 0):
        make_transfer(found, amount="1.50", at=NOW - timedelta(days=days))
    return found


def closings(wallet: ProviderAccount, *, anew: bool = False) -> list[Decimal]:
    return [each.closing for each in months(wallet, now=NOW, anew=anew)]


def lines_read(wallet: ProviderAccount) -> int:
    """How often the months' sums read the book."""
    with CaptureQueriesContext(connection) as queries:
        months(wallet, now=NOW)
    return sum("WITH moved" in each["sql"] for each in queries)


def test_what_is_kept_says_the_same_as_the_book(wallet: ProviderAccount) -> None:
    first, again = closings(wallet), closings(wallet)
    assert first == again == closings(wallet, anew=True)
    assert first[-1] == 94
    with CaptureQueriesContext(connection) as queries:
        closings(wallet)
    (read,) = [each["sql"] for each in queries if "WITH moved" in each["sql"]]
    assert f"booked_on >= '{YESTERDAY}'" in read  # and nothing before it


def test_a_booking_of_today_is_seen_at_once(wallet: ProviderAccount) -> None:
    closings(wallet)
    make_transfer(wallet, TransferKind.DEPOSIT, "10", at=NOW)
    assert closings(wallet)[-1] == 104
    assert lines_read(wallet) == 1


def test_a_booking_on_a_day_that_is_over_is_seen_at_once(wallet: ProviderAccount) -> None:
    before = closings(wallet)
    make_transfer(wallet, TransferKind.DEPOSIT, "10", at=NOW - timedelta(days=90))
    after = closings(wallet)
    assert after[-1] == before[-1] + 10
    assert after == closings(wallet, anew=True)
    assert lines_read(wallet) == 1  # what was added up again is kept


def test_what_is_kept_goes_on_from_day_to_day(wallet: ProviderAccount) -> None:
    closings(wallet)
    later = NOW + timedelta(days=3)
    make_transfer(wallet, TransferKind.DEPOSIT, "10", at=NOW + timedelta(days=1))
    make_transfer(wallet, TransferKind.DEPOSIT, "20", at=later)
    for _ in range(2):  # first what was kept is carried on, then it is read
        with CaptureQueriesContext(connection) as queries:
            found = months(wallet, now=later)
        assert found[-1].closing == 124
    (read,) = [each["sql"] for each in queries if "WITH moved" in each["sql"]]
    assert f"booked_on >= '{YESTERDAY + timedelta(days=3)}'" in read
    assert [each.closing for each in months(wallet, now=later, anew=True)] == [
        each.closing for each in found
    ]
    assert [each.movements for each in months(wallet, now=later, anew=True)] == [
        each.movements for each in found
    ]


def test_what_is_kept_wrongly_is_never_shown(wallet: ProviderAccount) -> None:
    right = closings(wallet)
    key = past.Wanted(wallet.pk, LONG_AGO.date().replace(day=1), {}).key
    until, rows = cache.get(key)
    month, kind, account, amount = rows[0]
    cache.set(key, (until, [(month, kind, account, amount + 1), *rows[1:]]))
    assert closings(wallet) == right


def test_balances_beside_old_lines_are_those_of_the_whole_book(wallet: ProviderAccount) -> None:
    after = {line[0]: line[-1] for line in all_lines(wallet, Wanted())}
    until = (NOW - timedelta(days=60)).date()
    shown = statement(wallet, Wanted(until=until)).lines
    assert len(shown) == 3
    assert all(line.after == after[line.transfer.pk] for line in shown)
