"""Every list says why it is empty: nothing was there yet, nothing matches, not for this role."""

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

import pytest
from django.utils import timezone

from accounts.models import Membership
from accounts.request_log import keep, line
from accounts.states import Lane, Role
from providers.calls import Delivered, Reply
from providers.registry import provider
from rentals.operations import fold_quality, fold_spend
from tests.access.matrix import EVERYBODY, MATRIX
from tests.access.world import World, addresses, make_world
from tests.factories import make_member, make_provider_account, make_team
from tests.pages.clients import page, signed_in, words


@dataclass(frozen=True)
class Lists:
    """What the page of a list says at first, and where `query` matches nothing.

    "" where that can't be: a list with its own reader in it, or without filters.
    """

    first: str
    nothing: str = ""
    query: dict[str, str] = field(default_factory=dict[str, str])


LISTS: Final = {
    "board": Lists("Nothing is live", "No match", {"q": "zzz"}),
    "rental_list": Lists("No rentals yet", "No rental matches", {"q": "zzz"}),
    "spend": Lists("Nothing spent yet", "No spend matches", {"service": "zzz"}),
    "spend_rentals": Lists("Nothing spent yet", "No spend matches", {"service": "zzz"}),
    "spend_months": Lists("Nothing spent yet", "No spend matches", {"month": "2019-01"}),
    "budget_list": Lists("No budget"),
    "wallets": Lists("No wallet yet"),
    "wallet_detail": Lists("", "No line matches", {"q": "zzz"}),
    "refund_list": Lists("No refund is owed", "No refund matches", {"q": "zzz"}),
    "exception_list": Lists("Everything is explained", "No exception matches", {"q": "zzz"}),
    "month_list": Lists("No month yet"),
    "rate_list": Lists("No rate yet"),
    "export_list": Lists("No long lists yet"),
    "people": Lists(""),
    "provider_accounts": Lists("No provider account yet"),
    "provider_account_requests": Lists("", "No request matches", {"result": "errors"}),
    "health": Lists("No provider account yet", "No rental matches", {"service": "zzz"}),
    "audit_log": Lists("Nothing is recorded yet", "No event matches", {"q": "zzz"}),
    "alert_list": Lists("Nothing has been wrong", "No alert matches", {"kind": "key_refused"}),
    "alert_hook": Lists(""),
    "saved_views": Lists("No views yet"),
    "find": Lists("", "Nothing found", {"q": "zzz"}),
}

# Pages that show one thing, ask for something, or are a part of another page.
NO_LISTS: Final = {
    "alert_bell",
    "alert_limits",
    "alert_mail",
    "audit_event",
    "board_live",
    "budget_add",
    "budget_answer",
    "budget_ask",
    "budget_change",
    "console_answer",
    "console_reveal",
    "deposit_take_back",
    "exception_detail",
    "export_detail",
    "month_close",
    "month_detail",
    "offer_list",
    "policy",
    "policy_change",
    "provider_account",
    "provider_account_add",
    "provider_console",
    "reconciliation",
    "refund_detail",
    "rental_card",
    "rental_detail",
    "rental_show_code",
    "saved_view",
    "team_settings",
    "wallet_bar",
}
FILES: Final = ("_export", "_file")
NOT_ALLOWED: Final = "Not for your role"


@pytest.fixture
def world(db: None) -> World:
    """With something in each list, so that it can match nothing."""
    world = make_world()
    call = provider("smsgig").balance()
    answered = Reply(Delivered.ANSWERED, status=200, body=b'{"balance": "1.00"}')
    keep([line(world.account.pk, call, answered, lane=Lane.BALANCE, at=timezone.now())])
    fold_spend()
    fold_quality()
    return world


def reader(world: World, name: str) -> Membership:
    """An admin where they may read it, or else somebody who may."""
    roles = MATRIX[name].roles
    held = (Role.ADMIN,) if Role.ADMIN in roles else tuple(roles)
    return make_member(world.team, *held)


def test_every_page_is_known_to_be_a_list_or_none() -> None:
    pages = {name for name, row in MATRIX.items() if "GET" in row.methods}
    assert {name for name in pages if not name.endswith(FILES)} == set(LISTS) | NO_LISTS


@pytest.mark.parametrize("name", [name for name, said in LISTS.items() if said.first])
def test_at_first_a_list_says_what_will_stand_there(db: None, name: str) -> None:
    newcomer = make_member(make_team(first_steps_over_at=None), *MATRIX[name].roles)
    shown = signed_in(newcomer).get(page(name, newcomer.team))
    assert shown.status_code == HTTPStatus.OK
    assert LISTS[name].first in words(shown)
    assert "<tbody" not in shown.text


@pytest.mark.parametrize("name", [name for name, said in LISTS.items() if said.nothing])
def test_where_nothing_matches_the_list_says_so_and_leads_back(world: World, name: str) -> None:
    address = page(name, world.team, **addresses(world, name))
    shown = signed_in(reader(world, name)).get(address, LISTS[name].query)
    assert LISTS[name].nothing in words(shown)
    assert 'class="empty' in shown.text or 'class="card empty' in shown.text


@pytest.mark.parametrize("name", LISTS)
def test_who_may_not_read_a_list_is_told_who_can_change_that(world: World, name: str) -> None:
    row = MATRIX[name]
    for role in EVERYBODY - row.roles:
        visitor = make_member(world.team, role)
        shown = signed_in(visitor).get(page(name, world.team, **addresses(world, name)))
        assert shown.status_code == HTTPStatus.FORBIDDEN
        assert NOT_ALLOWED in words(shown)
        assert "An admin can give it to you" in words(shown)


@pytest.mark.parametrize("name", ["spend", "spend_months", "spend_rentals"])
def test_what_others_spend_is_not_for_a_member(world: World, name: str) -> None:
    admin = world.visitors["admin"]
    assert admin is not None
    query = {"member": admin.pk}
    client = signed_in(make_member(world.team, Role.MEMBER))
    shown = client.get(page(name, world.team), query, follow=True)
    assert "What others spend is for finance and admins. This is your own" in words(shown)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("has_key", [False, True])
def test_an_empty_list_says_the_next_step(db: None, role: Role, has_key: bool) -> None:
    team = make_team()
    admin = make_member(team, Role.ADMIN)
    if has_key:
        make_provider_account(team)
    visitor = admin if role is Role.ADMIN else make_member(team, role)
    shown = signed_in(visitor).get(page("rental_list", team))
    button = re.search(r'class="button button--primary" href="([^"]+)"', shown.text)
    leads_to = {
        (Role.MEMBER, True): page("board", team),
        (Role.ADMIN, True): page("board", team),
        (Role.ADMIN, False): page("provider_account_add", team),
    }
    assert (button and button[1]) == leads_to.get((role, has_key))
    assert (f"Ask {admin.user}" in words(shown)) is (role is not Role.ADMIN and not has_key)
