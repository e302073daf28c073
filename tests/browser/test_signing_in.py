"""The first page that anybody sees, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser import chromium as chrome
from tests.factories import PASSWORD, make_member, make_team, make_user

pytestmark = [pytest.mark.browser, pytest.mark.processes]


def test_a_person_signs_in_and_comes_to_their_board(page: Page) -> None:
    user = make_user()
    team = make_team()
    make_member(team, user=user)
    page.goto("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/t/{team.slug}/$"))


def test_a_session_made_by_a_test_is_one_for_the_server(
    page: Page, sign_in: Callable[[User], None]
) -> None:
    user = make_user()
    sign_in(user)
    page.goto("/")
    assert "login" not in page.url


def test_a_missing_browser_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="apt install chromium"):
        chrome.program()
