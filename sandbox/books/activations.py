"""Activations and their messages: rented, received, finished, canceled, expired."""

import random
import secrets
import sqlite3

from sandbox.books.catalogue import Catalogue
from sandbox.books.numbers import asked_number, free_number
from sandbox.books.records import Activation, Message, Service, State, Wallet
from sandbox.books.store import Store
from sandbox.books.wallets import Wallets
from sandbox.clock import Clock
from sandbox.money import from_mills, to_mills
from sandbox.providers import Provider


class UnknownActivation(LookupError):
    """No activation of this provider has this id."""


class OutOfStock(Exception):
    """The service has no number left."""


class WrongState(Exception):
    """The activation's state does not allow this; the text says why."""


class Activations:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        wallets: Wallets,
        catalogue: Catalogue,
        chance: random.Random,
        *,
        first_id: int | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._wallets = wallets
        self._catalogue = catalogue
        self._chance = chance
        self._first_id = first_id

    def rent(
        self,
        wallet: Wallet,
        *,
        service_code: str,
        area_code: str = "",
        carrier: str = "",
        phone: str = "",
        outside: bool = False,
    ) -> Activation:
        """Charges the wallet and holds a number, or neither.

        `phone` asks for one number. Raises `UnknownService`, `OutOfStock`, `NoNumber` or
        `InsufficientFunds`.
        """
        with self._store.transaction():
            service = self._catalogue.get(wallet.provider, service_code)
            if not self._catalogue.take_one(wallet.provider, service_code):
                raise OutOfStock("This service is out of stock.")
            number = (
                asked_number(self._store, wallet.provider, phone)
                if phone
                else free_number(self._store, wallet.provider, area_code, self._chance)
            )
            activation = self._add(wallet, service, number, area_code, carrier, outside)
            self._wallets.charge(
                wallet.id,
                to_mills(service.price),
                description=f"{service.name} rental #{activation.rental_number}",
                activation_id=activation.id,
            )
            return activation

    def all(self, provider: Provider | None = None, *, limit: int = -1) -> list[Activation]:
        """Newest first."""
        rows = self._store.rows(
            "SELECT * FROM activation WHERE ? IN ('', provider) "
            "ORDER BY created DESC, rowid DESC LIMIT ?",
            provider or "",
            limit,
        )
        return [_activation(row) for row in rows]

    def get(self, provider: Provider, activation_id: int) -> Activation:
        row = self._store.row(
            "SELECT * FROM activation WHERE provider = ? AND id = ?", provider, activation_id
        )
        if row is None:
            raise UnknownActivation(f"There is no activation {activation_id}.")
        return _activation(row)

    def messages(self, activation: Activation) -> list[Message]:
        """Oldest first."""
        rows = self._store.rows(
            "SELECT * FROM message WHERE provider = ? AND activation_id = ? ORDER BY rowid",
            activation.provider,
            activation.id,
        )
        return [_message(row) for row in rows]

    def receive(
        self, activation: Activation, *, code: str, text: str, force: bool = False
    ) -> Message:
        """Stores an SMS. Raises `WrongState` where the number no longer takes one, unless forced:
        it is not held any more, or has its one SMS where the service allows only one."""
        with self._store.transaction():
            activation = self.get(activation.provider, activation.id)
            if not force:
                _check_open(activation)
            message_id = self.next_message_id(activation)
            received = self._clock.now_ms()
            self._store.insert(
                "message",
                provider=activation.provider,
                id=message_id,
                activation_id=activation.id,
                code=code,
                text=text,
                received=received,
            )
            self._store.run(
                "UPDATE activation SET next_message = '', "
                "state = CASE state WHEN 'waiting' THEN 'received' ELSE state END "
                "WHERE provider = ? AND id = ?",
                activation.provider,
                activation.id,
            )
        return Message(
            id=message_id, activation_id=activation.id, code=code, text=text, received=received
        )

    def next_message_id(self, activation: Activation) -> str:
        """The id that the activation's next message will carry, settled by being asked for."""
        row = self._store.row(
            "SELECT next_message FROM activation WHERE provider = ? AND id = ?",
            activation.provider,
            activation.id,
        )
        if row is not None and row["next_message"]:
            return str(row["next_message"])
        if activation.provider is Provider.SMSGIG:
            message_id = f"msg_{activation.id}_{secrets.token_hex(4)}"
        else:
            message_id = str(self._store.next("smsvilla.message", start=778_899))
        self._store.run(
            "UPDATE activation SET next_message = ? WHERE provider = ? AND id = ?",
            message_id,
            activation.provider,
            activation.id,
        )
        return message_id

    def close(self, activation: Activation, state: State) -> None:
        """Ends it in `state` and gives its number and stock back."""
        with self._store.transaction():
            closed = self._store.run(
                "UPDATE activation SET state = ?, live = 0 WHERE provider = ? AND id = ? AND live",
                state,
                activation.provider,
                activation.id,
            )
            if not closed:
                raise WrongState(f"The rental is already {activation.state}.")
            self._catalogue.put_back(activation.provider, activation.service_code)

    def finish(self, activation: Activation) -> Activation:
        """Completes it, also when its time is over and its number is given back already."""
        with self._store.transaction():
            if self.get(activation.provider, activation.id).live:
                self.close(activation, "finished")
            self._store.run(
                "UPDATE activation SET state = 'finished' WHERE provider = ? AND id = ?",
                activation.provider,
                activation.id,
            )
        return self.get(activation.provider, activation.id)

    def _add(
        self,
        wallet: Wallet,
        service: Service,
        phone: str,
        area_code: str,
        carrier: str,
        outside: bool,
    ) -> Activation:
        provider, now = wallet.provider, self._clock.now_ms()
        activation_id = self._store.next(
            f"{provider}.activation",
            start=_random_id(provider) if self._first_id is None else self._first_id,
        )
        self._store.insert(
            "activation",
            provider=provider,
            id=activation_id,
            wallet_id=wallet.id,
            rental_number=self._store.next(f"{provider}.rental", start=503),
            service_code=service.code,
            service_name=service.name,
            multiple_sms=service.multiple_sms,
            phone=phone,
            area_code=area_code,
            carrier=carrier,
            price=to_mills(service.price),
            ttl=service.ttl,
            state="waiting",
            outside=outside,
            created=now,
            expires=now + service.ttl * 1000,
        )
        return self.get(provider, activation_id)


def _random_id(provider: Provider) -> int:
    least = 10_000_000 if provider is Provider.SMSGIG else 100_000
    return least + secrets.randbelow(least * 8)


def _check_open(activation: Activation) -> None:
    if not activation.live:
        raise WrongState(f"The number is no longer held: the rental is {activation.state}.")
    if activation.state == "received" and not activation.multiple_sms:
        raise WrongState("This service allows one SMS a rental, and it has come.")


def _activation(row: sqlite3.Row) -> Activation:
    return Activation(
        provider=Provider(row["provider"]),
        id=row["id"],
        wallet_id=row["wallet_id"],
        rental_number=row["rental_number"],
        service_code=row["service_code"],
        service_name=row["service_name"],
        multiple_sms=bool(row["multiple_sms"]),
        phone=row["phone"],
        area_code=row["area_code"],
        carrier=row["carrier"],
        price=from_mills(row["price"]),
        ttl=row["ttl"],
        state=row["state"],
        live=bool(row["live"]),
        outside=bool(row["outside"]),
        created=row["created"],
        expires=row["expires"],
    )


def _message(row: sqlite3.Row) -> Message:
    return Message(
        id=row["id"],
        activation_id=row["activation_id"],
        code=row["code"],
        text=row["text"],
        received=row["received"],
    )
