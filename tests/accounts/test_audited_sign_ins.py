"""Who came in, who tried to, from where, and what they did to their own way in."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts import audit
from accounts.actions import Action
from accounts.models import AuditEvent, User
from accounts.pages.addresses import client_address, current_address
from tests.accounts.making import PASSWORD, make_member, make_team, make_user

pytestmark = pytest.mark.django_db


def events(**wanted: Any) -> list[tuple[str, int | None]]:
    rows = AuditEvent.objects.filter(**wanted).order_by("pk")
    return list(rows.values_list("action", "actor"))


def sign_in(client: Client, user: User, password: str = PASSWORD) -> None:
    client.post(reverse("account_login"), {"login": user.email, "password": password})


def test_a_sign_in_and_a_sign_out_stand_in_the_log_of_each_team(client: Client) -> None:
    user = make_user()
    teams = [make_team(), make_team()]
    for team in teams:
        make_member(team, user=user)
    make_member(make_team())
    sign_in(client, user)
    client.post(reverse("account_logout"))
    for team in teams:
        assert events(team=team) == [("user.signed_in", user.pk), ("user.signed_out", user.pk)]
    assert AuditEvent.objects.count() == 4
    event = AuditEvent.objects.all()[0]
    assert event.address == "127.0.0.1"
    assert event.object_id == str(user.pk)
    assert event.after == {"email": user.email}


def test_a_failed_sign_in_tells_for_whom_and_not_by_whom(client: Client) -> None:
    member = make_member(make_team())
    sign_in(client, member.user, "not-the-Password-1")
    assert events(team=member.team) == [("user.sign_in_failed", None)]
    event = AuditEvent.objects.get()
    assert event.object_id == str(member.user_id)
    assert "not-the" not in str(event.__dict__)


def test_of_an_unknown_address_nothing_is_kept_that_was_typed(client: Client) -> None:
    """It may be a password in the wrong field."""
    client.post(reverse("account_login"), {"login": "hunter2@example.org", "password": "x"})
    event = AuditEvent.objects.get()
    assert (event.action, event.team, event.object_id) == ("user.sign_in_failed", None, "")
    assert "hunter2" not in str(event.__dict__)


def test_a_session_that_cannot_be_written_down_does_not_begin(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user()
    with connection.cursor() as cursor:  # a table that takes no row
        cursor.execute("ALTER TABLE accounts_auditevent ADD CHECK (action <> 'user.signed_in')")
    with pytest.raises(DatabaseError):
        sign_in(client, user)
    assert not UserSession.objects.exists()
    user.refresh_from_db()
    assert user.last_login is None


def test_a_new_password_is_recorded_without_it(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    new = "Another-Passw0rd-entirely"
    form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    client.post(reverse("account_change_password"), form)
    assert events() == [("user.password_set", user.pk)]
    assert new not in str(AuditEvent.objects.get().__dict__)


def test_changes_of_second_factors_are_recorded_without_their_secrets() -> None:
    user = make_user()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    codes = RecoveryCodes.activate(user)
    for factor in Authenticator.objects.filter(user=user):
        factor.record_usage()
        factor.delete()
    assert [word for word, _ in events(actor=user)] == [
        "user.factor_added",
        "user.recovery_codes_renewed",
        "user.factor_removed",
        "user.factor_removed",
    ]
    kept = str(list(AuditEvent.objects.values()))
    assert secret not in kept
    assert codes.get_unused_codes()[0] not in kept


def test_a_wrong_second_factor_is_a_failed_sign_in(client: Client) -> None:
    member = make_member(make_team())
    TOTP.activate(member.user, generate_totp_secret())
    sign_in(client, member.user)
    client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert events(team=member.team)[1:] == [("user.sign_in_failed", None)]
    assert AuditEvent.objects.latest("pk").after["factor"] == "second"


@pytest.mark.django_db(transaction=True)
def test_a_factor_and_its_record_go_together() -> None:
    """The page that removes one is served inside a transaction."""
    member = make_member(make_team())
    client = Client(raise_request_exception=False)
    sign_in(client, member.user)
    TOTP.activate(member.user, generate_totp_secret())
    again = client.post(reverse("mfa_deactivate_totp"))["Location"]
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE accounts_auditevent ADD CHECK (action <> 'user.factor_removed')"
        )
    form = {"password": PASSWORD, "next": reverse("mfa_deactivate_totp")}
    assert client.post(again, form).status_code == 500  # does what was put off for the password
    assert Authenticator.objects.filter(user=member.user).exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 500
    assert Authenticator.objects.filter(user=member.user).exists()


@pytest.mark.parametrize("name", ["mfa_deactivate_totp", "mfa_generate_recovery_codes"])
def test_whoever_signed_in_long_ago_is_asked_for_the_password_again(name: str) -> None:
    member = make_member(make_team())
    TOTP.activate(member.user, generate_totp_secret())
    client = Client()
    client.force_login(member.user)
    response = client.post(reverse(name))
    assert response.status_code == 302
    assert urlsplit(response["Location"]).path.endswith("/reauthenticate/")
    assert [each.type for each in Authenticator.objects.all()] == ["totp"]


def test_a_factor_is_not_removed_by_a_form_of_another_site() -> None:
    """The transaction that the log needs begins after the form's token was looked at."""
    member = make_member(make_team())
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)
    TOTP.activate(member.user, generate_totp_secret())
    before = AuditEvent.objects.count()
    assert client.post(reverse("mfa_deactivate_totp")).status_code == 403
    assert Authenticator.objects.filter(user=member.user).exists()
    assert AuditEvent.objects.count() == before


def test_other_devices_that_are_signed_out_are_counted(client: Client) -> None:
    user = make_user()
    other = Client()
    for each in (other, client):
        sign_in(each, user)
        each.get(reverse("usersessions_list"))
    client.post(reverse("usersessions_list"))
    event = AuditEvent.objects.latest("pk")
    assert event.action == Action.SESSIONS_ENDED
    assert event.after == {"email": user.email, "sessions": 1}


@pytest.mark.parametrize(
    ("proxies", "forwarded", "expected"),
    [
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.7, 203.0.113.9", "198.51.100.7"),
        (2, "203.0.113.9", "192.0.2.1"),
        (1, "", None),
        (1, "not-an-address", None),
        (1, "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_our_own_proxies_are_believed(
    settings: Settings, proxies: int, forwarded: str, expected: str | None
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded})
    request.META["REMOTE_ADDR"] = "192.0.2.1"
    assert client_address(request) == expected


@pytest.mark.parametrize("forwarded", ["", "203.0.113.9", "not-an-address"])
def test_who_comes_past_a_proxy_of_ours_can_sign_in(
    settings: Settings, client: Client, forwarded: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2
    user = make_user()
    form = {"login": user.email, "password": PASSWORD}
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    response = client.post(reverse("account_login"), form, headers=headers)
    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_outside_of_a_request_there_is_no_address(client: Client) -> None:
    client.get(reverse("account_login"))
    assert current_address() is None
    event = audit.record(team=None, actor=None, action=Action.KEYRING_ROTATED)
    assert event.address is None
