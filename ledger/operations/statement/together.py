"""Several rows of a statement are one and the same thing: a refund that came in parts, say."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from ledger.models import ReconciliationException, Refund, StatementRow, Transfer
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.statement.matches import match_row
from ledger.states import UNRESOLVED


def match_together(
    *,
    exceptions: Sequence[ReconciliationException],
    transfer: Transfer | None = None,
    refund: Refund | None = None,
    actor: User,
    reason: str,
    now: datetime,
) -> None:
    """Match the rows of all of these to one booking or claim, or none of them.

    Raises NotPossible, Decided.
    """
    with transaction.atomic():
        for row in _rows(exceptions):
            match_row(
                row=row, transfer=transfer, refund=refund, actor=actor, reason=reason, now=now
            )


def _rows(exceptions: Sequence[ReconciliationException]) -> list[StatementRow]:
    """Their rows, the oldest first."""
    wallets = {each.wallet_id for each in exceptions}
    rows = [each.row for each in exceptions if each.row is not None]
    if len(wallets) != 1 or len(rows) != len(exceptions):
        raise NotPossible(_("Only rows of one wallet’s statement can be matched together."))
    if any(each.state not in UNRESOLVED for each in exceptions):
        raise Decided(_("One of them was resolved meanwhile. Look again."))
    return sorted(rows, key=lambda row: (row.occurred_at, row.pk))
