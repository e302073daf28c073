"""When a session was last seen is kept to the minute, and by whom at once."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    client = Client(headers={"user-agent": "Firefox"})
    client.force_login(make_user())
    client.get(reverse("profile"))
    return client


def seen(client: Client, **headers: str) -> bool:
    """Whether looking at a page is noted."""
    address = reverse("profile")
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, headers=headers or None).status_code == 200
    return any(query["sql"].startswith("UPDATE") for query in queries)


def test_a_page_soon_after_another_writes_nothing(client: Client) -> None:
    before = UserSession.objects.get().last_seen_at
    assert not seen(client)
    assert UserSession.objects.get().last_seen_at == before


def test_a_page_a_minute_later_is_noted(client: Client) -> None:
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(seconds=61))
    assert seen(client)
    assert timezone.now() - UserSession.objects.get().last_seen_at < timedelta(seconds=60)


def test_another_browser_or_address_is_noted_at_once(client: Client) -> None:
    assert seen(client, **{"user-agent": "Chrome"})
    assert UserSession.objects.get().user_agent == "Chrome"
    client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert seen(client)
    assert UserSession.objects.get().ip == "192.0.2.7"
