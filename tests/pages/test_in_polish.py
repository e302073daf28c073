"""Every page says all of its own words in Polish, and figures for machines as in English."""

import re
from collections.abc import Iterator
from html import unescape

from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.states import Role
from tests.access.matrix import MATRIX
from tests.access.world import World, addresses, make_world
from tests.catalogues import kept, strings
from tests.pages.clients import words
from tests.pages.test_languages import lang, reads

# What no translation leaves as it is; each stands on some page of the matrix.
ENGLISH = (
    "Skip to the content",
    "Sign out",
    "Your settings",
    "Exchange rates",
    "Provider accounts",
    "Audit log",
    "Team settings",
    "Save",
    "Filter the",
    "Waiting for SMS",
    "Code received",
    "In doubt",
    "Nothing is",
    "newest first",
)
# Attributes that scripts, browsers and drawings read.
MACHINE = re.compile(
    "x[12]?|y[12]?|width|height|viewBox|value|max|min|step|datetime|id|for|name|href|action|"
    "data-(now|deadline|rental|message|copy-code|stream|read|short)|hx-(get|post)|stroke-width"
)
ATTRIBUTE = re.compile(r"""([\w:-]+)=(?:"([^"]*)"|'([^']*)')""")
LOCALIZED = re.compile(r"\d(?:,|\u00a0|&nbsp;)\d")


def pages(world: World) -> Iterator[tuple[str, User, str]]:
    """Each page that can be looked at, and somebody who may."""
    for name in ("profile", "account_change_password", "mfa_index", "usersessions_list"):
        yield name, _visitor(world, Role.ADMIN), reverse(name)
    for name, row in MATRIX.items():
        if "GET" in row.methods:
            role = Role.ADMIN if Role.ADMIN in row.roles else min(row.roles)
            address = reverse(name, kwargs={"team": world.team.slug, **addresses(world, name)})
            yield name, _visitor(world, role), address


def _visitor(world: World, role: Role) -> User:
    user = world.visitors[role.value]
    assert user is not None
    return user


def test_every_page_is_there_in_polish(db: None, settings: Settings) -> None:
    """With the same answers as in English, no English of ours, and plain figures for machines."""
    nowhere = "http://127.0.0.1:1/api/v1"
    settings.PROVIDER_BASE_URLS = {"smsgig": nowhere, "smsvilla": nowhere}
    world = make_world()
    wrong, seen, translated = [], 0, set(said_otherwise("pl"))
    for name, visitor, address in pages(world):
        client = Client()
        client.force_login(visitor)
        reads(visitor, "en")
        english = client.get(address)
        reads(visitor, "pl")
        polish = client.get(address)
        if english.status_code != polish.status_code:
            wrong.append(f"{name}: {english.status_code}, {polish.status_code}")
        if not polish.headers.get("Content-Type", "").startswith("text/html"):
            continue
        seen += 1
        if "<html" in polish.text and lang(polish) != "pl":
            wrong.append(f"{name}: in {lang(polish)}")
        wrong += [f"{name}: says {each}" for each in ENGLISH if each in words(polish)]
        wrong += [f"{name}: says {each}" for each in texts(polish.text) & translated]
        wrong += [f"{name}: {each}" for each in localized(polish.text)]
    assert wrong == []
    assert seen > 40


def said_otherwise(language: str) -> Iterator[str]:
    """What a language says in other words."""
    for message in kept(language).messages:
        if isinstance(message.id, str) and message.id not in strings(message):
            yield message.id


def texts(html: str) -> set[str]:
    """Each text and each spoken attribute of a page, with single spaces."""
    plain = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.DOTALL)
    spoken = re.findall(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"', plain)
    return {" ".join(unescape(each).split()) for each in [*re.split(r"<[^>]+>", plain), *spoken]}


def localized(text: str) -> Iterator[str]:
    """What a machine reads and is written for people. A figure that is typed in is for people."""
    for tag in re.findall(r"<[a-zA-Z][^>]*>", text):
        if 'inputmode="decimal"' in tag:
            continue
        for name, one, other in ATTRIBUTE.findall(tag):
            if MACHINE.fullmatch(name) and LOCALIZED.search(one or other):
                yield f"{name}={one or other}"
