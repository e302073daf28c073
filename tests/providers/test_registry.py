"""Which providers there are, and which prefixes they take."""

import pytest

from providers.provider import Unsupported
from providers.registry import PROVIDERS, UnknownProvider, provider
from providers.values import Capabilities, Limits, RentOrder


def test_every_code_gives_its_adapter() -> None:
    assert PROVIDERS == ("smsgig", "smsvilla")
    for code in PROVIDERS:
        adapter = provider(code)
        assert adapter.code == code and adapter.name
        assert len(adapter.currency) == 3 and adapter.base_url.startswith("https://")


def test_an_unknown_code_names_the_known_ones() -> None:
    with pytest.raises(UnknownProvider, match="smsgig, smsvilla"):
        provider("nobody")


def test_the_server_prefix_is_part_of_the_paths() -> None:
    assert provider("smsgig").poll("1").path == "/s1/status"
    assert provider("smsgig", "s2").poll("1").path == "/s2/status"
    assert provider("smsgig", "s2").balance().path == "/balance"


@pytest.mark.parametrize("prefix", ["../x", "S1", "s1/", "s 1", "s" * 17, "s1?x=1"])
def test_a_prefix_cannot_lead_elsewhere(prefix: str) -> None:
    for code in PROVIDERS:
        with pytest.raises(ValueError):
            provider(code, prefix)


def test_what_the_documents_say_that_each_can_do() -> None:
    assert provider("smsgig").capabilities == Capabilities(
        statement=True,
        multiple_sms=True,
        finish=True,
        choose_number=False,
        signed_webhooks=True,
        quotes_price=True,
        refund_at_once=True,
        limits=None,
        server_prefixes=("s1",),
    )
    assert provider("smsvilla").capabilities == Capabilities(
        statement=False,
        multiple_sms=False,
        finish=False,
        choose_number=True,
        signed_webhooks=False,
        quotes_price=False,
        refund_at_once=False,
        limits=Limits(per_minute=100, per_day=5000),
    )


def test_one_particular_number_is_ordered_only_where_it_can_be() -> None:
    order = RentOrder("gmail", phone_number="+12025550123")
    assert provider("smsvilla").rent(order).json == {
        "service_code": "gmail",
        "phone_number": "+12025550123",
    }
    with pytest.raises(Unsupported):
        provider("smsgig").rent(order)
