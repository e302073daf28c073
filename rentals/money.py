"""Where a rental's money is held, settled and released: always inside the caller's transaction."""

from decimal import Decimal

from rentals.models import Rental

Fields = dict[str, Decimal | None]


def hold(price: Decimal) -> Fields:
    """Set `price` aside before the provider is asked."""
    return {"held": price}


def settle(rental: Rental, quoted: Decimal | None) -> Fields:
    """The provider gave a number: charge what it quoted, or the price that the member saw."""
    return {"held": Decimal(0), "charged": rental.price if quoted is None else quoted}


def release() -> Fields:
    """Nothing was charged: give back what was held."""
    return {"held": Decimal(0), "charged": None}
