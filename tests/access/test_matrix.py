"""Every address below a team's, as everybody, with every method."""

from collections.abc import Iterator
from http import HTTPStatus

import pytest
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.states import Role
from tests.access.matrix import MATRIX, METHODS
from tests.access.world import World, addresses, fingerprint, form

VISITORS = ("anonymous", "stranger", "outsider", "member", "finance", "admin")
TEAM = "t/<slug:team>/"


def team_routes() -> Iterator[str]:
    """The names of all addresses below a team's."""
    for pattern in get_resolver().url_patterns:
        if str(pattern.pattern).startswith("t/"):
            assert str(pattern.pattern) == TEAM
            yield from _names(pattern)


def _names(pattern: URLPattern | URLResolver) -> Iterator[str]:
    if isinstance(pattern, URLPattern):
        yield pattern.name or f"unnamed: {pattern.pattern}"
    else:
        for inner in pattern.url_patterns:
            yield from _names(inner)


def expected(name: str, visitor: str, method: str) -> set[int]:
    row = MATRIX[name]
    if method not in row.methods:
        return {HTTPStatus.METHOD_NOT_ALLOWED}
    if visitor == "anonymous":
        return {HTTPStatus.FOUND}
    if visitor in ("stranger", "outsider"):
        return {HTTPStatus.NOT_FOUND}
    role = Role(visitor)
    if role not in row.roles:
        return {row.otherwise.get(role, HTTPStatus.FORBIDDEN)}
    # Whether it could be done now is another matter than whether they may.
    return {
        HTTPStatus.OK,
        HTTPStatus.FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }


def enter(world: World, visitor: str, *, htmx: bool = False) -> Client:
    """A browser, signed in as the visitor: which itself changes rows."""
    client = Client(headers={"HX-Request": "true"} if htmx else {})
    if user := world.visitors[visitor]:
        client.force_login(user)
    return client


def ask(
    client: Client, world: World, name: str, method: str, *, team: str = ""
) -> HttpResponseBase:
    address = reverse(name, kwargs={"team": team or world.team.slug, **addresses(world, name)})
    if method == "POST":
        return client.post(address, form(world, name))
    return client.generic(method, address)


def test_every_address_of_a_team_has_a_row() -> None:
    assert set(team_routes()) == set(MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_everybody_gets_what_the_matrix_says(world: World, name: str) -> None:
    clients = {visitor: enter(world, visitor) for visitor in VISITORS}
    asked = [(visitor, method) for visitor in VISITORS for method in METHODS]
    may = [each for each in asked if HTTPStatus.OK in expected(name, *each)]
    before = fingerprint()
    for visitor, method in asked:
        if (visitor, method) not in may:
            denied = ask(clients[visitor], world, name, method)
            assert denied.status_code in expected(name, visitor, method), (visitor, method)
            if denied.status_code == HTTPStatus.FOUND:
                assert denied["Location"].startswith(reverse("account_login"))
    assert fingerprint() == before
    for visitor, method in may:
        done = ask(clients[visitor], world, name, method)
        assert done.status_code in expected(name, visitor, method), (visitor, method)


@pytest.mark.parametrize("name", [name for name, row in MATRIX.items() if "POST" in row.methods])
def test_a_form_that_a_test_sends_would_do_something(world: World, name: str) -> None:
    """Else a denied form would prove nothing by changing nothing."""
    roles = MATRIX[name].roles
    client = enter(world, "admin" if Role.ADMIN in roles else min(roles).value)
    before = fingerprint()
    response = ask(client, world, name, "POST")
    needs_a_provider = {
        "provider_account_add",
        "provider_account_rotate_key",
        "catalogue_refresh",
    }
    running = {"provider_account_archive", "rental_cancel"}  # the rental is live, and has a code
    if name in needs_a_provider | running:
        assert response.status_code in (HTTPStatus.FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
    else:
        assert fingerprint() != before


def test_an_id_of_another_team_is_as_good_as_none(world: World) -> None:
    client = enter(world, "outsider")
    before = fingerprint()
    for name in filter(lambda name: addresses(world, name), MATRIX):
        for method in MATRIX[name].methods:
            response = ask(client, world, name, method, team=world.foreign.slug)
            assert response.status_code == HTTPStatus.NOT_FOUND, (name, method)
    assert fingerprint() == before


def test_htmx_is_sent_to_sign_in_as_a_whole_page(world: World) -> None:
    """Or a sign-in page would land inside a list."""
    client = enter(world, "anonymous", htmx=True)
    for name, row in MATRIX.items():
        response = ask(client, world, name, row.methods[-1])
        assert response.status_code == HTTPStatus.OK, name
        assert response["HX-Redirect"].startswith(reverse("account_login")), name


def test_pages_of_a_team_are_kept_by_no_cache(world: World) -> None:
    for name, row in MATRIX.items():
        if "GET" in row.methods:
            client = enter(world, "admin" if Role.ADMIN in row.roles else min(row.roles).value)
            assert "no-store" in ask(client, world, name, "GET")["Cache-Control"], name


def test_a_deactivated_member_is_out_at_once(world: World) -> None:
    client = Client()
    admin = world.visitors["admin"]
    assert admin is not None
    client.force_login(admin)
    address = reverse("people", kwargs={"team": world.team.slug})
    assert client.get(address).status_code == HTTPStatus.OK
    admin.is_active = False
    admin.save()
    assert client.get(address).status_code == HTTPStatus.FOUND
