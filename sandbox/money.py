"""Money as whole thousandths of a currency unit in the books, as Decimal everywhere else."""

from decimal import Decimal, InvalidOperation

_THOUSAND = Decimal(1000)
_LARGEST = Decimal(10**12)


class BadAmount(ValueError):
    """An amount that is not a number, is out of range or has more than three decimals."""


def to_mills(amount: Decimal | int | str) -> int:
    """Thousandths of a unit: `Decimal("0.58")` gives 580. Raises `BadAmount`."""
    try:
        value = Decimal(amount)
    except InvalidOperation as error:
        raise BadAmount(f"{amount!r} is not an amount.") from error
    if not value.is_finite() or abs(value) >= _LARGEST:
        raise BadAmount(f"{amount} is out of range.")
    mills = value * _THOUSAND
    if mills != mills.to_integral_value():
        raise BadAmount(f"{amount} has more than three decimals.")
    return int(mills)


def from_mills(mills: int) -> Decimal:
    """The amount, with two decimals, or three where the third is not zero."""
    return Decimal(mills).scaleb(-3) if mills % 10 else Decimal(mills // 10).scaleb(-2)
