"""The time by which half of the codes had come, out of counts in bins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rentals.quality.bins import BINS, EDGES, median


def counts(**at: int) -> list[int]:
    """Codes by the place of their bin: `counts(b0=2, b3=1)`."""
    return [at.get(f"b{place}", 0) for place in range(BINS)]


@pytest.mark.parametrize(
    ("came", "seconds"),
    [
        (counts(), None),
        (counts(b0=4), 2.5),
        (counts(b0=1, b1=1), 5.0),
        (counts(b1=1, b2=1, b4=9), 20 + 5 * 3.5 / 9),
        (counts(b22=3), 3600.0),
    ],
)
def test_the_median_lies_where_half_have_come(came: list[int], seconds: float | None) -> None:
    assert median(came) == pytest.approx(seconds)


@given(st.dictionaries(st.integers(0, BINS - 1), st.integers(1, 5), max_size=6))
def test_half_of_the_codes_come_before_the_median(at: dict[int, int]) -> None:
    came = [at.get(place, 0) for place in range(BINS)]
    found = median(came)
    if not sum(came):
        assert found is None
        return
    assert found is not None
    before = sum(count for count, edge in zip(came, EDGES, strict=False) if edge <= found)
    until = sum(came[: sum(edge <= found for edge in EDGES) + 1])
    assert before <= sum(came) / 2 + 1e-9
    assert until >= sum(came) / 2 - 1e-9
