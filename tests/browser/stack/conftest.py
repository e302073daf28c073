"""The whole portal before a browser: web, workers and beat against a sandbox.

All tests here share the processes and a database; each has a team and wallets of its own.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from pytest_django import DjangoDbBlocker

from accounts.models import Membership, ProviderAccount, Team
from accounts.secrets.hook_tokens import hook_address
from accounts.states import Role
from rentals.models import Offer, Rental
from sandbox import testing
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider
from tests import databases, processes
from tests.factories import make_member, make_offer, make_provider_account, make_team

PATIENCE = 30_000.0  # milliseconds for what a page should show
_numbers = itertools.count(1)


@dataclass
class Stack:
    """The processes that the tests share. The web server can be stopped and come back."""

    sandbox: Sandbox
    environment: dict[str, str]
    port: int
    up: bool = False
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def base(self) -> str:
        return f"http://localhost:{self.port}"

    def start_web(self) -> None:
        self._running.enter_context(processes.web(self.environment, self.port))
        self.up = True

    def stop_web(self) -> None:
        self.up = False
        self._running.close()


@pytest.fixture(scope="package")
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database for the tests here, which commit."""
    with django_db_blocker.unblock():
        yield
        databases.renew()


@pytest.fixture(scope="package")
def stack(committed: None) -> Iterator[Stack]:
    """Web, a worker for all queues and beat, all aimed at a sandbox that sends no code itself."""
    port = processes.free_port()
    with testing.running() as sandbox:
        environment = processes.environment(
            PORT=str(port),
            PUBLIC_URL=f"http://localhost:{port}",
            SMSGIG_BASE_URL=sandbox.smsgig_url,
            SMSVILLA_BASE_URL=sandbox.smsvilla_url,
        )
        stack = Stack(sandbox, environment, port)
        with processes.worker(environment, "now", "poll", "bulk"), processes.beat(environment):
            stack.start_web()
            yield stack
            stack.stop_web()


@dataclass
class Desk:
    """A member at their browser, with an account and a wallet at each provider."""

    stack: Stack
    browser: Browser
    membership: Membership
    accounts: dict[str, ProviderAccount]
    offers: dict[str, Offer]
    errors: list[str] = field(default_factory=list)
    allowed: tuple[str, ...] = ("favicon",)
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def team(self) -> Team:
        return self.membership.team

    @property
    def board(self) -> str:
        return f"/t/{self.team.slug}/"

    def context(self, membership: Membership | None = None, **options: Any) -> BrowserContext:
        """A browser profile in which the member, or another, has signed in."""
        context = self.browser.new_context(
            base_url=self.stack.base,
            permissions=["clipboard-read", "clipboard-write"],
            **options,
        )
        context.set_default_timeout(PATIENCE)
        client = Client()
        client.force_login((membership or self.membership).user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": self.stack.base}])
        self.contexts.append(context)
        return context

    def page(self, context: BrowserContext | None = None, **options: Any) -> Page:
        """A page of which every logged error is kept in `errors`."""
        page = (context or self.context(**options)).new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)
        return page

    def rental(self) -> Rental:
        """The team's newest rental, as it is now."""
        return Rental.objects.filter(team=self.team).latest("pk")

    def sms(self, rental: Rental, code: str, **options: Any) -> None:
        """The provider receives an SMS and sends its webhook."""
        self.stack.sandbox.send_sms(
            rental.account.provider, int(rental.activation_id), code=code, **options
        )

    def asked(self, tail: str) -> int:
        """How many requests came to the team's wallets whose path ends so."""
        keys = {account.keys.get().last_four for account in self.accounts.values()}
        found = self.stack.sandbox.journal.requests(path=tail)
        return sum(request.key_last4 in keys for request in found)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(word in message.text for word in self.allowed):
            self.errors.append(message.text)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all of them."""
    from tests.browser import chromium as chrome

    with chrome.beside_django() as browser:
        expect.set_options(timeout=PATIENCE)
        yield browser


@pytest.fixture
def desk(stack: Stack, chromium: Browser) -> Iterator[Desk]:
    """A member in a browser. The test fails where a page logs an error.

    Whatever an earlier test has left, the web server is up and there are numbers in stock.
    """
    if not stack.up:
        stack.start_web()
    team = make_team()
    accounts = {code: open_account(stack, team, code) for code in ("smsgig", "smsvilla")}
    desk = Desk(
        stack=stack,
        browser=chromium,
        membership=make_member(team, Role.MEMBER),
        accounts=accounts,
        offers={code: whatsapp(stack, account) for code, account in accounts.items()},
    )
    yield desk
    for context in desk.contexts:
        context.close()
    stack.sandbox.switches.all_off()
    assert desk.errors == []


def open_account(stack: Stack, team: Team, code: str) -> ProviderAccount:
    """An account whose key opens a new wallet, which sends its webhooks to the portal."""
    key = f"browser-{os.getpid()}-{next(_numbers):04d}"
    wallet = stack.sandbox.wallets.open(
        provider=Provider(code), name=key, deposit=to_mills(Decimal(1000)), keys=(key,)
    )
    account = make_provider_account(team, code, key=key)
    path = hook_address(account).removeprefix(settings.PUBLIC_URL)
    stack.sandbox.wallets.set_webhook(wallet.id, f"{stack.base}{path}")
    account.catalogue_read_at = timezone.now()
    account.save()
    return account


def whatsapp(stack: Stack, account: ProviderAccount) -> Offer:
    provider = Provider(account.provider)
    sold = stack.sandbox.catalogue.get(provider, "whatsapp")
    stack.sandbox.catalogue.change(provider, sold.code, stock=1000)
    return make_offer(
        account,
        sold.name,
        service_code=sold.code,
        price=sold.price,
        ttl=sold.ttl,
        multiple_sms=account.provider == "smsgig",
    )
