"""The real task in a real worker: PostgreSQL, the budget in Valkey, a provider over HTTP."""

import random
import secrets
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import IO, Any, cast

from django.db.models import Sum
from django.utils import timezone

from accounts.models import Membership, ProviderAccount, ProviderKey, Team, User
from accounts.secrets.hook_tokens import set_token
from accounts.secrets.sealing import fingerprint, key_place, seal
from accounts.states import Role
from benchmarks.figures import Figure
from benchmarks.ground import until, worker
from benchmarks.polling.world import Arrivals
from providers.registry import provider
from rentals import operations, tasks
from rentals.models import Message, Offer, Pace, Rental
from rentals.states import LIVE, RentalState
from sandbox import testing
from sandbox.books.activations import WrongState
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider

CROWD = 2000
RATE = 150.0  # polls a second, as if learned: more than this the provider was never asked
SPREAD, WARM, WATCHED = 15.0, 30.0, 40.0  # seconds: what fell due before the worker was up goes
LATE = timedelta(seconds=2)

SLOTS = 25
TTL = 120
RENTING = 150.0  # seconds


def figures() -> Iterator[Figure]:
    yield from crowd()
    yield from whole()


# --- two thousand at a time at a provider without limits


def crowd() -> Iterator[Figure]:
    """Every poll that was ever more than two seconds overdue is late."""
    account, _ = _account("smsgig", secrets.token_hex(16))
    with _stub() as port, worker("poll", SMSGIG_BASE_URL=f"http://127.0.0.1:{port}"):
        _rentals(account)
        Pace.objects.create(account=account, rate=RATE, at=timezone.now())
        until(lambda: tasks.tick() or _polls(account) > CROWD, "the worker polls")
        _ticking(WARM, lambda: None)
        before = _polls(account)
        late: set[tuple[int, Any]] = set()

        def look() -> None:
            overdue = Rental.objects.filter(
                account=account, next_poll_at__lte=timezone.now() - LATE
            )
            late.update(overdue.values_list("pk", "next_poll_at"))

        _ticking(WATCHED, look)
        polls = _polls(account) - before
    Rental.objects.filter(account=account).update(next_poll_at=None)
    on_time = 100 * (1 - len(late) / max(1, polls, len(late)))
    yield Figure(f"polling_{CROWD}_on_time_percent", on_time, 99, at_least=True)
    yield Figure(f"polling_{CROWD}_polls_a_second", polls / WATCHED, RATE * 0.5, at_least=True)


def _polls(account: ProviderAccount) -> int:
    total = Rental.objects.filter(account=account).aggregate(total=Sum("polls"))["total"]
    return int(total or 0)


def _rentals(account: ProviderAccount) -> None:
    """Of all ages, as if they had been rented over the last minutes."""
    dice = random.Random(5)  # noqa: S311 - no secret
    member = Membership.objects.get(team=account.team).user
    now = timezone.now()
    rentals = []
    for number in range(CROWD):
        started = now - timedelta(seconds=dice.uniform(0, 400))
        due = now + timedelta(seconds=dice.uniform(0, SPREAD))
        rentals.append(
            Rental(
                **_fields(account, member, number, started),
                state=RentalState.WAITING,
                next_poll_at=due,
                planned_poll_at=due,
            )
        )
    Rental.objects.bulk_create(rentals)


def _fields(account: ProviderAccount, member: User, number: int, started: Any) -> dict[str, Any]:
    ttl = 1200
    return {
        "team": account.team,
        "member": member,
        "account": account,
        "service_code": "whatsapp",
        "service_name": "WhatsApp",
        "currency": account.currency,
        "price": 1,
        "charged": 1,
        "activation_id": str(1_000_000 + number),
        "phone_raw": f"1202555{100 + number % 100:04d}",
        "ttl": ttl,
        "auto_cancel": False,
        "requested_at": started,
        "day": started.date(),
        "sent_at": started,
        "started_at": started,
        "expires_at": started + timedelta(seconds=ttl),
        "last_polled_at": started,
        "polls": 1,
    }


@contextmanager
def _stub() -> Iterator[int]:
    words = [sys.executable, "-m", "benchmarks.polling.stub"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int(cast(IO[str], process.stdout).readline())
        finally:
            process.kill()


def _ticking(seconds: float, each_second: Callable[[], None], *, sweep: bool = False) -> None:
    """Do what beat does, for so long."""
    ends, turn = time.monotonic() + seconds, time.monotonic()
    beats = 0
    while time.monotonic() < ends:
        tasks.tick()
        if sweep and beats % 2:
            tasks.sweep()
        each_second()
        beats, turn = beats + 1, turn + 1.0
        time.sleep(max(0.0, turn - time.monotonic()))


# --- everything, at SMS Villa's limits


def whole() -> Iterator[Figure]:
    """People keep SLOTS rentals going; the sandbox counts requests with its limits on."""
    with testing.running() as sandbox:
        key = secrets.token_hex(16)
        sandbox.wallets.open(
            provider=Provider.SMSVILLA, name="bench", deposit=to_mills(10**6), keys=(key,)
        )
        sandbox.catalogue.change(Provider.SMSVILLA, "whatsapp", ttl=TTL)
        account, membership = _account("smsvilla", key)
        offer = Offer.objects.create(
            account=account,
            service_code="whatsapp",
            name="WhatsApp",
            price=sandbox.catalogue.get(Provider.SMSVILLA, "whatsapp").price,
            ttl=TTL,
            stock=1000,
            read_at=timezone.now(),
        )
        people = People(sandbox, membership, offer)
        url = sandbox.smsvilla_url
        with worker("now", SMSVILLA_BASE_URL=url), worker("poll", SMSVILLA_BASE_URL=url):
            people.live()
            until(lambda: tasks.sweep() or people.rented(), "the workers rent")
            _ticking(RENTING, people.live, sweep=True)
            people.slots = 0
            _ticking(TTL + 20, people.live, sweep=True)
        refused = sandbox.store.number("SELECT count(*) FROM request WHERE status = 429")
        yield Figure("polling_whole_stack_rentals", people.begun, SLOTS, at_least=True)
        yield Figure("polling_whole_stack_429", refused, 0)
        yield Figure("polling_whole_stack_codes_lost", people.lost(), 0)
        yield Figure("polling_whole_stack_delay_s", people.delay(), 15.0)


class People:
    """They rent as soon as a number is free; their codes come at the sandbox when they come."""

    def __init__(self, sandbox: Sandbox, membership: Membership, offer: Offer) -> None:
        self.sandbox, self.membership, self.offer = sandbox, membership, offer
        self.slots, self.begun = SLOTS, 0
        self.dice = random.Random(6)  # noqa: S311 - no secret
        self.coming: dict[int, float] = {}  # seconds after its start, by rental
        self.came: dict[int, float] = {}  # Unix time, by rental

    def live(self) -> None:
        waiting = LIVE - {RentalState.RECEIVED}
        rentals = list(Rental.objects.filter(account=self.offer.account, state__in=waiting))
        # A few at a time, as people do.
        for _ in range(min(3, self.slots - len(rentals))):
            operations.request_rental(
                membership=self.membership,
                offer=self.offer,
                request_key=uuid.uuid4(),
                now=timezone.now(),
            )
            self.begun += 1
        for rental in rentals:
            self._send_code(rental)

    def rented(self) -> bool:
        """Whether the first of them has its number."""
        return Rental.objects.filter(account=self.offer.account, state=RentalState.WAITING).exists()

    def _send_code(self, rental: Rental) -> None:
        if rental.started_at is None or not rental.activation_id or rental.pk in self.came:
            return
        after = self.coming.setdefault(rental.pk, Arrivals().draw(self.dice))
        if time.time() - rental.started_at.timestamp() >= after:
            self.came[rental.pk] = time.time()
            try:
                self.sandbox.send_sms(Provider.SMSVILLA, int(rental.activation_id))
            except WrongState:  # it was cancelled just now
                del self.came[rental.pk]
                self.coming[rental.pk] = float("inf")

    def lost(self) -> int:
        known = Message.objects.filter(rental__in=self.came).values_list("rental_id", flat=True)
        return len(set(self.came) - set(known))

    def delay(self) -> float:
        seen = Message.objects.filter(rental__in=self.came).values_list("rental_id", "seen_at")
        waits = [at.timestamp() - self.came[rental] for rental, at in seen]
        return sum(waits) / max(1, len(waits))


def _account(name: str, key: str) -> tuple[ProviderAccount, Membership]:
    label = f"bench-{secrets.token_hex(4)}"
    team = Team.objects.create(name=label, slug=label)
    user = User.objects.create_user(f"{label}@example.com")
    membership = Membership.objects.create(team=team, user=user, roles=[Role.MEMBER, Role.ADMIN])
    account = ProviderAccount(
        team=team, provider=name, label=label, currency=provider(name).currency
    )
    set_token(account)
    account.save()
    row = ProviderKey(account=account, last_four=key[-4:])
    row.sealed = seal(key, place=key_place(row))
    row.fingerprint = fingerprint(key, account.provider)
    row.save()
    return account, membership
