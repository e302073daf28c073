"""A real browser before a real web server. A page that logs an error fails its test."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from accounts.models import User
from tests import processes
from tests.browser import chromium as chrome

NO_ERROR = ("favicon", "status of 422")  # a form that is refused is answered so
PATIENCE = 20_000.0  # milliseconds for what a page should show

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for a file's tests."""
    with chrome.beside_django() as browser:
        yield browser


@pytest.fixture(scope="session")
def web(django_db_setup: None) -> Iterator[str]:
    """The base address of a web server on this worker's database."""
    with processes.web(processes.environment(DESIGN_PAGE="1")) as (_, base):
        yield base


@pytest.fixture
def context(chromium: Browser, web: str, fresh_database: str) -> Iterator[BrowserContext]:
    """A new browser profile with an empty database behind the pages."""
    context = chromium.new_context(base_url=web, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page. The test fails where it logs an error: a script's, or of the content policy."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: _note(errors, message))
    yield page
    assert errors == []


@pytest.fixture
def sign_in(context: BrowserContext, web: str) -> Callable[[User], None]:
    """Sign a user in without the sign-in page: `sign_in(user)`."""

    def do(user: User) -> None:
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": web}])

    return do


def _note(errors: list[str], message: ConsoleMessage) -> None:
    if message.type == "error" and not any(part in message.text for part in NO_ERROR):
        errors.append(message.text)
