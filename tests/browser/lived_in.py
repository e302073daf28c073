"""The world of the access matrix after some months: every list of it has rows in it."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from accounts.states import Role
from alerts.models import Alert
from alerts.states import Kind, Severity
from rentals.models import Rental
from rentals.operations import fold_quality, fold_spend
from rentals.states import RentalState
from tests.access.matrix import MATRIX
from tests.access.world import World, addresses, make_world
from tests.factories import make_member, make_message, make_offer, make_rental, make_team
from tests.ledger.pages.populating import populate

# What a page fetches into itself, and what is no page but a file.
PARTS: Final = {"alert_bell", "board_live", "offer_list", "rental_card", "wallet_bar"}
FILES: Final = ("_export", "_file")
LONG: Final = "https://example.org/" + "a" * 200


def lived_in() -> World:
    world = make_world()
    finance = world.visitors["finance"]
    assert finance is not None
    populate(world.team, finance)
    now = timezone.now()
    world.team.provider_accounts.update(
        balance=Decimal("48.215"), balance_read_at=now, catalogue_read_at=now
    )
    for number in range(12):
        make_offer(world.account, f"Offered service {number}", multiple_sms=bool(number % 2))
    for state in RentalState:
        _rent(world, state)
    for kind in Kind:
        _alert(world, kind)
    fold_spend()
    fold_quality()
    return world


def _rent(world: World, state: RentalState) -> None:
    """One of today and one of last month, so that lists and charts have a past."""
    now = timezone.now()
    for at in (now - timedelta(minutes=3), now - timedelta(days=33)):
        rental = make_rental(world.member, world.account, state, at=at, purpose="Sign-up flow")
        if state in (RentalState.RECEIVED, RentalState.FINISHED):
            _receive(rental)


def _receive(rental: Rental) -> None:
    make_message(rental, "111111")
    make_message(rental, "222222", confirmed_at=None)
    make_message(rental, "", text=LONG)


def _alert(world: World, kind: Kind) -> None:
    now = timezone.now()
    for days, closed in ((0, None), (3, now - timedelta(days=2))):
        Alert.objects.create(
            team=world.team,
            kind=kind,
            subject=f"test:{kind}:{days}",
            severity=Severity.WARNING,
            title=f"{kind.label}, to be looked at",
            link=reverse("board", kwargs={"team": world.team.slug}),
            opened_at=now - timedelta(days=days),
            closed_at=closed,
        )


def pages(world: World) -> Iterator[tuple[str, User | None, str]]:
    """The name of each page there is, somebody who may read it, and its address."""
    admin = world.visitors["admin"]
    for name in ("account_login", "account_reset_password", "account_signup"):
        yield name, None, reverse(name)
    for name in (
        "profile",
        "account_change_password",
        "mfa_index",
        "usersessions_list",
        "home",
        "design",
    ):
        yield name, admin, reverse(name)
    for name, row in MATRIX.items():
        if "GET" in row.methods and name not in PARTS and not name.endswith(FILES):
            role = Role.ADMIN if Role.ADMIN in row.roles else min(row.roles)
            address = reverse(name, kwargs={"team": world.team.slug, **addresses(world, name)})
            yield name, world.visitors[role.value], address
    for name in ("board", "rental_list", "rental_detail"):
        for role in (Role.MEMBER, Role.FINANCE):
            address = reverse(name, kwargs={"team": world.team.slug, **addresses(world, name)})
            yield f"{name} of {role}", world.visitors[role.value], address


def empty_pages() -> Iterator[tuple[str, User, str]]:
    """The pages of a team that has just begun, of those that say no more than the team."""
    beginner = make_member(make_team(), *Role)
    for name, row in MATRIX.items():
        address = _alone(name, beginner.team.slug)
        if "GET" in row.methods and address and name not in PARTS and not name.endswith(FILES):
            yield f"{name} of a new team", beginner.user, address


def _alone(name: str, team: str) -> str:
    """A page's address, "" where it needs to know more than the team."""
    try:
        return reverse(name, kwargs={"team": team})
    except NoReverseMatch:
        return ""


def cookie_of(user: User) -> str:
    """A session of theirs, as a browser keeps it."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
