"""What is paid back, and when: at once at SMSGig, later at SMS Villa, as faults have it."""

from sandbox.agenda import Agenda
from sandbox.books.records import Activation
from sandbox.books.wallets import Wallets
from sandbox.clock import Clock
from sandbox.faults import DoubleRefund, ExpiryRefund, LateRefund, RefundFault
from sandbox.money import to_mills
from sandbox.providers import Provider
from sandbox.switches import Switches


class Refunds:
    """To be called inside the transaction that ends the activation."""

    def __init__(
        self,
        clock: Clock,
        wallets: Wallets,
        switches: Switches,
        agenda: Agenda,
        villa_delay: float,
    ) -> None:
        self._clock = clock
        self._wallets = wallets
        self._switches = switches
        self._agenda = agenda
        self._villa_delay = villa_delay

    def for_cancel(self, activation: Activation) -> None:
        """The whole price, unless a fault is on: the documents do not say how much comes back."""
        wallet = self._wallets.get(activation.wallet_id)
        left_ms = max(0, activation.expires - self._clock.now_ms())
        amount = to_mills(activation.price)
        for fault in self._switches.take(RefundFault, wallet):
            amount = fault.amount(price=amount, left_ms=left_ms, ttl_ms=activation.ttl * 1000)
        wait = 0.0 if wallet.provider is Provider.SMSGIG else self._villa_delay
        for late in self._switches.take(LateRefund, wallet):
            wait = late.seconds
        self._owe(activation, amount, in_seconds=wait)
        for again in self._switches.take(DoubleRefund, wallet):
            self._owe(activation, amount, in_seconds=wait + again.seconds)

    def for_expiry(self, activation: Activation) -> None:
        """Nothing, unless a fault is on: the documents promise nothing."""
        wallet = self._wallets.get(activation.wallet_id)
        for fault in self._switches.take(ExpiryRefund, wallet)[:1]:
            self._owe(activation, to_mills(activation.price), in_seconds=fault.seconds)

    def pay(self, activation: Activation, amount: int) -> None:
        """Credits the wallet. The description's number is the rental's, not the activation's."""
        if not amount:
            return
        rental = f"{activation.service_name} rental #{activation.rental_number}"
        self._wallets.credit(
            activation.wallet_id,
            amount,
            kind="refund",
            description=f"Refund for {rental}",
            activation_id=activation.id,
        )

    def _owe(self, activation: Activation, amount: int, *, in_seconds: float) -> None:
        if in_seconds > 0:
            self._agenda.add("refund", activation, in_seconds=in_seconds, amount=amount)
        else:
            self.pay(activation, amount)
