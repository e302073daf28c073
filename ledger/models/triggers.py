"""What PostgreSQL itself does and refuses in the book."""

import pgtrigger


def begin_balance() -> pgtrigger.Trigger:
    """Every account begins with a balance of nothing."""
    return pgtrigger.Trigger(
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
    return pgtrigger.Trigger(
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
    """Bring the balances up to date with the statement's transfers, locked in account order.

    Months are checked after the locks are held: whoever closes one takes the same locks first.
    """
    return pgtrigger.Trigger(
        name="fold_transfers",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="fresh"),  # type: ignore[no-untyped-call]
        func="""
            PERFORM 1 FROM ledger_balance
            WHERE account_id IN (SELECT debit_id FROM fresh UNION SELECT credit_id FROM fresh)
            ORDER BY account_id FOR NO KEY UPDATE;

            UPDATE ledger_balance b SET
                debits_posted = b.debits_posted + s.debits_posted,
                credits_posted = b.credits_posted + s.credits_posted,
                debits_pending = b.debits_pending + s.debits_pending,
                credits_pending = b.credits_pending + s.credits_pending
            FROM (
                SELECT account_id,
                    sum(posted) FILTER (WHERE is_debit) AS debits_posted,
                    sum(posted) FILTER (WHERE NOT is_debit) AS credits_posted,
                    sum(pending) FILTER (WHERE is_debit) AS debits_pending,
                    sum(pending) FILTER (WHERE NOT is_debit) AS credits_pending
                FROM (
                    SELECT side.account_id, side.is_debit,
                        CASE WHEN t.phase IN ('posted', 'post') THEN t.amount ELSE 0 END AS posted,
                        CASE t.phase WHEN 'pending' THEN t.amount WHEN 'posted' THEN 0
                            ELSE -held.amount END AS pending
                    FROM fresh t
                    LEFT JOIN ledger_transfer held ON held.id = t.resolves_id
                    CROSS JOIN LATERAL
                        (VALUES (t.debit_id, true), (t.credit_id, false)) side(account_id, is_debit)
                    UNION ALL
                    SELECT debit_id, false, 0, 0 FROM fresh
                    UNION ALL
                    SELECT credit_id, true, 0, 0 FROM fresh
                ) sides
                GROUP BY account_id
            ) s
            WHERE b.account_id = s.account_id;

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


def only_by_transfers() -> pgtrigger.Trigger:
    """Balances are written by the triggers above and by nobody else."""
    return pgtrigger.Trigger(
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
