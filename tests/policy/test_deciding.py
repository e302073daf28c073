"""The rules by themselves: which rule says no to what, in which words."""

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rentals.policy import BadTerms, PurposeRule, Rule, Terms, Wish, checked, decide, example
from rentals.policy.tickets import is_ambiguous, matches

WISH = Wish(service="WhatsApp", price=Decimal("0.45"), currency="USD", purpose="")
LISTED = Terms(purpose_rule=PurposeRule.LISTED, purposes=("Sign-up", "Support"))
TICKET = Terms(purpose_rule=PurposeRule.TICKET, tickets=("QA-#", "INC####"))


def rules(terms: Terms, live: int = 0, **wished: Any) -> list[Rule]:
    wish = Wish(**{name: wished.get(name, getattr(WISH, name)) for name in WISH.__slots__})
    return [refusal.rule for refusal in decide(terms, wish, live=live)]


def test_without_rules_everything_goes() -> None:
    assert rules(Terms(), live=10_000) == []


@pytest.mark.parametrize(
    ("named", "refused"),
    [(("Telegram",), True), (("telegram", "WHATSAPP"), False), (("Whats  App",), True)],
)
def test_a_service_goes_by_its_name_in_any_case(named: tuple[str, ...], refused: bool) -> None:
    assert rules(Terms(services=named)) == ([Rule.SERVICE] if refused else [])


@pytest.mark.parametrize(
    ("highest", "refused"),
    [
        ({"USD": Decimal("0.4499")}, True),
        ({"USD": Decimal("0.45")}, False),
        ({"USD": Decimal(0)}, True),
        ({"NGN": Decimal("0.01")}, False),
    ],
)
def test_a_price_is_held_against_the_limit_of_its_own_currency(
    highest: dict[str, Decimal], refused: bool
) -> None:
    assert rules(Terms(highest=highest)) == ([Rule.PRICE] if refused else [])


@pytest.mark.parametrize(
    ("terms", "purpose", "refused"),
    [
        (Terms(purpose_rule=PurposeRule.REQUIRED), "", True),
        (Terms(purpose_rule=PurposeRule.REQUIRED), "anything", False),
        (LISTED, "", True),
        (LISTED, "support", True),
        (LISTED, "Support", False),
        (TICKET, "", True),
        (TICKET, "QA-", True),
        (TICKET, "QA-7", False),
        (TICKET, "QA-70000", False),
        (TICKET, "qa-7", True),
        (TICKET, "see QA-7", True),
        (TICKET, "QA-\u0667", True),
        (TICKET, "INC123", True),
        (TICKET, "INC1234", False),
        (TICKET, "INC12345", True),
    ],
)
def test_a_purpose_has_to_be_what_the_team_asks_for(
    terms: Terms, purpose: str, refused: bool
) -> None:
    assert rules(terms, purpose=purpose) == ([Rule.PURPOSE] if refused else [])


@pytest.mark.parametrize(("live", "refused"), [(0, False), (2, False), (3, True), (9, True)])
def test_a_member_has_so_many_live_rentals_and_no_more(live: int, refused: bool) -> None:
    assert rules(Terms(most_live=3), live=live) == ([Rule.MOST_LIVE] if refused else [])


def test_every_rule_that_says_no_is_told_at_once() -> None:
    terms = Terms(
        services=("Telegram",),
        highest={"USD": Decimal("0.10")},
        purpose_rule=PurposeRule.TICKET,
        tickets=("QA-#",),
        most_live=1,
    )
    told = decide(terms, WISH, live=1)
    assert [each.rule for each in told] == list(Rule)
    words = " ".join(each.words for each in told)
    for part in ("WhatsApp", "USD 0.45", "USD 0.10", "QA-123", "1 live rental,", "you have 1"):
        assert part in words


@pytest.mark.parametrize(
    ("terms", "field", "said"),
    [
        (Terms(purpose_rule=PurposeRule.LISTED, purposes=(" ",)), "purposes", "one a line"),
        (Terms(purpose_rule=PurposeRule.TICKET), "tickets", "QA-#"),
        (Terms(tickets=("QA-",)), "tickets", "“QA-” has no #"),
        (Terms(tickets=("20#-1",)), "tickets", "“20#-1” has a digit right beside a #"),
        (Terms(tickets=("#1",)), "tickets", "digit right beside"),
        (Terms(tickets=("#" * 41,)), "tickets", "40 characters"),
        (Terms(services=("a\u202eb",)), "services", "can’t be shown"),
        (Terms(purposes=("x" * 201,)), "purposes", "200 characters"),
        (Terms(services=tuple(map(str, range(501)))), "services", "500 lines"),
        (Terms(most_live=0), "most_live", "1 to 1000"),
        (Terms(most_live=1001), "most_live", "1 to 1000"),
        (Terms(highest={"USD": Decimal("NaN")}), "highest", "0 or more"),
        (Terms(highest={"USD": Decimal("-0.01")}), "highest", "0 or more"),
    ],
)
def test_rules_that_make_no_sense_are_refused(terms: Terms, field: str, said: str) -> None:
    with pytest.raises(BadTerms, match=said) as refused:
        checked(terms)
    assert refused.value.field == field


def test_lines_are_tidied() -> None:
    terms = Terms(services=(" Whats   App", "", "whats app", "Uber"), tickets=("QA-#", "qa-#"))
    assert checked(terms).services == ("Whats App", "Uber")
    assert checked(terms).tickets == ("QA-#", "qa-#")


patterns = st.text("aB1#-. (*+\\[", min_size=1, max_size=40).filter(
    lambda pattern: "#" in pattern and not is_ambiguous(pattern)
)


@given(patterns)
def test_a_pattern_allows_its_own_example(pattern: str) -> None:
    assert matches(pattern, example(pattern))


@given(patterns, st.text("aB12#-. (*+\\[", max_size=60))
def test_a_pattern_is_no_more_than_letters_and_numbers(pattern: str, purpose: str) -> None:
    """Compared with a matcher that is written quite differently."""
    assert matches(pattern, purpose) == _reads(pattern, purpose)


def _reads(pattern: str, text: str) -> bool:
    while pattern:
        if pattern[0] != "#":
            if text[:1] != pattern[0]:
                return False
            pattern, text = pattern[1:], text[1:]
            continue
        marks = len(pattern) - len(pattern.lstrip("#"))
        digits = len(text) - len(text.lstrip("0123456789"))
        if digits < 1 or (marks > 1 and digits < marks):
            return False
        taken = digits if marks == 1 else marks
        pattern, text = pattern[marks:], text[taken:]
    return not text


def test_no_pattern_keeps_anybody_waiting() -> None:
    begun = time.process_time()
    for pattern in ("#-" * 20, "#" * 40, "#a" * 20, "#." * 20):
        for purpose in ("1" * 200, "1-" * 100, "11111a" * 33, "1." * 99 + "x"):
            matches(pattern, purpose)
    assert time.process_time() - begun < 0.5


@pytest.mark.parametrize(
    ("live", "doubts", "said"),
    [
        (1, 0, "you have 1. Finish or cancel it first."),
        (2, 1, "you have 2. Finish or cancel it first. 1 is in doubt: it counts until"),
        (2, 2, "you have 2. 2 are in doubt: they count until"),
    ],
)
def test_nobody_is_told_to_end_what_is_in_doubt(live: int, doubts: int, said: str) -> None:
    (refusal,) = decide(Terms(most_live=1), WISH, live=live, doubts=doubts)
    assert said in refusal.words
