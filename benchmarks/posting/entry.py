"""What is booked, as a value."""

from datetime import UTC, datetime
from decimal import Decimal

from ledger.book import Entry
from ledger.states import AccountKind, TransferKind

NOW = datetime.now(UTC)
PRICE = Decimal("0.45")


def charge(wallet_id: int, key: str) -> Entry:
    """A rental that was charged, with all that a real one carries."""
    return Entry(
        key=f"rental:{key}:charge",
        wallet_id=wallet_id,
        debit=AccountKind.SPEND,
        credit=AccountKind.WALLET,
        amount=PRICE,
        kind=TransferKind.PURCHASE,
        occurred_at=NOW,
        booked_on=NOW.date(),
        reference=f"rental:{key}",
        external_id="10561661",
        service="WhatsApp",
    )
