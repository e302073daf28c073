"""What the pages say and keep, above all when something is wrong."""

import re
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import gateway, operations
from accounts.models import Invitation, Membership, ProviderAccount, Team, User
from accounts.states import Lane, Role
from sandbox.core import Sandbox
from tests.accounts.making import PASSWORD, make_member, make_provider_account, make_team, make_user

pytestmark = pytest.mark.django_db

LINK = re.compile(r'data-copy="http://localhost(/invitations/[\w-]{43}/)"')


@pytest.fixture
def admin(client: Client) -> Membership:
    membership = make_member(make_team(), Role.ADMIN)
    client.force_login(membership.user)
    return membership


def at(who: Membership, name: str, /, **parts: int) -> str:
    return reverse(name, kwargs={"team": who.team.slug, **parts})


def invited(admin: Membership, email: str = "new@example.org") -> str:
    _, token = operations.invite(
        team=admin.team, email=email, roles=[Role.MEMBER], actor=admin.user, now=timezone.now()
    )
    return reverse("invitation", args=[token])


def test_an_invitations_link_is_shown_once(client: Client, admin: Membership) -> None:
    form = {"email": "new@example.org", "roles": ["member", "admin"]}
    page = client.post(at(admin, "invitation_create"), form, follow=True).content.decode()
    link = LINK.search(page)
    assert link is not None
    assert "Member, Admin" in page
    assert LINK.search(client.get(at(admin, "people")).content.decode()) is None
    assert Client().get(link[1]).status_code == HTTPStatus.OK


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"email": "no-address", "roles": ["member"]}, "valid email"),
        ({"email": "new@example.org"}, "at least one role"),
        ({"email": "new@example.org", "roles": ["owner"]}, "owner is not one"),
        ({}, "required"),
    ],
)
def test_a_wrong_invitation_is_shown_again(
    client: Client, admin: Membership, form: dict[str, object], says: str
) -> None:
    page = client.post(at(admin, "invitation_create"), form)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert says in page.content.decode()
    assert not Invitation.objects.exists()


def test_a_new_person_joins_and_is_signed_in(client: Client, admin: Membership) -> None:
    address, newcomer = invited(admin), Client()
    weak = newcomer.post(address, {"name": "Nia", "password": "12345678"})
    assert weak.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "12345678" not in weak.content.decode()
    joined = newcomer.post(address, {"name": "Nia", "password": PASSWORD})
    assert joined["Location"] == at(admin, "board")
    assert newcomer.get(joined["Location"]).status_code == HTTPStatus.OK
    assert newcomer.get(address).status_code == HTTPStatus.GONE
    assert newcomer.post(address, {"password": PASSWORD}).status_code == HTTPStatus.GONE


def test_a_known_person_signs_in_first(admin: Membership) -> None:
    known = make_user("known@example.org")
    address, browser = invited(admin, known.email), Client()
    page = browser.get(address).content.decode()
    assert f"{reverse('account_login')}?next={quote(address, safe='')}" in page
    browser.post(address, {"password": PASSWORD})
    assert not known.memberships.exists()
    browser.force_login(known)
    assert browser.post(address)["Location"] == at(admin, "board")
    assert known.memberships.get().roles == [Role.MEMBER]


def test_somebody_else_is_told_whose_the_link_is(admin: Membership) -> None:
    address, other = invited(admin), Client()
    other.force_login(make_user())
    assert "is for new@example.org" in other.get(address).content.decode()
    other.post(address)
    assert admin.team.memberships.count() == 1


def test_the_last_admin_is_told_to_find_another(client: Client, admin: Membership) -> None:
    for name, form in (("membership_remove", {}), ("membership_update", {"roles": ["member"]})):
        page = client.post(at(admin, name, membership=admin.pk), form, follow=True)
        assert "A team needs an admin" in page.content.decode()
    admin.refresh_from_db()
    assert admin.roles == [Role.ADMIN]


def test_an_admin_who_leaves_comes_home(client: Client, admin: Membership) -> None:
    make_member(admin.team, Role.ADMIN)
    left = client.post(at(admin, "membership_remove", membership=admin.pk))
    assert left["Location"] == reverse("home")


def test_a_provider_account_is_added_on_its_page(
    client: Client, admin: Membership, sandbox: Sandbox
) -> None:
    form = {"label": "Main", "server_prefix": "s1", "key": sandbox.key("smsgig")}
    added = client.post(at(admin, "provider_account_add") + "?provider=smsgig", form)
    account = ProviderAccount.objects.get()
    assert added["Location"] == at(admin, "provider_account", account=account.pk)
    page = client.get(added["Location"]).content.decode()
    assert sandbox.key("smsgig") not in page
    assert f"…{sandbox.key('smsgig')[-4:]}" in page
    assert "/hooks/smsgig/" in page


def test_a_wrong_key_is_never_shown_again(
    client: Client, admin: Membership, sandbox: Sandbox
) -> None:
    account = make_provider_account(admin.team, key=sandbox.key("smsvilla"))
    add = at(admin, "provider_account_add") + "?provider=smsvilla"
    rotate = at(admin, "provider_account_rotate_key", account=account.pk)
    for address in (add, rotate):
        page = client.post(address, {"label": "Other", "key": "secret-wrong-key"})
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "does not accept this key" in page.content.decode()
        assert "secret-wrong-key" not in page.content.decode()
    assert ProviderAccount.objects.count() == 1


def test_a_key_is_replaced_on_the_page(client: Client, admin: Membership, sandbox: Sandbox) -> None:
    account = make_provider_account(admin.team, key=sandbox.key("smsvilla"))
    key = sandbox.wallets.add_key(sandbox.wallet("smsvilla").id)
    address = at(admin, "provider_account_rotate_key", account=account.pk)
    page = client.post(address, {"key": key}, follow=True).content.decode()
    assert "The new key is in use" in page
    assert "Previous" in page
    assert gateway.open_door(account).key == key


def test_a_page_without_its_keyring_still_answers(
    client: Client, admin: Membership, settings: Settings, tmp_path: Path
) -> None:
    account = make_provider_account(admin.team)
    settings.KEYRING_FILE = str(tmp_path / "gone")
    page = client.get(at(admin, "provider_account", account=account.pk))
    assert page.status_code == HTTPStatus.OK
    assert "does not have" in page.content.decode()
    form = {"label": "Other", "key": "some-key"}
    added = client.post(at(admin, "provider_account_add"), form)
    assert added.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "There is no keyring" in added.content.decode()


def test_without_any_account_the_page_says_how_to_begin(client: Client, admin: Membership) -> None:
    assert "No provider account yet" in client.get(at(admin, "provider_accounts")).content.decode()


def test_usage_is_shown_against_the_limits(client: Client, admin: Membership) -> None:
    account = make_provider_account(admin.team)
    gateway.reserve(account, Lane.RENT, wanted=7, now=timezone.now())
    page = client.get(at(admin, "provider_account", account=account.pk)).content.decode()
    assert "7 of 100" in page
    assert "7 of 5,000" in page


def test_settings_are_kept_and_wrong_ones_refused(client: Client, admin: Membership) -> None:
    address = at(admin, "team_settings")
    wrong = client.post(address, {"name": "New", "time_zone": "Mars/Base"})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Team.objects.get().name != "New"
    form = {"name": "New", "time_zone": "Asia/Tokyo"}
    assert client.post(address, form)["Location"] == address
    team = Team.objects.get()
    assert (team.name, team.time_zone) == ("New", "Asia/Tokyo")
    assert (team.shares_board, team.auto_cancel) == (False, True)  # of the policy's page


def test_times_are_shown_in_ones_own_zone_else_the_teams(client: Client, admin: Membership) -> None:
    Team.objects.update(time_zone="Asia/Tokyo")
    moment = timezone.now().replace(year=2025, month=3, day=4, hour=20, minute=15)
    account = make_provider_account(admin.team, balance_read_at=moment)
    address = at(admin, "provider_account", account=account.pk)
    assert "5 Mar 2025, 05:15" in client.get(address).content.decode()
    client.post(reverse("profile"), {"name": "Ada", "time_zone": "Europe/Berlin"})
    assert User.objects.get(pk=admin.user_id).name == "Ada"
    assert "4 Mar 2025, 21:15" in client.get(address).content.decode()


def test_an_unknown_zone_in_the_database_breaks_no_page(client: Client, admin: Membership) -> None:
    User.objects.update(time_zone="Nowhere/At_All")
    assert client.get(at(admin, "people")).status_code == HTTPStatus.OK


def test_how_one_is_told_of_a_code_is_ones_own_choice(client: Client, admin: Membership) -> None:
    other, address = make_user(), reverse("profile_signals")
    assert admin.user.signals == []
    assert client.post(address, {"signals": ["sound", "title"]}).status_code == HTTPStatus.FOUND
    assert User.objects.get(pk=admin.user_id).signals == ["title", "sound"]
    assert User.objects.get(pk=other.pk).signals == []
    wrong = client.post(address, {"signals": ["sound", "fireworks"]})
    assert wrong.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "fireworks" in wrong.content.decode()
    assert User.objects.get(pk=admin.user_id).signals == ["title", "sound"]
    assert client.get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    client.post(address)
    assert User.objects.get(pk=admin.user_id).signals == []


def test_nobody_chooses_before_signing_in(client: Client) -> None:
    user = make_user()
    response = client.post(reverse("profile_signals"), {"signals": ["sound"]})
    assert response.status_code == HTTPStatus.FOUND
    assert "/account/login/" in response["Location"]
    assert User.objects.get(pk=user.pk).signals == []
