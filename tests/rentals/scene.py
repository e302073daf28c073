"""A member with a provider account, and the wallet behind it at the sandbox."""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts import gateway
from accounts.models import Membership, ProviderAccount
from providers.calls import Call, Reply
from providers.registry import provider as adapter
from rentals import operations
from rentals.models import InboxEntry, Offer, Rental
from rentals.operations import sending
from sandbox import smsgig, smsvilla
from sandbox.books import records
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.outbox import Parcel
from sandbox.providers import Provider
from tests.factories import make_member, make_offer, make_provider_account, make_team
from tests.rentals.times import Times

FUNDS = Decimal(100_000)


@dataclass
class Scene:
    sandbox: Sandbox
    times: Times
    provider: Provider
    wallet_id: int
    account: ProviderAccount
    membership: Membership
    offer: Offer

    # What we do

    def requested(self, *, request_key: uuid.UUID | None = None, **wishes: Any) -> Rental:
        """Ask for a number; no worker has looked at it yet."""
        return operations.request_rental(
            membership=self.membership,
            offer=self.offer,
            request_key=request_key or uuid.uuid4(),
            now=self.times.now(),
            **wishes,
        )

    def rented(self, **wishes: Any) -> Rental:
        """Ask for a number, have a worker rent it, and give the rental as it is then."""
        rental = self.requested(**wishes)
        operations.send_rent(rental.pk)
        rental.refresh_from_db()
        return rental

    def claimed(self) -> tuple[Rental, datetime]:
        """A rental whose worker died when it had marked the attempt as sent; and when that was."""
        rental = Rental.objects.select_related("account").get(pk=self.requested().pk)
        sent_at = self.times.now()
        assert sending._claim(rental, sent_at)
        return rental, sent_at

    def received(self, *, code: str = "482913") -> Rental:
        """A rental whose SMS has come."""
        rental = self.rented()
        self.sms(rental, code=code)
        self.poll(rental)
        return rental

    def poll(self, *rentals: Rental) -> int:
        """Have the rentals asked for now; gives how many of the account's were."""
        due = Rental.objects.filter(pk__in=[rental.pk for rental in rentals])
        due.update(next_poll_at=self.times.now())
        asked = operations.poll_account(self.account.pk)
        for rental in rentals:
            rental.refresh_from_db()
        return asked

    def control(self, rental: Rental) -> Rental:
        """Have a worker carry out the cancel or finish that is due."""
        operations.send_control(rental.pk)
        rental.refresh_from_db()
        return rental

    def transmitted(self, call: Call[Any]) -> Reply:
        """What the provider answers to a call."""
        return gateway.transmit(gateway.open_door(self.account), call)

    # What the provider has and does

    def fault(self, name: str, *, times: int | None = None, **options: object) -> None:
        self.sandbox.switches.on(
            self.provider, name, wallet_id=self.wallet_id, times=times, **options
        )

    def no_faults(self) -> None:
        self.sandbox.switches.all_off()

    @property
    def wallet(self) -> records.Wallet:
        return self.sandbox.wallets.get(self.wallet_id)

    @property
    def spent(self) -> Decimal:
        """What the wallet has paid and not got back."""
        return FUNDS - self.wallet.balance

    def asked(self, tail: str, *, status: int | None = None) -> int:
        """How many requests came whose path ends so; those answered by `status`, where given."""
        return self.sandbox.store.number(
            "SELECT count(*) FROM request WHERE key_last4 = ? AND substr(path, -length(?)) = ?"
            " AND coalesce(?, status, 0) = coalesce(status, 0)",
            self.key[-4:],
            tail,
            tail,
            status,
        )

    @property
    def key(self) -> str:
        return self.sandbox.key(self.wallet_id)

    def activations(self) -> list[records.Activation]:
        """Newest first."""
        rows = self.sandbox.store.rows(
            "SELECT id FROM activation WHERE wallet_id = ? ORDER BY rowid DESC", self.wallet_id
        )
        return [self.sandbox.activations.get(self.provider, row["id"]) for row in rows]

    def activation(self, rental: Rental) -> records.Activation:
        return self.sandbox.activations.get(self.provider, int(rental.activation_id))

    def sms(self, rental: Rental, *, code: str = "", text: str = "", force: bool = False) -> Parcel:
        """An SMS comes in for the rental; gives the webhook that tells of it."""
        (message,) = self.sandbox.send_sms(
            self.provider, int(rental.activation_id), code=code, text=text, force=force
        )
        return self.parcel(message)

    def parcel(self, message: records.Message, *, forged: bool = False) -> Parcel:
        activation = self.sandbox.activations.get(self.provider, message.activation_id)
        return Parcel(
            wallet_id=self.wallet_id,
            provider=self.provider,
            activation_id=activation.id,
            service_code=activation.service_code,
            message_id=message.id,
            code=message.code,
            text=message.text,
            received=message.received,
            forged=forged,
            attempt=1,
        )

    def body(self, parcel: Parcel) -> bytes:
        """The webhook as the provider writes it."""
        if self.provider is Provider.SMSVILLA:
            return smsvilla.webhook(parcel)[0]
        return smsgig.webhook(parcel, self.key)[0]

    def taken(self, body: bytes | Parcel, *, at: datetime | None = None) -> InboxEntry:
        """The entry of a webhook that was accepted: stored once, and not applied yet."""
        raw = body if isinstance(body, bytes) else self.body(body)
        signed = adapter(self.provider).capabilities.signed_webhooks
        entry, _ = InboxEntry.objects.get_or_create(
            account=self.account,
            body_sha256=hashlib.sha256(raw).digest(),
            defaults={
                "body": raw,
                "activation_id": adapter(self.provider).delivery(raw).activation_id,
                "genuine": True if signed else None,
                "received_at": at or self.times.now(),
            },
        )
        return entry

    def hook(self, body: bytes | Parcel, *, at: datetime | None = None) -> InboxEntry:
        """A webhook comes and a worker applies it."""
        entry = self.taken(body, at=at)
        operations.apply_inbox_entry(entry.pk, now=self.times.now())
        entry.refresh_from_db()
        return entry


SetScene = Callable[..., Scene]


def set_scene(
    sandbox: Sandbox,
    times: Times,
    provider: str,
    *,
    number: int,
    service: str = "whatsapp",
    **account: Any,
) -> Scene:
    """A team of one member, whose account opens a wallet of its own with plenty in it."""
    code = Provider(provider)
    key = f"test-key-{number:04d}"
    wallet = sandbox.wallets.open(
        provider=code, name=f"wallet {number}", deposit=to_mills(FUNDS), keys=(key,)
    )
    team = make_team()
    owned = make_provider_account(team, provider, key=key, **account)
    sold = sandbox.catalogue.get(code, service)
    offer = make_offer(
        owned,
        sold.name,
        service_code=sold.code,
        price=sold.price,
        ttl=sold.ttl,
        multiple_sms=code is Provider.SMSGIG and sold.multiple_sms,
    )
    return Scene(sandbox, times, code, wallet.id, owned, make_member(team), offer)


def swept(times: Times) -> list[tuple[object, ...]]:
    """Sweep once, and give the work that it handed out instead of doing it."""
    handed_out: list[tuple[object, ...]] = []
    operations.sweep(times.now(), lambda *work: handed_out.append(work))
    return handed_out


def tried_again(scene: Scene, rental: Rental) -> Rental:
    """The rental after the next try of its cancel or finish, when that is due."""
    scene.times.move(61)
    assert ("rentals.send_control", rental.pk) in swept(scene.times)
    return scene.control(rental)


def states(rental: Rental) -> list[str]:
    """The states that a rental went through, by its timeline."""
    return [event.to_state for event in rental.events.all()]


def codes(rental: Rental, *, confirmed: bool = True) -> list[str]:
    """The codes of a rental's messages, sorted: those that are confirmed, or those that aren't."""
    messages = rental.messages.filter(confirmed_at__isnull=not confirmed)
    return sorted(messages.values_list("code", flat=True))
