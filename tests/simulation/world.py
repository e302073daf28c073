"""The provider, the clock and the portal's side of one wallet: all that a history is played on."""

import base64
import itertools
import json
import logging
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

import redis
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from accounts.models import Membership, ProviderAccount
from accounts.nudges import QUEUES
from accounts.operations.provider_accounts import add_provider_account
from accounts.states import Role
from rentals.models import InboxEntry, Offer, Rental
from rentals.states import RentalState
from sandbox import testing
from sandbox.clock import Clock as ProviderClock
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider
from sandbox.settings import Settings
from tests import databases
from tests.accounts.making import make_member, make_team
from tests.factories import make_offer
from tests.rentals.scene import Scene
from tests.simulation import rules
from tests.simulation.clock import Clock
from tests.simulation.scenario import Scenario
from tests.simulation.truth import Truth

FUNDS: Final = {"smsgig": Decimal("60"), "smsvilla": Decimal("60000")}
RENEW_AFTER: Final = 150  # lives in one database: then it is a new one
FIRST_RENTAL: Final = 503

_numbers = itertools.count(1)


class Complaints(logging.Handler):
    """What our code logs as an error: there it went on, and here it is a broken rule."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)}\n{traceback.format_exc()}")


class World:
    """One a process. `begin` makes it fit for the next life."""

    def __init__(self, sandbox: Sandbox, clock: Clock, broker: redis.Redis) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.broker = broker
        self.complaints = Complaints()
        self._lives = 0

    def begin(self, scenario: Scenario) -> "Life":
        self._lives += 1
        if self._lives % RENEW_AFTER == 0:
            databases.renew()
        self.broker.flushdb()
        self.complaints.lines.clear()
        self.clock.set(scenario.setting.begins)
        self._begin_books(scenario)
        return _move_in(self, scenario)

    def _begin_books(self, scenario: Scenario) -> None:
        self.sandbox.chance.seed(scenario.seed)
        self.sandbox.reset(wallets=True)
        self.sandbox.store.run("DELETE FROM counter")
        for provider in Provider:
            self.sandbox.store.keep(f"{provider}.rental", FIRST_RENTAL - 1)
            first = FIRST_RENTAL - 1 + scenario.setting.apart
            self.sandbox.store.keep(f"{provider}.activation", first)
        for code, price in scenario.setting.services.items():
            self.sandbox.catalogue.change(
                Provider(scenario.setting.provider), code, price=to_mills(price)
            )

    def end(self) -> None:
        """No later life's sweep finds anything of this one."""
        self.sandbox.switches.all_off()
        Rental.objects.exclude(next_poll_at=None, control_at=None).update(
            next_poll_at=None, control_at=None
        )
        Rental.objects.exclude(state=RentalState.FINISHED).update(state=RentalState.FINISHED)
        InboxEntry.objects.filter(applied_at__isnull=True).update(applied_at=timezone.now())


@contextmanager
def running_world() -> Iterator[World]:
    """The provider over real HTTP, and our clock in its hands; the database is the caller's."""
    clock = Clock()
    with ExitStack() as stack:
        sandbox = stack.enter_context(
            testing.running(
                Settings(openings=(), auto_code=None), clock=ProviderClock(clock.seconds)
            )
        )
        clock.on_move = sandbox.settle
        urls = {"smsgig": sandbox.smsgig_url, "smsvilla": sandbox.smsvilla_url}
        stack.enter_context(override_settings(PROVIDER_BASE_URLS=urls))
        stack.enter_context(patch.object(timezone, "now", clock.now))
        broker = stack.enter_context(redis.Redis.from_url(settings.REDIS_URL))
        world = World(sandbox, clock, broker)
        logging.getLogger().addHandler(world.complaints)
        stack.callback(logging.getLogger().removeHandler, world.complaints)
        yield world


class Life:
    """One wallet's life: the portal's side of it, the truth of it, and what has happened."""

    def __init__(
        self, world: World, scenario: Scenario, it: Scene, offers: list[Offer], truth: Truth
    ) -> None:
        self.world = world
        self.scenario = scenario
        self.it = it
        self.offers = offers
        self.truth = truth
        self.told: list[str] = []
        self.counts: Counter[str] = Counter()
        self.by_person: set[str] = set()  # references and rows that finance has decided about
        self.booked = rules.digest(it.account.pk)  # what was booked by the last look

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def account(self) -> ProviderAccount:
        return self.it.account

    def rentals(self) -> list[Rental]:
        return list(Rental.objects.filter(account=self.account).order_by("pk"))

    def tell(self, words: str) -> None:
        self.told.append(f"{self.clock.now():%d %H:%M:%S}  {words}")

    def nudges(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Take every message that lies in the queues: the tasks and their arguments."""
        found = []
        for queue in sorted(set(QUEUES.values())):
            while (raw := self.world.broker.lpop(queue)) is not None:
                message = json.loads(bytes(raw))  # type: ignore[arg-type]
                arguments = json.loads(base64.b64decode(message["body"]))[0]
                found.append((message["headers"]["task"], tuple(arguments)))
        return found


def _move_in(world: World, scenario: Scenario) -> Life:
    """A team of one, and a wallet that was used by others before it was added."""
    setting, number = scenario.setting, next(_numbers)
    provider = Provider(setting.provider)
    key = f"simulated-key-{number:06d}"
    wallet = world.sandbox.wallets.open(
        provider=provider, name="simulated", deposit=to_mills(FUNDS[provider]), keys=(key,)
    )
    if setting.surprising:
        world.sandbox.buy_outside(wallet.id, service_code=next(iter(setting.services)))
    world.clock.move(2)
    team = make_team(time_zone=setting.time_zone, auto_cancel=setting.auto_cancel)
    member = make_member(team, Role.MEMBER, Role.FINANCE, Role.ADMIN)
    account = _added(world, member, provider, key)
    world.clock.move(2)
    offers = [_offer(world, account, provider, code) for code in setting.services]
    it = Scene(world.sandbox, world.clock, provider, wallet.id, account, member, offers[0])
    if setting.expiry_refund is not None:
        it.fault("expiry-refund", seconds=setting.expiry_refund)
    if setting.numbers != "rental" and provider is Provider.SMSGIG:
        it.fault("descriptions", number=setting.numbers)
    truth = Truth(world.sandbox, provider, wallet.id)
    return Life(world, scenario, it, offers, truth)


def _added(world: World, member: Membership, provider: Provider, key: str) -> ProviderAccount:
    return add_provider_account(
        team=member.team,
        provider_code=provider.value,
        label="Simulated",
        key=key,
        actor=member.user,
        now=world.clock.now(),
    )


def _offer(world: World, account: ProviderAccount, provider: Provider, code: str) -> Offer:
    sold = world.sandbox.catalogue.get(provider, code)
    return make_offer(
        account,
        sold.name,
        service_code=sold.code,
        price=sold.price,
        ttl=sold.ttl,
        multiple_sms=provider is Provider.SMSGIG and sold.multiple_sms,
    )
