"""The link for whoever forgot their password: to its owner alone, whatever the mail server does."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from accounts import password_mail
from accounts.models import User
from accounts.password_mail import mail_link
from tests.accounts.making import make_user
from tests.mail_server import NOBODY, mail_to

pytestmark = pytest.mark.django_db

NEW = "a-new-password-77"


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """What workers were told; they take each of it."""
    told: list[tuple[object, ...]] = []

    def nudge(*said: object) -> bool:
        told.append(said)
        return True

    monkeypatch.setattr(password_mail, "nudge", nudge)
    return told


@pytest.fixture
def no_mail_server(settings: Settings) -> None:
    mail_to(settings, NOBODY)


def forgets(email: str, **headers: str) -> int:
    address = reverse("account_reset_password")
    return Client().post(address, {"email": email}, headers=headers).status_code


def test_a_worker_is_told_of_who_is_known_and_strangers_get_no_mail(
    nudged: list[object],
    no_mail_server: None,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    """The page answers alike, though no mail server is there."""
    user = make_user()
    with django_capture_on_commit_callbacks(execute=True):
        assert forgets(user.email) == 302
        assert forgets("nobody@example.org") == 302
    assert nudged == [("accounts.mail_password_link", user.pk)]
    assert mail.outbox == []


def test_without_a_worker_it_is_sent_at_once_and_fails_nobody(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    user = make_user()
    monkeypatch.setattr(password_mail, "nudge", lambda *_said: False)
    with django_capture_on_commit_callbacks(execute=True):
        assert forgets(user.email, host="127.0.0.1") == 302
    [message] = mail.outbox
    assert message.to == [user.email]
    mail_to(settings, NOBODY)
    with django_capture_on_commit_callbacks(execute=True):
        assert forgets(user.email) == 302


def test_the_link_is_of_the_portal_s_own_address_and_works_once() -> None:
    user = make_user()
    mail_link(user.pk)
    [message] = mail.outbox
    assert message.subject == "SMS Portal: choose a new password"
    [link] = re.findall(
        r"^http://localhost(/account/password/reset/key/\S+)$", str(message.body), re.M
    )
    browser = Client()
    form = browser.get(link)["Location"]
    browser.post(form, {"password1": NEW, "password2": NEW})
    assert User.objects.get(pk=user.pk).check_password(NEW)
    assert "does not work" in Client().get(link).content.decode()


def test_who_is_deactivated_gets_none() -> None:
    mail_link(make_user(is_active=False).pk)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_said_to_who_tries_again(no_mail_server: None) -> None:
    with pytest.raises(OSError, match="refused"):
        mail_link(make_user().pk)
