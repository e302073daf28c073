"""What is around every page: the menu, the theme, the balances, and pages for errors."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import timezone

from smsportal.errors import server_error
from tests.factories import make_rental
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_the_menu_offers_what_the_role_allows(world: World) -> None:
    admins = page("people", world.team)
    assert admins in signed_in(world.admin).get(page("board", world.team)).text
    for membership in (world.member, world.finance):
        assert admins not in signed_in(membership).get(page("board", world.team)).text


@pytest.mark.parametrize("name", ["spend", "spend_months", "month_list", "budget_list", "wallets"])
def test_the_menu_says_once_where_one_is(world: World, name: str) -> None:
    shown = signed_in(world.admin).get(page(name, world.team)).text
    assert shown.count('aria-current="page"') == 1


@pytest.mark.parametrize("part", ["toasts", "announcer"])
def test_what_is_said_in_passing_interrupts_nobody(world: World, part: str) -> None:
    shown = signed_in(world.member).get(page("board", world.team)).text
    [tag] = re.findall(rf'<[^>]* id="{part}"[^>]*>', shown)
    assert 'role="status"' in tag
    assert 'aria-live="polite"' in tag


def test_balances_are_in_the_bar(world: World) -> None:
    world.gig.balance, world.gig.balance_read_at = Decimal("48.215"), timezone.now()
    world.gig.save()
    said = words(signed_in(world.member).get(page("board", world.team)))
    assert f"{world.gig.label} USD 48.215" in said
    assert f"{world.villa.label} not read yet" in said


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_in_the_page_itself(world: World, theme: str) -> None:
    client, board = signed_in(world.member), page("board", world.team)
    response = client.post("/theme", {"theme": theme}, headers={"Referer": "http://testserver/x"})
    assert response["Location"] == "/x"
    assert f'data-theme="{theme}"' in client.get(board).text
    client.post("/theme", {"theme": "system"})
    assert "data-theme=" not in client.get(board).text


def test_an_unknown_theme_is_refused(db: None) -> None:
    response = Client().post("/theme", {"theme": '"><script>'})
    assert response.status_code == 400
    assert "theme" not in response.cookies


def test_a_theme_never_leads_to_another_host(db: None) -> None:
    headers = {"Referer": "http://elsewhere.example/"}
    response = Client().post("/theme", {"theme": "dark"}, headers=headers)
    assert response["Location"] == "/"


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "PUBLIC_URL and ALLOWED_HOSTS"), ("pl", "PUBLIC_URL i ALLOWED_HOSTS")],
)
def test_a_name_that_is_not_ours_is_refused_in_words(db: None, language: str, said: str) -> None:
    headers = {"Host": "elsewhere.example", "Accept-Language": language}
    response = Client(raise_request_exception=False).get("/", headers=headers)
    assert response.status_code == 400
    assert said in response.text
    assert "elsewhere" not in response.text
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("referrer", ["board", "ÿ", "http://[bad", "/", "//elsewhere.example/"])
def test_a_form_sent_from_nowhere_leads_to_a_page(world: World, referrer: str) -> None:
    client, rental = signed_in(world.member), make_rental(world.member, world.gig)
    for address in ("/theme", page("rental_finish", world.team, rental=rental.pk)):
        response = client.post(address, {"theme": "dark"}, headers={"Referer": referrer})
        assert response.status_code == 302
        assert response["Location"] in ("/", page("board", world.team))


@pytest.mark.parametrize(
    "address",
    [
        "/profile/",
        "/account/sessions/",
        "/account/2fa/",
        "/account/2fa/webauthn/",
        "/account/password/change/",
        "/account/reauthenticate/",
        "/account/logout/",
        "/nowhere",
        "/",
    ],
)
def test_no_page_is_kept_by_a_cache(world: World, address: str) -> None:
    """Each has somebody's own on it, which "back" must not show after they have signed out."""
    response = signed_in(world.member).get(address)
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))


def test_a_missing_page_is_said_in_words(world: World) -> None:
    for client in (Client(), signed_in(world.member)):
        response = client.get("/nowhere")
        assert response.status_code == 404
        assert "Nothing here" in words(response)


def test_a_form_without_its_token_is_said_in_words(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.member.user)
    rental = make_rental(world.member, world.gig)
    response = client.post(page("rental_cancel", world.team, rental=rental.pk))
    assert response.status_code == 403
    assert "Please send that again" in words(response)
    rental.refresh_from_db()
    assert rental.state == "waiting"


@pytest.mark.parametrize(
    ("problem", "status", "said"),
    [
        (ValueError("internal detail"), 500, "Something broke on our side"),
        (OperationalError("internal detail"), 503, "Back in a moment"),
    ],
)
def test_our_own_failure_is_said_in_words(problem: Exception, status: int, said: str) -> None:
    try:
        raise problem
    except type(problem):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == status
    assert said in words(response)
    assert "internal detail" not in response.text
    assert ("Retry-After" in response) == (status == 503)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_has_what_the_content_policy_blocks(template: Path) -> None:
    source = re.sub(r"{#.*?#}", "", template.read_text())
    assert not re.search(r"\sstyle=", source)
    assert not re.search(r"\son[a-z]+=", source)
    assert "hx-on" not in source
    assert "<style" not in source
    assert not re.search(r"<script(?![^>]*\ssrc=)", source)
    assert "hx-vals='js:" not in source
