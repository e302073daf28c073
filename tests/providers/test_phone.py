"""E.164 where a number is a real one, None where not, an exception never."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import phone
from providers.phone import e164, international, national


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("12025550123", "+12025550123"),
        (12025550123, "+12025550123"),
        ("+12025550123", "+12025550123"),
        ("2025550123", "+12025550123"),
        (" +1 (202) 555-0123 ", "+12025550123"),
        ("442079460123", "+442079460123"),
        ("+442079460123", "+442079460123"),
        ("+1234567890", None),
        ("1234567890", None),
        ("", None),
        ("+", None),
        ("abc", None),
        ("1-800-FLOWERS", None),
        ("+12025550123 ext. 5", None),
        ("١٢٠٢٥٥٥٠١٢٣", None),
        ("1" * 500, None),
        (0, None),
        (-12025550123, None),
        (True, None),
    ],
)
def test_e164(raw: str | int, expected: str | None) -> None:
    assert e164(raw) == expected


def test_the_region_decides_what_a_national_number_means() -> None:
    assert e164("020 7946 0123", region_hint="GB") == "+442079460123"
    assert e164("020 7946 0123", region_hint="US") is None
    assert e164("020 7946 0123", region_hint="nowhere") is None


def test_for_people() -> None:
    assert national("12025550123") == "(202) 555-0123"
    assert international(12025550123) == "+1 202-555-0123"
    assert international("+442079460123") == "+44 20 7946 0123"
    assert national("+1234567890") == international("+1234567890") == "+1234567890"
    assert international(1) == "1"
    assert international(True) == "True"


@given(st.text(max_size=45) | st.integers() | st.text("+0123456789 ()-./", max_size=45))
def test_never_raises(raw: str | int) -> None:
    number = e164(raw)
    assert number is None or e164(number) == number
    national(raw)
    international(raw)


def test_what_is_kept_of_numbers_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    phone._kept.cache_clear()
    monkeypatch.setattr(phone, "_kept_since", now)
    monkeypatch.setattr(phone, "monotonic", lambda: now + 59)
    international(12025550123)
    international(12025550124)
    assert phone._kept.cache_info().currsize == 2
    monkeypatch.setattr(phone, "monotonic", lambda: now + 61)
    international(12025550125)
    assert phone._kept.cache_info().currsize == 1
