"""What a sandbox can be started with."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from sandbox.providers import Provider


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A wallet that a new sandbox starts with.

    `balance` is in the provider's currency. `keys` open the wallet; without any a random one is
    made. The last is the current one, with which SMSGig signs its webhooks.
    """

    provider: Provider
    balance: Decimal
    name: str = "demo"
    keys: tuple[str, ...] = ()


def demo_wallets(*, smsgig_key: str = "", smsvilla_key: str = "") -> tuple[Opening, ...]:
    """One wallet at each provider: USD 50.00 and NGN 50,000. An empty key is made at random."""
    return (
        Opening(
            provider=Provider.SMSGIG,
            balance=Decimal("50.00"),
            keys=(smsgig_key,) if smsgig_key else (),
        ),
        Opening(
            provider=Provider.SMSVILLA,
            balance=Decimal("50000.00"),
            keys=(smsvilla_key,) if smsvilla_key else (),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times are in seconds.

    `state`: the file that keeps everything; None keeps it in memory.
    `auto_code`: the range within which a code comes in after each rental; None sends none.
    `refund_delay`: how long after a cancel SMS Villa pays its "queued" refund.
    `webhook_timeout`: SMSGig's document gives the receiver 5 s; nothing is said about a retry.
    `first_activation_id`: where both providers' activation ids begin, so that they coincide; None
    begins each at random in a range of its own, as their documents' examples suggest.
    `seed`: makes numbers, codes and delays repeatable; keys stay random.
    """

    state: Path | None = None
    openings: tuple[Opening, ...] = field(default_factory=demo_wallets)
    auto_code: tuple[float, float] | None = (4.0, 10.0)
    refund_delay: float = 20.0
    webhook_timeout: float = 5.0
    webhook_retries: int = 0
    webhook_retry_delay: float = 5.0
    first_activation_id: int | None = None
    seed: int | None = None
