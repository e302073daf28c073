"""What refunds come to, kept so that a page need not add up all of them.

Triggers write what each change adds and takes away, in the transaction of the change itself. A row
has no unique key, so that nobody waits for anybody: the sum of all rows that are alike is what the
refunds come to, exact at any moment, and `operations.fold_refunds` makes one row of them.
"""

import pgtrigger
from django.db import models

from accounts.models import ProviderAccount
from accounts.unskippable import Unskippable
from ledger.models.refunds import Refund
from ledger.states import RefundCause, RefundState


class RefundSum(models.Model):
    """So many refunds more, or fewer, of a wallet, currency, cause, state and service."""

    wallet = models.ForeignKey(
        ProviderAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
    )
    currency = models.CharField(max_length=3)
    cause = models.CharField(max_length=10, choices=RefundCause)
    state = models.CharField(max_length=12, choices=RefundState)
    service = models.CharField(max_length=200, blank=True)
    refunds = models.BigIntegerField()
    expected_max = models.DecimalField(max_digits=24, decimal_places=4)
    received = models.DecimalField(max_digits=24, decimal_places=4)

    def __str__(self) -> str:
        return f"{self.refunds} refunds of {self.service}"


def _counted(rows: str) -> str:
    """Adds up rows that have a `sign`."""
    return f"""
        INSERT INTO ledger_refundsum
            (wallet_id, currency, cause, state, service, refunds, expected_max, received)
        SELECT wallet_id, currency, cause, state, service,
            sum(sign), sum(sign * expected_max), sum(sign * received)
        FROM ({rows}) changed
        GROUP BY wallet_id, currency, cause, state, service
        HAVING sum(sign) <> 0 OR sum(sign * expected_max) <> 0 OR sum(sign * received) <> 0;
        RETURN NULL;
    """  # noqa: S608 - words of our own


def count_refunds() -> list[pgtrigger.Trigger]:
    fresh, stale = "SELECT 1 AS sign, * FROM fresh", "SELECT -1 AS sign, * FROM stale"
    return [
        Unskippable(
            name=name,
            when=pgtrigger.After,
            level=pgtrigger.Statement,
            operation=operation,
            referencing=pgtrigger.Referencing(**tables),  # type: ignore[no-untyped-call]
            func=_counted(rows),
        )
        for name, operation, tables, rows in (
            ("count_new", pgtrigger.Insert, {"new": "fresh"}, fresh),
            (
                "count_changed",
                pgtrigger.Update,
                {"old": "stale", "new": "fresh"},
                f"{fresh} UNION ALL {stale}",
            ),
            ("count_gone", pgtrigger.Delete, {"old": "stale"}, stale),
        )
    ]


pgtrigger.register(*count_refunds())(Refund)
