"""What is kept of how lists are written, for the next time, is right for whoever looks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from accounts.pages.widgets import options
from rentals.templatetags.portal import of_rental, until, when

ROUTES = ("rental_detail", "rental_card", "rental_cancel", "rental_finish", "rental_more")


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("team", ["acme", "0", "rentals-0"])
def test_a_rentals_address_is_what_its_route_says(route: str, team: str) -> None:
    for rental in (0, 7, 100):
        assert of_rental(route, team, rental) == reverse(
            route, kwargs={"team": team, "rental": rental}
        )


def test_a_time_is_told_in_the_zone_and_language_of_whoever_looks() -> None:
    at = datetime(2025, 5, 1, 22, 30, tzinfo=ZoneInfo("UTC"))
    told = []
    for zone, language in (("UTC", "en"), ("Europe/Warsaw", "en"), ("Europe/Warsaw", "pl")):
        with timezone.override(zone), translation.override(language):
            told.append((when(at), until(at)))
    assert ">1 May 2025, 22:30<" in told[0][0]
    assert ">2 May 2025, 00:30<" in told[1][0]
    assert ">2 maj" in told[2][0].lower()
    assert 'datetime="2025-05-01T22:30:00+00:00"' in told[0][1]
    assert 'datetime="2025-05-02T00:30:00+02:00"' in told[1][1]
    assert "until 00:30" in told[1][1]
    assert "do 00:30" in told[2][1]


def test_choices_are_escaped_and_the_chosen_one_is_marked() -> None:
    written = options([(None, "Any"), ('"a"', "<b>&")], ['"a"'])
    assert written == (
        '<option value="">Any</option>'
        '<option value="&quot;a&quot;" selected>&lt;b&gt;&amp;</option>'
    )
