"""What the book says of a rental and of its wallet, added up from the transfers alone."""

from decimal import Decimal

from accounts.models import ProviderAccount
from ledger.book.proof import prove
from ledger.models import Refund, Transfer
from ledger.states import AccountKind, ExceptionKind, Phase, RefundCause
from rentals.models import Rental

NOTHING = Decimal(0)


def lines(rental: Rental) -> list[Transfer]:
    """A rental's transfers, oldest first."""
    return list(
        Transfer.objects.filter(wallet=rental.account_id, reference=f"rental:{rental.pk}")
        .select_related("debit", "credit", "resolves")
        .order_by("pk")
    )


def charged(rental: Rental) -> Decimal:
    """What was booked from the wallet for a rental, less what was booked back."""
    moved = [line for line in lines(rental) if line.phase in (Phase.POSTED, Phase.POST)]
    return sum((_out(line) for line in moved), NOTHING)


def _out(line: Transfer) -> Decimal:
    spend = AccountKind.SPEND
    return line.amount * ((line.debit.kind == spend) - (line.credit.kind == spend))


def held(rental: Rental) -> Decimal:
    """What is set aside for a rental."""
    all_lines = lines(rental)
    resolved = {line.resolves_id for line in all_lines}
    pending = [line for line in all_lines if line.phase == Phase.PENDING]
    return sum((line.amount for line in pending if line.pk not in resolved), NOTHING)


def claim(rental: Rental) -> Refund | None:
    """What is claimed back for a rental."""
    return Refund.objects.filter(wallet=rental.account_id, reference=f"rental:{rental.pk}").first()


def claimed(rental: Rental) -> RefundCause | None:
    """Why something is awaited for a rental."""
    refund = claim(rental)
    return RefundCause(refund.cause) if refund is not None and refund.is_awaited else None


def notices(rental: Rental) -> list[ExceptionKind]:
    """What finance was told about a rental, oldest first."""
    told = rental.account.exceptions.filter(reference=f"rental:{rental.pk}").order_by("pk")
    return [ExceptionKind(kind) for kind in told.values_list("kind", flat=True)]


def assert_agrees(rental: Rental) -> None:
    """The rental's own words for its money are the book's."""
    assert held(rental) == rental.held
    assert charged(rental) == (rental.charged or NOTHING)


def assert_proved(wallet: ProviderAccount) -> None:
    """No cent comes from nowhere, and the balances are the sums of the transfers."""
    assert prove(wallet.pk) == []
