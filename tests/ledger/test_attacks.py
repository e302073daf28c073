"""Whoever writes SQL by hand is refused like anybody else, and nothing has changed afterwards."""

# ruff: noqa: S608 - the names are this file's
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date

import psycopg
import pytest
from django.db import Error, connection, transaction

from accounts.models import ProviderAccount
from ledger import book
from ledger.models import ClosedMonth
from ledger.states import AccountKind
from tests import databases
from tests.accounts.making import make_user
from tests.ledger.books import NOW, account_of, amounts, everything, opened, purchase
from tests.ledger.guards import NEW, Attack, World, copy
from tests.waiting import until

APPEND_ONLY = [
    "account",
    "closedmonth",
    "exchangerate",
    "pinnedrate",
    "rowversion",
    "snapshot",
    "statementrow",
    "transfer",
]
TABLES = [*APPEND_ONLY, "balance"]


@pytest.fixture
def world(db: None) -> World:
    made = World()
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # no check is left for later: TRUNCATE minds them
    return made


def execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def refused(words: str = "") -> Iterator[None]:
    """The block must fail, and leave everything as it was."""
    before = everything()
    with pytest.raises(Error, match=words), transaction.atomic():
        yield
        execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert everything() == before


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_{table}",
        "DELETE FROM ledger_{table} WHERE false",
        "TRUNCATE ledger_{table} CASCADE",
        "UPDATE ledger_{table} SET {column} = {column}",
        "UPDATE ledger_{table} SET {column} = {column} WHERE false",
    ],
)
def test_rows_are_neither_changed_nor_removed(world: World, table: str, statement: str) -> None:
    column = "account_id" if table == "balance" else "id"
    with refused("append-only|follow from the transfers"):
        execute(statement.format(table=table, column=column))


@pytest.mark.parametrize("table", TABLES)
def test_no_merge_goes_around_it(world: World, table: str) -> None:
    column = "account_id" if table == "balance" else "id"
    with refused("append-only|follow from the transfers"):
        execute(
            f"MERGE INTO ledger_{table} t USING ledger_{table} s ON t.{column} = s.{column} "
            "WHEN MATCHED THEN DELETE"
        )


def test_a_conflict_updates_nothing(world: World) -> None:
    with refused("append-only"):
        execute(
            copy(world, "ledger_transfer", key="posted").sql
            + " ON CONFLICT (key) DO UPDATE SET amount = 1"
        )


@pytest.mark.parametrize("column", ["debits_posted", "credits_posted", "debits_pending"])
def test_balances_are_not_written(world: World, column: str) -> None:
    with refused("follow from the transfers"):
        execute(f"UPDATE ledger_balance SET {column} = {column} + 1")


def test_balances_are_not_added(world: World) -> None:
    with refused("follow from the transfers"):
        execute(f"INSERT INTO ledger_balance VALUES ({NEW}, 0, 0, 0, 0)")


def wallet_of(world: World, other: bool = False) -> int:
    return world.account(AccountKind.WALLET, world.other if other else world.wallet)


UNBALANCED: dict[str, Callable[[World], dict[str, object]]] = {
    "nothing": lambda w: {"amount": 0},
    "less than nothing": lambda w: {"amount": -5},
    "no number": lambda w: {"amount": "NaN"},
    "from itself": lambda w: {"debit_id": wallet_of(w)},
    "to nobody": lambda w: {"debit_id": NEW},
    "to another wallet": lambda w: {"debit_id": wallet_of(w, other=True)},
    "from another wallet": lambda w: {"credit_id": wallet_of(w, other=True)},
    "between two others": lambda w: {
        "debit_id": w.account(AccountKind.SPEND, w.other),
        "credit_id": wallet_of(w, other=True),
    },
    "as another wallet's": lambda w: {"wallet_id": w.other.pk},
    "in another currency": lambda w: {"currency": "NGN"},
    "without a debit": lambda w: {"debit_id": None},
    "under a key of before": lambda w: {"key": "posted"},
    "in a closed month": lambda w: {"booked_on": "2026-01-15"},
    "settling nothing": lambda w: {"phase": "post"},
    "in a phase of its own": lambda w: {"phase": "done"},
}


@pytest.mark.parametrize("name", UNBALANCED)
def test_no_transfer_unbalances_the_book(world: World, name: str) -> None:
    with refused():
        execute(copy(world, "ledger_transfer", **UNBALANCED[name](world)).sql)


RESOLVING: dict[str, Callable[[World], dict[str, object]]] = {
    "more than was held": lambda w: {"phase": "post", "amount": "3.0001"},
    "a void of less": lambda w: {"phase": "void", "amount": 2},
    "a void of more": lambda w: {"phase": "void", "amount": 4},
    "other accounts": lambda w: {"debit_id": w.account(AccountKind.OUTSIDE)},
    "the other way round": lambda w: {
        "debit_id": wallet_of(w),
        "credit_id": w.account(AccountKind.SPEND),
    },
    "in another wallet": lambda w: {
        "wallet_id": w.other.pk,
        "currency": "NGN",
        "debit_id": w.account(AccountKind.SPEND, w.other),
        "credit_id": wallet_of(w, other=True),
    },
    "what is posted": lambda w: {"resolves_id": w.posted, "amount": 2},
    "what is not there": lambda w: {"resolves_id": NEW + 7},
    "as one that resolves nothing": lambda w: {"phase": "posted"},
    "itself": lambda w: {"resolves_id": NEW},
}


def void(world: World, **changes: object) -> Attack:
    given: dict[str, object] = {"phase": "void", "amount": 3, "resolves_id": world.held}
    return copy(world, "ledger_transfer", **given | changes)


@pytest.mark.parametrize("name", RESOLVING)
def test_a_hold_is_resolved_as_it_is(world: World, name: str) -> None:
    with refused():
        execute(void(world, **RESOLVING[name](world)).sql)


@pytest.mark.parametrize("first", ["post", "void"])
@pytest.mark.parametrize("then", ["post", "void"])
def test_a_hold_is_resolved_once(world: World, first: str, then: str) -> None:
    execute(void(world, phase=first).sql)
    with refused("resolves_id"):
        execute(void(world, id=NEW + 1, key="again", phase=then).sql)


def test_what_resolved_a_hold_is_no_hold(world: World) -> None:
    execute(void(world).sql)
    with refused("can not resolve"):
        execute(void(world, id=NEW + 1, key="again", resolves_id=NEW).sql)


def test_a_row_is_matched_once_at_a_time(world: World) -> None:
    with refused("row_matched_once"):
        execute(copy(world, "ledger_match", undone_at=None).sql)


def test_a_row_has_one_open_exception(world: World) -> None:
    with refused("one_open_exception_a_row"):
        execute(copy(world, "ledger_reconciliationexception", row_id=world.row.pk).sql)


@pytest.mark.parametrize("table", TABLES)
def test_no_session_skips_the_triggers(world: World, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(tgname) FROM pg_trigger WHERE NOT tgisinternal")
        (names,) = cursor.fetchone()
    with refused("append-only|follow from the transfers"):
        execute(
            f"SET LOCAL pgtrigger.ignore = '{{{','.join(names)}}}'", f"DELETE FROM ledger_{table}"
        )


def test_tables_of_the_same_name_hide_nothing(world: World) -> None:
    """A temporary table comes first where a name is looked up without its schema."""
    hidden = ["balance", "closedmonth", "transfer"]
    try:
        execute(*[f"CREATE TEMP TABLE ledger_{name} (LIKE ledger_{name})" for name in hidden])
        insert = copy(world, "ledger_transfer", booked_on="2026-01-15").sql
        with pytest.raises(Error, match="month is closed"), transaction.atomic():
            execute(insert.replace("ledger_transfer", "public.ledger_transfer"))
        resolving = void(world, amount=4, phase="post").sql
        with pytest.raises(Error, match="can not resolve"), transaction.atomic():
            execute(resolving.replace("ledger_transfer", "public.ledger_transfer"))
        insert = copy(world, "ledger_transfer").sql
        execute(insert.replace("ledger_transfer", "public.ledger_transfer"))
    finally:
        execute(*[f"DROP TABLE IF EXISTS pg_temp.ledger_{name}" for name in hidden])
    assert amounts(world.wallet) == (50 - 2 - 2, 3)


def close_march(wallet: ProviderAccount) -> None:
    ClosedMonth.objects.create(
        wallet=wallet, month=date(2026, 3, 1), closed_at=NOW, closed_by=make_user(), totals={}
    )


def march(wallet: ProviderAccount) -> str:
    """A transfer in March, by hand."""
    spend, own = (account_of(wallet, kind).pk for kind in (AccountKind.SPEND, AccountKind.WALLET))
    return f"""
        INSERT INTO ledger_transfer (key, request_hash, wallet_id, currency, debit_id, credit_id,
            amount, kind, phase, reference, external_id, service, occurred_at, booked_on, day,
            reason, flagged)
        VALUES ('late', '', {wallet.pk}, 'USD', {spend}, {own}, 1, 'purchase', 'posted', '', '', '',
            now(), '2026-03-31', '2026-03-31', '', false)
    """


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


class TestClosing:
    """A month is being closed while somebody books in it: one of the two comes first."""

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("level", ["READ_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE"])
    def test_who_comes_later_is_refused(self, level: str) -> None:
        wallet = opened("50")
        with psycopg.connect(databases.url()) as late, ThreadPoolExecutor(1) as thread:
            late.isolation_level = psycopg.IsolationLevel[level]
            late.execute("SELECT count(*) FROM ledger_closedmonth")  # its view of the months
            with transaction.atomic():
                close_march(wallet)
                booked = thread.submit(late.execute, march(wallet).encode())
                until(somebody_waits, "one waits for the other")
            with pytest.raises(psycopg.Error):
                booked.result(20)
        assert amounts(wallet) == (50, 0)

    @pytest.mark.django_db(transaction=True)
    def test_closing_waits_for_who_came_first(self) -> None:
        wallet = opened("50")

        def close() -> None:
            try:
                close_march(wallet)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as thread:
            with transaction.atomic():
                book.post(purchase(wallet, "first", "1"))
                closing = thread.submit(close)
                until(somebody_waits, "one waits for the other")
                assert not closing.done()
            closing.result(20)
        assert amounts(wallet) == (49, 0)
        with refused("month is closed"):
            execute(march(wallet))
