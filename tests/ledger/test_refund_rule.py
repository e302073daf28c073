"""A rule is learned only from enough refunds that agree, and only where no other rule does."""

# mypy: disable-error-code="comparison-overlap"

from decimal import ROUND_DOWN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.explaining import FullRefund, Observation, ProRata, Share, learn

AGES = [0.05, 0.2, 0.4, 0.6, 0.85]
PRICES = [Decimal(price) for price in (600, 500, 800, 350, 999)]


def seen(amount: object, ages: list[float] = AGES) -> list[Observation]:
    return [
        Observation(price, age, amount(price, Decimal(str(age))))  # type: ignore[operator]
        for price, age in zip(PRICES, ages, strict=True)
    ]


def down(amount: Decimal, unit: str = "0.01") -> Decimal:
    return (amount / Decimal(unit)).to_integral_value(ROUND_DOWN) * Decimal(unit)


def test_all_of_it_is_learned_and_expects_one_amount() -> None:
    rule = learn(seen(lambda price, age: price))
    assert rule == FullRefund()
    assert rule.expects(Decimal(600), 0.9) == (600, 600)


def test_four_are_not_enough() -> None:
    assert learn(seen(lambda price, age: price)[:4]) is None


def test_one_that_disagrees_is_enough_to_know_nothing() -> None:
    others = seen(lambda price, age: price)
    assert learn([*others, Observation(Decimal(600), 0.5, Decimal(599))]) is None


@pytest.mark.parametrize("unit", ["0.01", "1"])
def test_a_fixed_share_is_learned_with_its_rounding(unit: str) -> None:
    rule = learn(seen(lambda price, age: down(price * Decimal("0.83"), unit)))
    assert isinstance(rule, Share)
    assert rule.share == Decimal("0.83")
    assert rule.expects(Decimal("100.5"), 0.3)[0] == down(Decimal("83.415"), unit)


@pytest.mark.parametrize("unit", ["0.01", "1"])
def test_unused_time_is_learned_though_the_clocks_differ(unit: str) -> None:
    rule = learn(seen(lambda price, age: down(price * (1 - age - Decimal("0.004")), unit)))
    assert isinstance(rule, ProRata)
    low, high = rule.expects(Decimal(600), 0.5)
    assert low <= 300 <= high
    assert high - low <= 30


def test_refunds_that_two_rules_explain_teach_nothing() -> None:
    """Cancelled at once, all of the time is unused: full and pro rata say the same."""
    early = [0.001, 0.002, 0.003, 0.004, 0.005]
    assert learn(seen(lambda price, age: price, early)) is None


def test_shares_that_a_small_price_can_not_tell_apart_teach_nothing() -> None:
    tiny = [Observation(Decimal("0.05"), age, Decimal("0.02")) for age in AGES]
    assert learn(tiny) is None


def test_a_cancel_past_the_end_expects_no_less_than_nothing() -> None:
    rule = ProRata(Decimal("0.01"))
    assert rule.expects(Decimal(600), 1.0) == (0, 12)
    assert rule.expects(Decimal(600), 1.7) == (0, 12)
    assert rule.expects(Decimal(600), -0.5) == (588, 600)


prices = st.integers(10_000, 200_000).map(lambda cents: Decimal(cents) / 100)
ages = st.floats(0, 1)


@given(st.lists(st.tuples(prices, ages, st.integers(1, 100)), min_size=5, max_size=12))
def test_whatever_is_learned_agrees_with_all_that_was_seen(
    drawn: list[tuple[Decimal, float, int]],
) -> None:
    observations = [Observation(p, age, down(p * part / 100)) for p, age, part in drawn]
    rule = learn(observations)
    if rule is not None:
        for one in observations:
            low, high = rule.expects(one.charged, one.age)
            assert low <= one.amount <= high


@given(st.integers(1, 99), st.lists(st.tuples(prices, ages), min_size=5, max_size=12))
def test_a_share_is_never_mistaken_for_another(
    percents: int, drawn: list[tuple[Decimal, float]]
) -> None:
    share = Decimal(percents) / 100
    rule = learn([Observation(p, age, down(p * share)) for p, age in drawn])
    assert not isinstance(rule, FullRefund)
    if isinstance(rule, Share):
        assert rule.share == share
