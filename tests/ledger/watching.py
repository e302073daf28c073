"""A wallet whose balance is watched, beside the truth in the sandbox's own books."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from accounts.models import ProviderAccount
from ledger import book
from ledger.models import Finding, ReconciliationException, Refund, Snapshot, Transfer
from ledger.operations.balance import snapshots
from ledger.states import UNRESOLVED, AccountKind, ExceptionKind, FindingKind
from rentals import operations
from rentals.models import Offer, Rental
from tests.rentals.scene import Scene, swept

MINUTE = 60


@dataclass
class Watch:
    scene: Scene

    @property
    def account(self) -> ProviderAccount:
        return ProviderAccount.objects.get(pk=self.scene.account.pk)

    def read(self, after: float = 0) -> Snapshot:
        """Let some seconds pass, have everybody do what is due, and read the balance."""
        self.scene.times.move(after)
        snapshot = snapshots.read_and_explain(self.account, now=self.scene.times.now())
        assert snapshot is not None
        swept(self.scene.times)
        return snapshot

    def rented(self, price: int = 0) -> Rental:
        """A number, at the price that the catalogue says, or another one."""
        if price:
            self.price(price)
        return self.scene.rented()

    def price(self, amount: int, *, told: bool = True) -> None:
        """The provider changes its price; `told`: the catalogue was read since."""
        self.scene.sandbox.catalogue.change(
            self.scene.provider, self.scene.offer.service_code, price=amount * 1000
        )
        if told:
            self.read_catalogue()

    def read_catalogue(self) -> None:
        operations.refresh_catalogue(account=self.account)
        self.scene.offer = Offer.objects.select_related("account").get(pk=self.scene.offer.pk)

    def cancelled(self, price: int = 0) -> Rental:
        """A rental that was cancelled, and whose refund is on its way."""
        return self.cancel(self.rented(price))

    def cancel(self, rental: Rental) -> Rental:
        operations.cancel_rental(rental=rental, actor=None, now=self.scene.times.now())
        return self.scene.control(rental)

    def doubtful(self, *, charged: bool, price: int = 0) -> Rental:
        """A rent whose answer was lost, so long ago that none can come any more."""
        if price:
            self.price(price)
        self.scene.fault("cut", endpoint="rent", times=1, done=charged)
        return self.scene.rented()

    def refund(self, rental: Rental) -> Refund:
        return Refund.objects.get(wallet=self.account, reference=f"rental:{rental.pk}")

    def findings(self, rental: Rental) -> list[str]:
        found = Finding.objects.filter(wallet=self.account, reference=f"rental:{rental.pk}")
        return [FindingKind(kind) for kind in found.values_list("kind", flat=True)]

    def exceptions(self, kind: ExceptionKind = ExceptionKind.DRIFT) -> list[Decimal]:
        """The amounts of the kind's exceptions that stand open, oldest first."""
        found = ReconciliationException.objects.filter(
            wallet=self.account, kind=kind, state__in=UNRESOLVED
        )
        return list(found.order_by("pk").values_list("amount", flat=True))

    @property
    def drift(self) -> Decimal:
        """What the provider holds more than the book, by its own books and ours."""
        return self.scene.wallet.balance - self.book.posted

    @property
    def book(self) -> book.WalletBalance:
        kept = book.wallet_balance(self.account.pk)
        assert kept is not None
        return kept

    def net(self, kind: AccountKind) -> Decimal:
        return self.book.net[kind]

    def booked(self) -> list[str]:
        """The keys of what snapshots booked, in order."""
        rows = Transfer.objects.filter(wallet=self.account, key__startswith="snapshot:")
        return [key.split(":", 2)[2] for key in rows.order_by("pk").values_list("key", flat=True)]


def watch(scene: Scene, *, price: int = 0) -> Watch:
    """Begin the book with what the wallet holds."""
    watched = Watch(scene)
    book.open_book(
        scene.account,
        balance=scene.wallet.balance,
        cut_over_at=scene.times.now() - timedelta(seconds=1),
    )
    watched.read_catalogue()
    if price:
        watched.price(price)
    return watched


def outside(watched: Watch) -> None:
    watched.scene.sandbox.buy_outside(
        watched.scene.wallet_id, service_code=watched.scene.offer.service_code
    )


def refunded(watched: Watch, ages: list[int], price: int = 500) -> list[Refund]:
    rentals = []
    for age in ages:
        rental = watched.rented(price)
        watched.scene.times.move(age)
        rentals.append(watched.cancel(rental))
        watched.read(MINUTE)
    return [watched.refund(rental) for rental in rentals]
