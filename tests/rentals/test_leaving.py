"""Somebody rents while an admin takes them out of the team or changes what they may do: one waits
for the other, and whoever comes later finds what the first has done."""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Membership
from accounts.operations import change_roles, remove_member
from accounts.states import Role
from ledger.models import Transfer
from rentals.models import Offer, Rental
from rentals.operations import RentalNotAllowed, request_rental
from tests import databases
from tests.factories import make_member, make_offer, make_provider_account, make_team
from tests.waiting import until

WAITING = """
    SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE NOT granted AND datname = current_database()
"""

pytestmark = pytest.mark.django_db(transaction=True)

type Change = Callable[[Membership], object]

CHANGES: dict[str, Change] = {
    "removed": lambda member: remove_member(membership=member, actor=None),
    "finance": lambda member: change_roles(membership=member, roles=[Role.FINANCE], actor=None),
}


@pytest.fixture
def other() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as other:
        yield other


@pytest.fixture
def offer() -> Offer:
    return make_offer(make_provider_account(make_team()))


@pytest.fixture
def member(offer: Offer) -> Membership:
    return make_member(offer.account.team, Role.MEMBER)


def alone(work: Callable[[], object]) -> object:
    """On a connection of its own."""
    try:
        return work()
    finally:
        connection.close()


def until_one_waits() -> None:
    with psycopg.connect(databases.url(), autocommit=True) as server:
        until(lambda: server.execute(WAITING).fetchone() == (1,), "the other waits for a lock")


def rent(member: Membership, offer: Offer) -> Rental:
    return request_rental(
        membership=member, offer=offer, request_key=uuid.uuid4(), now=timezone.now()
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_rent_that_came_first_is_kept(
    change: str, member: Membership, offer: Offer, other: ThreadPoolExecutor
) -> None:
    with transaction.atomic():
        rental = rent(member, offer)
        changed = other.submit(alone, lambda: CHANGES[change](member))
        until_one_waits()
    changed.result(20)
    assert Rental.objects.get() == rental
    assert not Membership.objects.filter(pk=member.pk, roles__contains=[Role.MEMBER]).exists()


@pytest.mark.parametrize("change", CHANGES)
def test_a_rent_that_comes_later_is_refused(
    change: str, member: Membership, offer: Offer, other: ThreadPoolExecutor
) -> None:
    """Its page was let in while they still had the role."""
    with transaction.atomic():
        CHANGES[change](member)
        rented = other.submit(alone, lambda: rent(Membership.objects.get(pk=member.pk), offer))
        until_one_waits()
    with pytest.raises(RentalNotAllowed):
        rented.result(20)
    assert not Rental.objects.exists()
    assert not Transfer.objects.filter(reference__startswith="rental:").exists()
