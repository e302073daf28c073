"""Which providers there are, and which prefixes they take."""

import pytest

from providers.registry import PROVIDERS, UnknownProvider, provider


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
