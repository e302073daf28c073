"""The system's Chromium: where it is, and how it is started for tests."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--no-sandbox",  # it has none as root, and visits no page but ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = (
    "The browser tests need Chromium: install it (apt install chromium), or set CHROMIUM to the "
    "program of a Chromium or Chrome."
)


def program() -> str:
    """The browser's path. Raises FileNotFoundError, saying what to install."""
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else PROGRAMS:
        if found := shutil.which(name):
            return found
    raise FileNotFoundError(MISSING)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=[*OPTIONS])
        yield browser
        browser.close()


@contextmanager
def beside_django() -> Iterator[Browser]:
    """The same in a thread that asks Django's database too.

    While Playwright's event loop runs, Django refuses plain queries unless told otherwise, and has
    other connections than before and after. Those that are out of sight meanwhile end unnoticed
    when the database is renewed, so none is left on either side.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        connections.close_all()
        with chromium() as browser:
            yield browser
            connections.close_all()
