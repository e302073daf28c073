"""The whole portal with its two providers: a team, a wallet at each, a member at a browser.

Everything runs on data of its own (benchmarks/ground.py); only the sandbox is in this process, so
that a scenario has its books and a hand on the wire.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from accounts.operations import add_provider_account
from accounts.secrets.hook_tokens import hook_address
from benchmarks.ground import listener, until
from rentals.models import Offer, Rental
from rentals.operations import refresh_catalogue
from sandbox import testing
from sandbox.books import records
from sandbox.clock import Clock
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider
from sandbox.settings import Settings
from tests.accounts.making import make_member, make_team
from tests.chaos.browser import Browser
from tests.chaos.cast import Part, Server, cast
from tests.chaos.wire import Wire

FUNDS = Decimal(1_000_000)
STARTED = 180.0  # seconds
PATIENCE = 60.0  # seconds, in which whatever is asked for has to come about

_numbers = itertools.count(1)  # over all stages, which share a database


@dataclass
class Stage:
    """`parts` may be killed and started again. `offers` are all different, by provider."""

    wire: Wire
    sandbox: Sandbox
    wallets: dict[Provider, int]
    accounts: dict[Provider, int]
    offers: dict[Provider, Iterator[Offer]]
    browser: Browser
    port: int
    parts: dict[str, Part | Server] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)

    # What the member does

    def tag(self) -> str:
        """A word for one rental, by which both sides can be asked for it."""
        tag = f"r{next(_numbers):04d}"
        self.tags.append(tag)
        return tag

    def rent(self, provider: Provider, tag: str = "") -> str:
        """Send the form until the portal has answered; every offer is rented once."""
        tag = tag or self.tag()
        self.browser.rent(next(self.offers[provider]).pk, tag)
        return tag

    def rented(self, provider: Provider) -> Rental:
        """A rental that has its number."""
        tag = self.rent(provider)
        return self.awaited(tag, "waiting")

    def received(self, provider: Provider) -> Rental:
        """A rental whose code has come."""
        rental = self.rented(provider)
        self.sms(rental)
        return self.awaited(rental.carrier, "received")

    def rental(self, tag: str) -> Rental | None:
        return Rental.objects.select_related("account").filter(carrier=tag).first()

    def awaited(self, tag: str, *states: str, seconds: float = PATIENCE) -> Rental:
        """The rental, as soon as it is in one of these states."""

        def there() -> bool:
            rental = self.rental(tag)
            return rental is not None and rental.state in states

        until(there, f"{tag} is {' or '.join(states)}", seconds)
        rental = self.rental(tag)
        assert rental is not None
        return rental

    # What the provider has and does

    def activations(self) -> list[records.Activation]:
        return self.sandbox.activations.all()

    def activation_of(self, tag: str) -> records.Activation | None:
        return next((each for each in self.activations() if each.carrier == tag), None)

    def messages(self, activation: records.Activation) -> list[records.Message]:
        return self.sandbox.activations.messages(activation)

    def sms(self, rental: Rental, *, webhook: bool = True, force: bool = False) -> None:
        """An SMS comes in; `force`: also for a rental that has ended or had its one."""
        self.sandbox.send_sms(
            rental.account.provider, int(rental.activation_id), webhook=webhook, force=force
        )

    def sms_for_all(self) -> int:
        """One for every number that still takes its first, whether we know of it or not.

        Returns when all their webhooks have been answered, or not.
        """
        since, waiting = self.last_hook(), set()
        for each in self.activations():
            if each.live and each.state == "waiting":
                self.sandbox.send_sms(each.provider, each.id)
                waiting.add((each.provider, each.id))

        def told() -> bool:
            hooks = [each for each in self.sandbox.journal.deliveries() if each.id > since]
            return waiting <= {(each.provider, each.activation_id) for each in hooks}

        until(told, "the last webhooks are sent")
        return len(waiting)

    def hooks_answered(self, rental: Rental, since: int) -> set[int | None]:
        """The statuses of its webhooks after the delivery `since`, None where there was none."""
        return {
            each.status
            for each in self.sandbox.journal.deliveries()
            if each.id > since
            and (each.provider, str(each.activation_id))
            == (rental.account.provider, rental.activation_id)
        }

    def last_hook(self) -> int:
        return max((each.id for each in self.sandbox.journal.deliveries(limit=1)), default=0)

    def restart(self, name: str, dead_for: float = 0.0) -> None:
        self.parts[name].kill()
        time.sleep(dead_for)
        self.parts[name].start()


@contextmanager
def stage(
    *, clock: Clock | None = None, cast_of: Callable[..., dict[str, Part | Server]] = cast
) -> Iterator[Stage]:
    """Everything runs, and the member is signed in."""
    wire = Wire()
    quick = Settings(auto_code=None, refund_delay=2.0)
    with testing.running(quick, clock=clock, around=wire.around) as sandbox, listener() as at:
        urls = {"smsgig": sandbox.smsgig_url, "smsvilla": sandbox.smsvilla_url}
        settings.PROVIDER_BASE_URLS = urls
        made = _make(wire, sandbox, at.getsockname()[1])
        made.parts |= cast_of(at, **{f"{name.upper()}_BASE_URL": url for name, url in urls.items()})
        try:
            until(made.browser.is_answered, "the board is shown", STARTED)
            yield made
        finally:
            for part in made.parts.values():
                if isinstance(part, Part):
                    part.kill()


def _make(wire: Wire, sandbox: Sandbox, port: int) -> Stage:
    team = make_team()
    member = make_member(team)
    made = Stage(wire, sandbox, {}, {}, {}, Browser(member, port), port)
    for provider in Provider:
        wallet = sandbox.wallets.open(
            provider=provider, name="chaos", deposit=to_mills(FUNDS), keys=()
        )
        account = add_provider_account(
            team=team,
            provider_code=provider,
            label=provider.label,
            key=sandbox.key(wallet.id),
            actor=None,
            now=timezone.now(),
        )
        path = hook_address(account).partition("/hooks/")[2]
        sandbox.wallets.set_webhook(wallet.id, f"http://127.0.0.1:{port}/hooks/{path}")
        refresh_catalogue(account=account)
        offers = list(Offer.objects.filter(account=account, ttl__gte=600))
        random.Random(0).shuffle(offers)  # noqa: S311 - a plan
        made.wallets[provider], made.accounts[provider] = wallet.id, account.pk
        made.offers[provider] = iter(offers)
    return made
