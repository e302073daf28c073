"""Marks on what may cost something else than it did when it was last added up.

They are written by triggers, in the transaction of the change itself, whoever makes it. A mark has
no unique key and no foreign key, so that nobody waits for anybody; whoever adds up takes the marks
that it sees, and those of a change that is committed later are still there the next time.
"""

import pgtrigger
from django.db import models

from accounts.models import ProviderAccount
from accounts.unskippable import Unskippable
from ledger.models.book import Transfer
from ledger.models.refunds import Refund


class SpendChange(models.Model):
    """Something happened to the money of `reference`, or to the row that it names."""

    wallet = models.ForeignKey(
        ProviderAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    reference = models.CharField(max_length=60)

    def __str__(self) -> str:
        return f"change of {self.reference}"


def mark_transfers() -> pgtrigger.Trigger:
    """What is held or released costs nothing yet, and whoever holds it says so by a row."""
    return Unskippable(
        name="mark_spend",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="booked"),  # type: ignore[no-untyped-call]
        func="""
            INSERT INTO ledger_spendchange (wallet_id, reference)
            SELECT wallet_id, reference FROM booked
            WHERE reference <> '' AND phase IN ('posted', 'post');
            RETURN NULL;
        """,
    )


def mark_refunds() -> pgtrigger.Trigger:
    return Unskippable(
        name="mark_spend",
        when=pgtrigger.After,
        level=pgtrigger.Statement,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="stale", new="fresh"),  # type: ignore[no-untyped-call]
        func="""
            INSERT INTO ledger_spendchange (wallet_id, reference)
            SELECT fresh.wallet_id, fresh.reference
            FROM fresh JOIN stale USING (id) WHERE fresh.received <> stale.received;
            RETURN NULL;
        """,
    )


def mark_new_refund() -> pgtrigger.Trigger:
    """A claim begins with nothing received; one that doesn't is counted all the same."""
    return Unskippable(
        name="mark_spend_new",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.received <> 0"),
        func="""
            INSERT INTO ledger_spendchange (wallet_id, reference)
            VALUES (NEW.wallet_id, NEW.reference);
            RETURN NULL;
        """,
    )


pgtrigger.register(mark_transfers())(Transfer)
pgtrigger.register(mark_refunds(), mark_new_refund())(Refund)
