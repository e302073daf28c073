"""Nothing of what PostgreSQL holds the ledger by can go without a test that fails.

Every CHECK, UNIQUE and FOREIGN KEY of the ledger's tables and every trigger is read from the
catalogue, and each must stand here with an attack: refused while the guard is there, done once it
is dropped. So a guard that is new must be declared, and one that is gone is missed.
"""

# ruff: noqa: S608 - the names are this file's and the catalogue's
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import Error, connection, transaction

from ledger.states import AccountKind
from tests.ledger.books import everything
from tests.ledger.guards import LATER, NEW, NOBODY, Attack, World, copy

pytestmark = pytest.mark.django_db

CATALOGUE = """
    SELECT c.conrelid::regclass::text, c.conname,
        format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.conrelid::regclass, c.conname)
    FROM pg_constraint c
    WHERE c.conrelid::regclass::text LIKE 'ledger\\_%' AND c.contype IN ('c', 'u', 'p')
    UNION ALL
    SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text,
        format('DROP INDEX %s', i.indexrelid::regclass)
    FROM pg_index i
    WHERE i.indrelid::regclass::text LIKE 'ledger\\_%' AND i.indisunique
        AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
    UNION ALL
    SELECT c.conrelid::regclass::text,
        CASE cardinality(c.conkey) WHEN 1 THEN c.conrelid::regclass::text || '.' || a.attname
            ELSE c.conname END,
        format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname)
    FROM pg_constraint c
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.conrelid::regclass::text LIKE 'ledger\\_%' AND c.contype = 'f'
    UNION ALL
    SELECT t.tgrelid::regclass::text,
        regexp_replace(t.tgname, '^pgtrigger_(.*)_[0-9a-f]{5}$', '\\1')
            || ' of ' || t.tgrelid::regclass,
        format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger t WHERE t.tgrelid::regclass::text LIKE 'ledger\\_%' AND NOT t.tgisinternal
"""

NO_BOOK = {"ledger_export"}  # files to fetch: no part of the book

REFERENCES = {  # foreign keys: a copy that points at nobody
    "ledger_account.wallet_id",
    "ledger_balance.account_id",
    "ledger_book.wallet_id",
    "ledger_closedmonth.closed_by_id",
    "ledger_closedmonth.wallet_id",
    "ledger_exchangerate.entered_by_id",
    "ledger_exchangerate.team_id",
    "ledger_finding.actor_id",
    "ledger_finding.wallet_id",
    "ledger_match.actor_id",
    "ledger_match.undone_by_id",
    "ledger_pinnedrate.rate_id",
    "ledger_pinnedrate.transfer_id",
    "ledger_reconciliation.asked_by_id",
    "ledger_reconciliation.wallet_id",
    "ledger_reconciliationexception.assigned_to_id",
    "ledger_reconciliationexception.resolved_by_id",
    "ledger_reconciliationexception.row_id",
    "ledger_reconciliationexception.wallet_id",
    "ledger_refund.closed_by_id",
    "ledger_refund.wallet_id",
    "ledger_rowversion.row_id",
    "ledger_snapshot.wallet_id",
    "ledger_statementrow.wallet_id",
    "ledger_transfer.actor_id",
}
APPEND_ONLY = {
    "ledger_account": "kind",
    "ledger_closedmonth": "note",
    "ledger_exchangerate": "source",
    "ledger_pinnedrate": "pinned_at",
    "ledger_rowversion": "description",
    "ledger_snapshot": "explained",
    "ledger_statementrow": "description",
    "ledger_transfer": "amount",
}
FOLD = "fold_transfers of ledger_transfer"
CHECK = "check_resolution of ledger_transfer"
NEGATIVE = "balance_holds_not_negative"
COUNTS = ["pages", "rows_total", "rows_read", "rows_new", "matched", "opened"]

type MakeAttack = Callable[[World], Attack]


def copied(table: str, *lifted: str, **changes: object) -> MakeAttack:
    return lambda world: copy(world, table, *lifted, **changes)


def resolving(world: World, *lifted: str, **changes: object) -> Attack:
    """Void the world's hold, but with something wrong."""
    given: dict[str, object] = {"phase": "void", "amount": 3, "resolves_id": world.held}
    return copy(world, "ledger_transfer", *lifted, **given | changes)


def editing(table: str, column: str) -> MakeAttack:
    return lambda _: Attack(f"UPDATE {table} SET {column} = {column}")


def unless(condition: str, sql: str) -> Attack:
    """An attack on what a trigger does: refused where `condition` holds after it."""
    return Attack(
        f"DO $$ BEGIN {sql}; IF {condition} THEN RAISE 'the trigger did its work'; END IF; END $$"
    )


def booked_on_the_side(world: World) -> Attack:
    mine = f"(SELECT credits_posted FROM ledger_balance WHERE account_id = {_wallet(world)})"
    return unless(f"{mine} <> 2", copy(world, "ledger_transfer").sql)


def closed_without_waiting(world: World) -> Attack:
    now = f"(SELECT ctid FROM ledger_balance WHERE account_id = {_wallet(world)})"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now}")
        (before,) = cursor.fetchone()
    return unless(f"{now} <> '{before}'::tid", copy(world, "ledger_closedmonth").sql)


def unmarked(sql: str) -> Attack:
    """A change of what a rental costs that leaves no mark for the spend."""
    return unless(
        "EXISTS (SELECT FROM ledger_spendchange WHERE reference = 'rental:1')",
        f"DELETE FROM ledger_spendchange; {sql}",
    )


def uncounted(sql: str) -> Attack:
    """A change of what refunds come to that is in none of their sums."""
    return unless("EXISTS (SELECT FROM ledger_refundsum)", f"DELETE FROM ledger_refundsum; {sql}")


def _wallet(world: World) -> int:
    return world.account(AccountKind.WALLET)


GUARDS: dict[str, MakeAttack | list[MakeAttack]] = {
    "account_kind_once_a_wallet": lambda w: copy(w, "ledger_account", wallet_id=w.wallet.pk),
    # The target of a transfer's composite foreign keys: it repeats the primary key.
    "account_with_wallet_and_currency": lambda w: copy(
        w,
        "ledger_account",
        "ledger_account_pkey",
        "begin_balance of ledger_account",
        id=_wallet(w),
        wallet_id=w.wallet.pk,
        kind="another",
    ),
    "balance_holds_not_negative": copied("ledger_balance", debits_pending=-1),
    "ledger_balance_pkey": lambda w: copy(w, "ledger_balance", account_id=_wallet(w)),
    "ledger_book_pkey": lambda w: copy(w, "ledger_book", wallet_id=w.wallet.pk),
    "month_closed_once": copied("ledger_closedmonth", month="2026-01-01"),
    "month_is_its_first_day": copied("ledger_closedmonth", month="2026-02-02"),
    "rate_between_two_currencies": copied("ledger_exchangerate", into="NGN"),
    "rate_is_positive": copied("ledger_exchangerate", rate=0),
    "one_rate_a_day": copied("ledger_exchangerate", day="2026-03-17"),
    "charged_finding_names_the_amount": copied("ledger_finding", amount=-1),
    "one_open_finding_a_reference": copied("ledger_finding", reference="rental:1"),
    "row_matched_once": copied("ledger_match", undone_at=None),
    "one_rate_a_line": copied("ledger_pinnedrate", into="USD"),
    "one_reconciliation_at_a_time": copied("ledger_reconciliation", finished_at=None),
    "assigned_to_somebody": copied("ledger_reconciliationexception", state="assigned"),
    "resolved_at_some_time": [
        copied("ledger_reconciliationexception", state="resolved"),
        copied("ledger_reconciliationexception", resolved_at=LATER),
    ],
    "exception_reported_once": copied("ledger_reconciliationexception", key="row:1"),
    "one_open_exception_a_row": lambda w: copy(
        w, "ledger_reconciliationexception", row_id=w.row.pk
    ),
    "one_refund_claim_a_reference": copied("ledger_refund", reference="rental:1"),
    "refund_expects_no_more_than_was_charged": [
        copied("ledger_refund", expected_max=3),
        copied("ledger_refund", expected_min=3),
        copied("ledger_refund", expected_min=-1),
    ],
    "drift_is_the_difference": copied("ledger_snapshot", drift=-1),
    "row_once_a_wallet": copied("ledger_statementrow", provider_id="1"),
    "transfer_booked_once": copied("ledger_transfer", key="posted"),
    "transfer_moves_money": [
        copied("ledger_transfer", amount=0),
        copied("ledger_transfer", amount=-1),
        copied("ledger_transfer", amount="NaN"),
    ],
    "transfer_between_two_accounts": lambda w: copy(w, "ledger_transfer", debit_id=_wallet(w)),
    "transfer_resolves_where_it_says": [
        copied("ledger_transfer", FOLD, phase="void"),
        lambda w: resolving(w, phase="posted"),
        copied("ledger_transfer", FOLD, phase="another"),
    ],
    "transfer_debit_in_wallet_and_currency": [
        lambda w: copy(w, "ledger_transfer", debit_id=w.account(AccountKind.SPEND, w.other)),
    ],
    "transfer_credit_in_wallet_and_currency": [
        lambda w: copy(w, "ledger_transfer", credit_id=w.account(AccountKind.WALLET, w.other)),
    ],
    "ledger_transfer.resolves_id": copied(
        "ledger_transfer",
        "check_resolution of ledger_transfer",
        FOLD,
        phase="void",
        resolves_id=NOBODY,
    ),
    "ledger_transfer_resolves_id_key": lambda w: Attack(
        f"{resolving(w).sql}; {resolving(w, id=NEW + 1, key='again').sql}",
        (FOLD,),
    ),
    "begin_balance of ledger_account": lambda w: unless(
        f"EXISTS (SELECT FROM ledger_balance WHERE account_id = {NEW})",
        copy(w, "ledger_account").sql,
    ),
    "only_by_transfers of ledger_balance": lambda w: Attack(
        "UPDATE ledger_balance SET debits_posted = debits_posted + 1"
    ),
    "wait_for_bookings of ledger_closedmonth": closed_without_waiting,
    CHECK: [
        lambda w: resolving(w, phase="post", amount=4),
        lambda w: resolving(w, phase="void", amount=2),
        lambda w: resolving(w, NEGATIVE, debit_id=w.account(AccountKind.OUTSIDE)),
        lambda w: resolving(w, NEGATIVE, credit_id=w.account(AccountKind.FUNDING)),
        lambda w: resolving(w, amount=2, resolves_id=w.posted),
    ],
    FOLD: [
        booked_on_the_side,
        copied("ledger_transfer", booked_on="2026-01-31"),
    ],
    "mark_spend of ledger_transfer": lambda w: unmarked(
        copy(w, "ledger_transfer", reference="rental:1").sql
    ),
    "mark_spend of ledger_refund": lambda w: unmarked("UPDATE ledger_refund SET received = 1"),
    "count_new of ledger_refund": lambda w: uncounted(
        copy(w, "ledger_refund", wallet_id=w.other.pk, reference="rental:1").sql
    ),
    "count_changed of ledger_refund": lambda w: uncounted("UPDATE ledger_refund SET received = 1"),
    "count_gone of ledger_refund": lambda w: uncounted("DELETE FROM ledger_refund"),
    "mark_spend_new of ledger_refund": lambda w: unmarked(
        copy(w, "ledger_refund", wallet_id=w.other.pk, reference="rental:1", received=1).sql
    ),
}
GUARDS |= {name: copied(name.split(".")[0], **{name.split(".")[1]: NOBODY}) for name in REFERENCES}
GUARDS |= {
    f"ledger_reconciliation_{count}_check": copied("ledger_reconciliation", **{count: -1})
    for count in COUNTS
}
GUARDS |= {
    f"append_only of {table}": editing(table, column) for table, column in APPEND_ONLY.items()
}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def droppings() -> dict[str, str]:
    """How each guard that there is would be dropped."""
    with connection.cursor() as cursor:
        cursor.execute(CATALOGUE)
        return {name: sql for table, name, sql in cursor.fetchall() if table not in NO_BOOK}


def test_every_guard_is_declared(droppings: dict[str, str]) -> None:
    numbered = {name for name in droppings if name.endswith("_pkey")} - set(GUARDS)
    assert sorted(set(droppings) - numbered) == sorted(GUARDS)


@pytest.mark.parametrize("name", sorted(GUARDS))
def test_dropping_a_guard_lets_the_attack_through(
    world: World, droppings: dict[str, str], name: str
) -> None:
    made = GUARDS[name]
    for make in made if isinstance(made, list) else [made]:
        attack, before = make(world), everything()
        with pytest.raises(Error), undone():
            run(*lifting(attack, droppings), attack.sql)
        assert everything() == before
        with undone():
            run(*lifting(attack, droppings), droppings[name], attack.sql)


def lifting(attack: Attack, droppings: dict[str, str]) -> list[str]:
    return [droppings[name] for name in attack.lifted]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
