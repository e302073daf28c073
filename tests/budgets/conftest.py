"""A house for each test."""

import pytest

from tests.budgets.renting import House, make_house


@pytest.fixture
def house(db: None) -> House:
    return make_house()
