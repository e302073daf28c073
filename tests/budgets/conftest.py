"""A house for each test."""

import pytest

from tests.budgets.renting import House, make_house
from tests.mail_server import rested

__all__ = ["house", "rested"]


@pytest.fixture
def house(db: None) -> House:
    return make_house()
