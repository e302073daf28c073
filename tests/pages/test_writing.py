"""What is kept of how lists are written, for the next time, is right for whoever looks."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils import timezone, translation

from accounts.pages.widgets import options
from rentals.spend.charts import round_up
from rentals.templatetags.portal import of_rental, until, when
from rentals.timeline import masked

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
    assert ">2 maj 2025, 00:30<" in told[2][0]
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


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "1 row"),
        ("en", 1897, "1,897 rows"),
        ("pl", 1897, "1\N{NO-BREAK SPACE}897 rows"),
    ],
)
def test_counts_have_their_thousands_apart(language: str, count: int, said: str) -> None:
    template = Template(
        "{% load i18n accounts %}{% blocktranslate count count=rows|counted %}{{ count }} row"
        "{% plural %}{{ count }} rows{% endblocktranslate %}"
    )
    with translation.override(language):
        assert template.render(Context({"rows": count})) == said


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The provider refused (404).", "The provider refused (404)."),
        ("The provider refused (400): no 482 left", "The provider refused (400): no ••• left"),
        ("The provider refused (400): it was (482).", "The provider refused (400): it was (•••)."),
        ("It is unclear: call 911 (500).", "It is unclear: call ••• (500)."),
        ("Your code is 482913", "Your code is •••"),
        ("It was (482)", "It was (•••)"),
    ],
)
def test_a_status_is_told_to_those_who_see_no_codes(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("highest", "top"),
    [("0", "1"), ("0.21", "0.25"), ("4", "4"), ("7", "8"), ("21", "25"), ("20.01", "25"),
     ("31", "40"), ("99.5", "100"), ("1240", "1500")],
)  # fmt: skip
def test_a_chart_ends_little_above_its_highest_bar(highest: str, top: str) -> None:
    assert round_up(Decimal(highest)) == Decimal(top)
