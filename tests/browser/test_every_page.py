"""What holds for every page there is, with rows in it and without: a new one is tried by itself.

No violation of axe's rules, nothing to scroll sideways and nothing that jumps while it loads, in
both themes, on a phone and on a desk; no error in the console; a first load that a slow line bears.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext

from accounts.models import User
from tests.browser.gates import Gate
from tests.browser.lived_in import cookie_of, empty_pages, lived_in, pages

pytestmark = [pytest.mark.browser, pytest.mark.processes, pytest.mark.timeout(900)]

WAYS: Final[dict[str, Any]] = {
    "phone-dark": {"color_scheme": "dark", "viewport": {"width": 320, "height": 640}},
    "desk-light": {"color_scheme": "light", "viewport": {"width": 1440, "height": 900}},
}


class Visitor:
    """One tab, at which one after the other looks at pages."""

    def __init__(self, context: BrowserContext, web: str) -> None:
        self._context = context
        self._gate = Gate(context.new_page(), web)
        self._web = web
        self._sessions: dict[User, str] = {}

    def wrong(self, pages: Iterable[tuple[str, User | None, str]]) -> list[str]:
        return [f"{name} {said}" for name, user, at in pages for said in self._look(user, at)]

    def _look(self, user: User | None, address: str) -> Iterator[str]:
        self._gate.leave()  # or the last page would go on asking, as somebody else
        self._context.clear_cookies()
        if user is not None:
            value = self._session(user)
            self._context.add_cookies([{"name": "sessionid", "value": value, "url": self._web}])
        yield from self._gate.wrong(address)

    def _session(self, user: User) -> str:
        if user not in self._sessions:
            self._sessions[user] = cookie_of(user)
        return self._sessions[user]


@pytest.fixture(params=WAYS)
def visitor(
    request: pytest.FixtureRequest, chromium: Browser, web: str, fresh_database: str
) -> Iterator[Visitor]:
    context = chromium.new_context(base_url=web, reduced_motion="reduce", **WAYS[request.param])
    yield Visitor(context, web)
    context.close()


def test_every_page_is_for_everybody_and_light(visitor: Visitor) -> None:
    assert visitor.wrong(pages(lived_in())) == []


@pytest.mark.parametrize("visitor", ["phone-dark"], indirect=True)
def test_so_is_every_page_of_a_team_that_begins(visitor: Visitor) -> None:
    """In one of the ways: by day the design system's page has what they are made of."""
    assert visitor.wrong(empty_pages()) == []
