"""What a statement's description says of the service."""

import pytest

from ledger.matching.words import UNKNOWN, UNTOLD, meant, numbered

RENTED = ["eBay", "Game ID", "ID.me", "The Rental Co", "Time Messenger", "WhatsApp", "Steam"]


@pytest.mark.parametrize(
    ("description", "name"),
    [
        ("Refund for eBay rental #", "eBay"),
        ("WhatsApp Business rental #", "WhatsApp"),
        ("Messenger rental #", "Time Messenger"),
        # Names with a word that any description may have.
        ("ID.me rental #", "ID.me"),
        ("Refund for ID.me rental #", "ID.me"),
        ("IDme rental #", "ID.me"),
        ("Purchase of a number for Game ID, rental #", "Game ID"),
        ("Refund for The Rental Co rental #", "The Rental Co"),
    ],
)
def test_a_description_names_a_service(description: str, name: str) -> None:
    services = numbered(RENTED)
    assert meant(description, services) == services[name]


def test_the_service_whose_whole_name_is_written_is_meant() -> None:
    services = numbered(["Hook", "No Hook"])
    assert meant("Refund for Hook rental #", services) == services["Hook"]
    assert meant("Refund for No Hook rental #", services) == services["No Hook"]


def test_some_descriptions_name_none() -> None:
    services = numbered(RENTED)
    assert meant("Refund for rental #", services) == UNTOLD
    assert meant("Telegram rental #", services) == UNKNOWN
