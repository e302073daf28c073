"""The sandbox itself: both providers' business, and what a person or a test can do to it."""

import random
import re
from decimal import Decimal

from sandbox.agenda import Agenda, Due
from sandbox.books.activations import Activations, WrongState
from sandbox.books.catalogue import Catalogue
from sandbox.books.journal import Journal, Limits
from sandbox.books.records import Activation, Message, Wallet
from sandbox.books.schema import LAPSING
from sandbox.books.store import Store
from sandbox.books.wallets import Wallets
from sandbox.clock import Clock
from sandbox.courier import Courier
from sandbox.money import BadAmount, to_mills
from sandbox.notices import Notices
from sandbox.outbox import Outbox
from sandbox.providers import Provider
from sandbox.refunds import Refunds
from sandbox.settings import Settings
from sandbox.switches import Switches

_PUSHED = "clock.pushed_ms"
_CODE_IN_TEXT = re.compile(r"(?<!\d)\d{4,8}(?!\d)")


class Sandbox:
    """Every method may be called from any thread, also while the server runs."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        """Opens the state, or makes it with its opening wallets. Raises `UnreadableState`."""
        self.settings = settings
        self.clock = clock or Clock()
        self.url = ""
        self.chance = random.Random(settings.seed)  # noqa: S311
        self.store = Store(settings.state)
        self.clock.offset_ms += self.store.kept(_PUSHED)
        self.wallets = Wallets(self.store, self.clock)
        self.catalogue = Catalogue(self.store)
        self.activations = Activations(
            self.store,
            self.clock,
            self.wallets,
            self.catalogue,
            self.chance,
            first_id=settings.first_activation_id,
        )
        self.journal = Journal(self.store, self.clock)
        self.limits = Limits(self.store, self.clock)
        self.switches = Switches(self.store)
        self.agenda = Agenda(self.store, self.clock)
        self.outbox = Outbox(self.store, self.clock)
        self.refunds = Refunds(
            self.clock, self.wallets, self.switches, self.agenda, settings.refund_delay
        )
        self.notices = Notices(self.clock, self.wallets, self.switches, self.outbox, self.chance)
        self.courier = Courier(self)
        self.is_new = not self.wallets.all()
        if self.is_new:
            self._set_up()

    @property
    def smsgig_url(self) -> str:
        return self.url + Provider.SMSGIG.base_path

    @property
    def smsvilla_url(self) -> str:
        return self.url + Provider.SMSVILLA.base_path

    def close(self) -> None:
        self.store.close()

    def wallet(self, provider: Provider | str) -> Wallet:
        """The provider's first wallet, as it stands now."""
        return next(w for w in self.wallets.all() if w.provider == provider)

    def key(self, wallet: Provider | str | int) -> str:
        """The current key of a wallet by its id, or of the provider's first wallet."""
        return self.wallets.current_key(
            wallet if isinstance(wallet, int) else self.wallet(wallet).id
        )

    def balance(self, provider: Provider | str) -> Decimal:
        """Of the provider's first wallet."""
        return self.wallet(provider).balance

    # What the providers' endpoints do

    def rent(
        self,
        wallet: Wallet,
        *,
        service_code: str,
        area_code: str = "",
        carrier: str = "",
        phone: str = "",
    ) -> Activation:
        """Charges and holds a number; its expiry and, by the settings, a code will follow.

        Raises what `Activations.rent` raises.
        """
        with self.store.transaction():
            activation = self.activations.rent(
                wallet, service_code=service_code, area_code=area_code, carrier=carrier, phone=phone
            )
            self.agenda.add("expiry", activation, in_seconds=activation.ttl)
            if self.settings.auto_code is not None:
                wait = self.chance.uniform(*self.settings.auto_code)
                self.agenda.add("sms", activation, in_seconds=wait)
        self.courier.wake()
        return activation

    def cancel(self, activation: Activation) -> None:
        """Gives the number back and refunds; `WrongState` where an SMS came or it has ended."""
        with self.store.transaction():
            if self.activations.messages(activation):
                raise WrongState("An SMS was received: the rental can't be canceled.")
            self.activations.close(activation, "canceled")
            self.refunds.for_cancel(activation)
        self.courier.wake()

    # What happens from outside

    def send_sms(
        self,
        provider: Provider | str,
        activation_id: int,
        *,
        code: str = "",
        text: str = "",
        copies: int = 1,
        webhook: bool = True,
        force: bool = False,
    ) -> list[Message]:
        """An SMS comes in, `copies` times the same, and its webhooks go out.

        Without `code` it is the text's or a random one; without `text` it is the usual sentence.
        `force` also reaches a rental that has ended. Raises `UnknownActivation`, `WrongState`.
        """
        activation = self.activations.get(Provider(provider), activation_id)
        found = _CODE_IN_TEXT.search(text)
        code = code or (found[0] if found else "" if text else f"{self.chance.randrange(10**6):06}")
        text = text or f"Your {activation.service_name} code is {code}"
        with self.store.transaction():
            messages = [
                self.activations.receive(activation, code=code, text=text, force=force)
                for _ in range(copies)
            ]
            for message in messages if webhook else []:
                self.notices.announce(activation, message)
        self.courier.wake()
        return messages

    def forge(self, provider: Provider | str, activation_id: int, *, code: str = "") -> str:
        """A webhook that isn't the provider's goes out, with the id of the real next message.

        Nothing is received. Returns that message id.
        """
        activation = self.activations.get(Provider(provider), activation_id)
        message_id = self.activations.next_message_id(activation)
        self.notices.forge(activation, message_id, code)
        self.courier.wake()
        return message_id

    def expire(self, provider: Provider | str, activation_id: int) -> Activation:
        """Its time is up now; `WrongState` where it has ended already."""
        activation = self.activations.get(Provider(provider), activation_id)
        with self.store.transaction():
            self._expire(activation)
        self.courier.wake()
        return self.activations.get(activation.provider, activation_id)

    def top_up(self, wallet_id: int, amount: Decimal | int | str) -> Wallet:
        """A deposit, in the wallet's currency. Raises `BadAmount`, `UnknownWallet`."""
        mills = to_mills(amount)
        if mills <= 0:
            raise BadAmount("A deposit is more than 0.")
        self.wallets.get(wallet_id)
        self.wallets.credit(wallet_id, mills, kind="deposit", description="Deposit")
        return self.wallets.get(wallet_id)

    def buy_outside(self, wallet_id: int, *, service_code: str = "whatsapp") -> Activation:
        """Someone else rents with the same wallet: a charge that our client knows nothing of."""
        wallet = self.wallets.get(wallet_id)
        with self.store.transaction():
            activation = self.activations.rent(wallet, service_code=service_code, outside=True)
            self.agenda.add("expiry", activation, in_seconds=activation.ttl)
        return activation

    def advance(self, seconds: float) -> None:
        """Pushes the clock forward; what falls due by then has happened on return, webhooks
        apart, which the courier posts."""
        with self.store.transaction():
            self.clock.push(seconds)
            self.store.keep(_PUSHED, self.store.kept(_PUSHED) + int(seconds * 1000))
        self.settle()
        self.courier.wake()

    def reset(self, *, wallets: bool = False) -> None:
        """As new: no rentals, faults or logs, and each wallet with its opening balance.

        Keys and webhook addresses stay, or with `wallets` are made anew as well and the clock is
        set right. Ids go on counting, so that none ever comes twice.
        """
        with self.store.transaction():
            for table in LAPSING:
                self.store.run(f"DELETE FROM {table}")  # noqa: S608
            if wallets:
                self.wallets.close_all()
                self.clock.offset_ms -= self.store.kept(_PUSHED)
                self.store.keep(_PUSHED, 0)
                self._set_up()
            else:
                self.catalogue.fill()
                self.wallets.start_over()
            self.switches.all_off()
        self.limits.forget()

    def settle(self) -> None:
        """Lets everything that is due happen."""
        self.agenda.settle(self._happen)

    def next_due(self) -> int | None:
        """When something is due next, in the clock's milliseconds."""
        dues = [due for due in (self.agenda.next_due(), self.outbox.next_due()) if due is not None]
        return min(dues, default=None)

    def _happen(self, due: Due) -> None:
        activation = self.activations.get(due.provider, due.activation_id)
        if due.kind == "refund":
            self.refunds.pay(activation, due.amount)
        elif due.kind == "expiry" and activation.live:
            self._expire(activation)
        elif due.kind == "sms" and activation.live and activation.state == "waiting":
            self.send_sms(activation.provider, activation.id)

    def _expire(self, activation: Activation) -> None:
        waiting = activation.state == "waiting"
        self.activations.close(activation, "expired" if waiting else activation.state)
        if waiting:
            self.refunds.for_expiry(activation)

    def _set_up(self) -> None:
        with self.store.transaction():
            self.catalogue.fill()
            for opening in self.settings.openings:
                self.wallets.open(
                    provider=opening.provider,
                    name=opening.name,
                    deposit=to_mills(opening.balance),
                    keys=opening.keys,
                )
