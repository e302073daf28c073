"""Whatever stands in an address, the answer is a page and no error of ours."""

import pytest
from django.test import Client

from accounts.actions import Action
from accounts.models import AuditEvent
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
FILES = {
    "history_export": ("q", "state", "account", "service", "member", "since", "until", "sort"),
    "spend_table_export": ("period", "from", "to", "member", "service", "purpose", "by", "sort"),
    "refund_export": ("q", "state", "cause", "since", "until"),
    "exception_export": ("q", "kind", "since", "until", "show"),
    "audit_export": ("q", "action", "actor", "since", "until"),
}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_nasty_parameter_is_no_error(world: World, name: str, value: str) -> None:
    """As a whole page and as a part of one by turns, so that each parameter is tried both ways."""
    client = signed_in(world.admin)
    for number, parameter in enumerate(PARAMETERS[name], NASTY.index(value)):
        headers = HTMX if number % 2 else {}
        response = client.get(page(name, world.team), {parameter: value}, headers=headers)
        assert response.status_code in (200, 400, 404), (parameter, value)
        assert "<script>" not in response.text.partition("<main")[2]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_nasty_filter_is_no_error_of_a_file(world: World, name: str, value: str) -> None:
    client = signed_in(world.finance)
    for parameter in FILES[name]:
        response = client.get(page(name, world.team), {parameter: value})
        assert response.status_code in (200, 400, 404, 422), (parameter, value)


@pytest.mark.parametrize("name", ["history_export", "refund_export", "exception_export"])
def test_a_filter_that_can_not_be_read_makes_no_file_of_everything(world: World, name: str) -> None:
    response = signed_in(world.finance).get(page(name, world.team), {"since": "31.03.2026"})
    assert response.status_code == 422
    assert "Enter a valid date" in response.text
    assert not AuditEvent.objects.filter(action=Action.EXPORTED).exists()


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=\xe9",
        "multipart/form-data; boundary=",
        "application/x-www-form-urlencoded; charset=utf-7",
    ],
)
@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/account/login/", 400)])
def test_a_body_that_can_not_be_read_is_no_error_of_ours(
    db: None, path: str, status: int, kind: str
) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.cookies["csrftoken"] = "a" * 32
    assert client.generic("POST", path, b"--\xe9", content_type=kind).status_code == status
