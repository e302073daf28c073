"""What PostgreSQL itself does and refuses in the book."""

import pgtrigger

from accounts.unskippable import Unskippable


def begin_balance() -> pgtrigger.Trigger:
    """Every account begins with a balance of nothing."""
    return Unskippable(
        name="begin_balance",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func="""
            INSERT INTO ledger_balance
                (account_id, debits_posted, credits_posted, debits_pending, credits_pending)
            VALUES (NEW.id, 0, 0, 0, 0);
            RETURN NULL;
        """,
    )


def check_resolution() -> pgtrigger.Trigger:
    """A post or void is of a pending transfer between the same accounts, for no more than it."""
    return Unskippable(
        name="check_resolution",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Q(new__resolves__isnull=False),
        declare=[("held", "ledger_transfer%ROWTYPE")],
        func="""
            SELECT * INTO held FROM ledger_transfer WHERE id = NEW.resolves_id;
            IF held.phase IS DISTINCT FROM 'pending'
                OR (held.debit_id, held.credit_id) <> (NEW.debit_id, NEW.credit_id)
                OR NEW.amount > held.amount
                OR (NEW.phase = 'void' AND NEW.amount <> held.amount)
            THEN
                RAISE EXCEPTION 'transfer % can not resolve transfer %', NEW.key, NEW.resolves_id
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_resolves_a_hold';
            END IF;
            RETURN NEW;
        """,
    )


def fold_transfers() -> pgtrigger.Trigger:
    """Bring the balances up to date with the statement's transfers, one account after the other.

    Their order is what keeps two batches from waiting for each other. Months are checked after
    that, with the balances locked: closing one waits for the same locks.
    """
    return Unskippable(
        name="fold_transfers",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call]
        declare=[("change", "record")],
        func="""
            FOR change IN
                SELECT side.account_id,
                    sum(side.debited * effect.posted) AS debits_posted,
                    sum(side.credited * effect.posted) AS credits_posted,
                    sum(side.debited * effect.pending) AS debits_pending,
                    sum(side.credited * effect.pending) AS credits_pending
                FROM fresh t
                LEFT JOIN ledger_transfer held ON held.id = t.resolves_id
                CROSS JOIN LATERAL (SELECT
                    CASE WHEN t.phase IN ('posted', 'post') THEN t.amount ELSE 0 END AS posted,
                    CASE t.phase WHEN 'pending' THEN t.amount WHEN 'posted' THEN 0
                        ELSE -held.amount END AS pending
                ) effect
                CROSS JOIN LATERAL
                    (VALUES (t.debit_id, 1, 0), (t.credit_id, 0, 1))
                    side(account_id, debited, credited)
                GROUP BY side.account_id ORDER BY side.account_id
            LOOP
                UPDATE ledger_balance SET
                    debits_posted = debits_posted + change.debits_posted,
                    credits_posted = credits_posted + change.credits_posted,
                    debits_pending = debits_pending + change.debits_pending,
                    credits_pending = credits_pending + change.credits_pending
                WHERE account_id = change.account_id;
            END LOOP;

            IF EXISTS (
                SELECT FROM fresh JOIN ledger_closedmonth c ON c.wallet_id = fresh.wallet_id
                    AND c.month = date_trunc('month', fresh.booked_on)::date
            ) THEN
                RAISE EXCEPTION 'the month is closed'
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'transfer_in_an_open_month';
            END IF;
            RETURN NULL;
        """,
    )


def wait_for_bookings() -> pgtrigger.Trigger:
    """A month is closed after all who are booking in it, and before all who come later.

    Its balances are locked in account order, as a booking does it, and written as they are, so
    that whoever began with an older view of the months is refused.
    """
    return Unskippable(
        name="wait_for_bookings",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("own", "bigint")],
        func="""
            FOR own IN SELECT id FROM ledger_account WHERE wallet_id = NEW.wallet_id ORDER BY id
            LOOP
                UPDATE ledger_balance SET debits_posted = debits_posted WHERE account_id = own;
            END LOOP;
            RETURN NEW;
        """,
    )


def only_by_transfers() -> pgtrigger.Trigger:
    """Balances are written by the triggers above and by nobody else."""
    return Unskippable(
        name="only_by_transfers",
        when=pgtrigger.Before,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="""
            IF pg_trigger_depth() < 2 OR TG_OP IN ('DELETE', 'TRUNCATE') THEN
                RAISE EXCEPTION 'balances follow from the transfers: % refused', TG_OP;
            END IF;
            RETURN NULL;
        """,
    )
