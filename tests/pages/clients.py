"""A browser without JavaScript, signed in, and one with htmx."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Team

HTMX = {"HX-Request": "true"}


def signed_in(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def page(name: str, team: Team, **kwargs: Any) -> str:
    """The address of a team's page."""
    return reverse(name, kwargs={"team": team.slug, **kwargs})


def words(response: Any) -> str:
    """What a page says, without its tags and with single spaces."""
    text = re.sub(r"<(script|style|svg|template).*?</\1>", " ", response.text, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())
