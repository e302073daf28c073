"""Who gets in, who doesn't, and where they land."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from accounts.verified import vouch_for_email
from tests.accounts.making import PASSWORD, make_member, make_team, make_user

pytestmark = pytest.mark.django_db


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> int:
    form = {"login": user.email, "password": password, **more}
    return client.post(reverse("account_login"), form).status_code


def test_the_right_password_lets_in_and_the_wrong_one_does_not(client: Client) -> None:
    user = make_user()
    assert sign_in(client, user, "wrong") == 200
    assert "_auth_user_id" not in client.session
    assert sign_in(client, user) == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_an_address_is_known_in_any_case(client: Client) -> None:
    make_user("ada@example.org")
    form = {"login": "ADA@Example.org", "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 302


def test_a_deactivated_user_stays_out(client: Client) -> None:
    user = make_user(is_active=False)
    sign_in(client, user)
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down(client: Client) -> None:
    user = make_user()
    for _ in range(10):
        sign_in(client, user, "wrong")
    sign_in(client, user)
    assert "_auth_user_id" not in client.session


def test_signing_up_is_closed(client: Client) -> None:
    address = reverse("account_signup")
    assert "by invitation" in client.get(address).content.decode()
    client.post(address, {"email": "new@example.org", "password1": PASSWORD})
    assert not User.objects.exists()


def test_after_signing_in_one_comes_to_the_page_that_was_asked_for(client: Client) -> None:
    admin = make_member(make_team(), Role.ADMIN)
    wanted = reverse("people", args=[admin.team.slug])
    to_sign_in = client.get(wanted)
    assert to_sign_in["Location"] == f"{reverse('account_login')}?next={wanted}"
    form = {"login": admin.user.email, "password": PASSWORD, "next": wanted}
    assert client.post(reverse("account_login"), form)["Location"] == wanted


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/"])
def test_nobody_is_led_elsewhere(client: Client, elsewhere: str) -> None:
    form = {"login": make_user().email, "password": PASSWORD, "next": elsewhere}
    assert client.post(reverse("account_login"), form)["Location"] == reverse("home")


def test_nobody_adds_an_address_of_their_own(client: Client) -> None:
    user = make_user()
    vouch_for_email(user)
    sign_in(client, user)
    for action in ("action_add", "action_primary"):
        answer = client.post(reverse("account_email"), {action: "", "email": "other@example.org"})
        assert answer.status_code == 404
    assert [known.email for known in EmailAddress.objects.filter(user=user)] == [user.email]
    assert mail.outbox == []


def test_home_is_the_only_team(client: Client) -> None:
    member = make_member(make_team())
    client.force_login(member.user)
    board = reverse("board", args=[member.team.slug])
    assert client.get(reverse("home"))["Location"] == board


def test_home_of_several_teams_is_the_last_one_or_a_choice(client: Client) -> None:
    first, second = make_member(make_team()), make_team()
    make_member(second, user=first.user)
    client.force_login(first.user)
    page = client.get(reverse("home")).content.decode()
    assert first.team.name in page
    assert second.name in page
    client.get(reverse("board", args=[second.slug]))
    assert client.get(reverse("home"))["Location"] == reverse("board", args=[second.slug])


def test_home_without_a_team_says_what_to_do(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    assert "in no team yet" in client.get(reverse("home")).content.decode()


def test_signing_out_takes_a_form(client: Client) -> None:
    client.force_login(make_user())
    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session
