"""Rentals from before their day was kept get the day that their team had."""

from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.apps import apps

from rentals.models import Rental
from tests.factories import make_member, make_provider_account, make_rental, make_team

fill_days = import_module("rentals.migrations.0002_rental_day").fill_days


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("zone", "day"),
    [("Pacific/Kiritimati", 11), ("America/Los_Angeles", 10), ("", 10), ("No/Such", 10)],
)
def test_the_day_is_by_the_team_s_zone(zone: str, day: int) -> None:
    team = make_team(time_zone=zone)
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    rental = make_rental(make_member(team), make_provider_account(team), at=at)
    Rental.objects.update(day=date(2000, 1, 1))
    fill_days(apps, None)
    rental.refresh_from_db()
    assert rental.day == date(2026, 3, day)
