"""A transfer to be booked, as a value."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from ledger.states import AccountKind, Phase, TransferKind

SMALLEST: Final = Decimal("0.0001")  # what the book can tell apart; PostgreSQL rounds to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """`amount` (positive, in the wallet's currency) goes from `credit` to `debit`.

    `key` names the intent for good: booking it again changes nothing, and booking something else
    under it is refused. `day` is the day that it counts for, `booked_on` where it is None.
    """

    key: str
    wallet_id: int
    debit: AccountKind
    credit: AccountKind
    amount: Decimal
    kind: TransferKind
    occurred_at: datetime
    booked_on: date
    day: date | None = None
    phase: Phase = Phase.POSTED
    resolves_id: int | None = None
    reference: str = ""
    external_id: str = ""
    service: str = ""
    actor_id: int | None = None
    reason: str = ""
    flagged: bool = False

    @property
    def request_hash(self) -> bytes:
        """Of what the entry means. When it is booked, and in whose words, may differ."""
        meaning = (
            self.wallet_id,
            self.debit,
            self.credit,
            self.amount.quantize(SMALLEST, ROUND_HALF_UP),
            self.kind,
            self.phase,
            self.resolves_id,
            self.reference,
            self.external_id,
        )
        return hashlib.sha256("\x1f".join(map(str, meaning)).encode()).digest()
