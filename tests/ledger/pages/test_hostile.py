"""Whatever stands in an address of the ledger, the answer is a page and no error of ours."""

import pytest

from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_exception, make_refund, make_row
from tests.pages.clients import page, signed_in
from tests.pages.test_hostile_addresses import NASTY

PARAMETERS = {
    "wallet_detail": ("q", "kind", "month", "as_of", "before", "after"),
    "refund_list": ("q", "state", "wallet", "cause", "since", "until", "page"),
    "exception_list": ("q", "show", "kind", "wallet", "since", "until", "page"),
    "rate_list": ("page",),
}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", NASTY, ids=ascii)
def test_a_nasty_parameter_is_no_error(desk: Desk, name: str, value: str) -> None:
    make_exception(desk.gig, row=make_row(desk.gig))
    make_refund(desk.gig)
    client = signed_in(desk.finance)
    parts = {"wallet": desk.gig.pk} if name == "wallet_detail" else {}
    for parameter in PARAMETERS[name]:
        response = client.get(page(name, desk.team, **parts), {parameter: value})
        assert response.status_code == 200, (parameter, value)
        assert "<script>" not in response.text.partition("<main")[2]
