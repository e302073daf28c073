"""Where somebody is signed in, in words."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.pages.browsers import named
from tests.factories import make_user
from tests.pages.clients import words

ON_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/"
ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) "
ON_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
ON_ANDROID = "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) "
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.mark.parametrize(
    ("user_agent", "said"),
    [
        (ON_WINDOWS + "Gecko/20100101 Firefox/144.0", "Firefox on Windows"),
        (ON_WINDOWS + CHROME, "Chrome on Windows"),
        (ON_WINDOWS + CHROME + " Edg/140.0.0.0", "Edge on Windows"),
        (ON_WINDOWS + CHROME + " OPR/120.0.0.0", "Opera on Windows"),
        (ON_MAC + "605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15", "Safari on Mac"),
        (ON_IPHONE + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (ON_IPHONE + "CriOS/140.0.0.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (ON_IPHONE + "FxiOS/144.0 Mobile/15E148 Safari/605.1.15", "Firefox on iPhone"),
        (ON_ANDROID + "Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            ON_ANDROID + "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) " + CHROME, "Chrome on ChromeOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
         "Firefox on Linux"),
        ("curl/8.14.1", "Another program"),
        ("", "Another program"),
    ],
)  # fmt: skip
def test_a_browser_and_its_system_are_named(user_agent: str, said: str) -> None:
    assert named(user_agent) == said


@pytest.mark.django_db
def test_the_page_says_so_and_keeps_the_whole_text_at_hand() -> None:
    client = Client(headers={"user-agent": ON_WINDOWS + CHROME})
    client.force_login(make_user())
    client.get(reverse("profile"))
    assert UserSession.objects.count() == 1
    said = words(client.get(reverse("usersessions_list")))
    assert "Chrome on Windows" in said
    assert "As it names itself " + ON_WINDOWS + CHROME in said
