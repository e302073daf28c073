"""Whatever stands in an address, the answer is a page and no error of ours."""

import pytest

from tests.pages.clients import HTMX, page, signed_in
from tests.pages.conftest import World

NASTY = [
    "\0",
    "a\0b",
    "'",
    '"><script>',
    "%",
    "\\",
    "9" * 400,
    "-1",
    "\ud7ff",
    "💥" * 200,
    "٣",
    "1e9",
    "9999-12-31",
    "9999-12",
    "0001-01-01",
]
PARAMETERS = {
    "board": ("q", "who"),
    "board_live": ("who",),
    "offer_list": ("q", "since", "offer"),
    "spend": (
        "period", "from", "to", "month", "member", "service", "account", "purpose", "outcome",
        "by", "sort", "page",
    ),
    "spend_months": ("month", "member", "page"),
    "rental_list": ("q", "state", "account", "service", "member", "since", "until", "sort", "page"),
}  # fmt: skip


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_nasty_parameter_is_no_error(world: World, name: str, value: str) -> None:
    client = signed_in(world.admin)
    for parameter in PARAMETERS[name]:
        for headers in ({}, HTMX):
            response = client.get(page(name, world.team), {parameter: value}, headers=headers)
            assert response.status_code in (200, 400, 404), (parameter, value)
            assert "<script>" not in response.text.partition("<main")[2]
