"""Single values: what is taken, what is refused, and that nothing is guessed."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from providers import reading
from providers.reading import UNREADABLE, Unreadable


def value(raw: str) -> object:
    """Give the value of a JSON text's only field."""
    return reading.document(f'{{"v": {raw}}}'.encode())["v"]


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        ("0.58", "0.58"),
        ('"0.58"', "0.58"),
        ('" 12 "', "12"),
        ("600", "600"),
        ("0", "0"),
        ("-0.0", "0.0"),
        ("2919.125", "2919.125"),
        ("5.8e-1", "0.58"),
        ("0.57999999999999996", "0.58"),
        ("0.1234", "0.1234"),
        ('"0.1000000000"', "0.1"),
        ("999999999999", "999999999999"),
        ('"1,234.50"', "1234.50"),
        ('"1,234,567"', "1234567"),
        ('"$12.30"', "12.30"),
        ('"$ 1,200"', "1200"),
        ('"₦1,200"', "1200"),
        ('"NGN 2,919.20"', "2919.20"),
        ('"12.30 USD"', "12.30"),
        ('"0.58$"', "0.58"),
    ],
)
def test_money(raw: str, amount: str) -> None:
    money = reading.money(value(raw))
    assert money == Decimal(amount) and not money.is_signed()


@pytest.mark.parametrize(
    "raw",
    [
        "-0.01",
        '"-1"',
        "1e12",
        "1e999999",
        "1e99999999999999999999",
        "NaN",
        "Infinity",
        "-Infinity",
        '"NaN"',
        '"1e3"',
        '"1.234,50"',
        '"12,30"',
        '"1,2345"',
        '"0,580"',
        '"12,345,6"',
        '"1 200"',
        '"$-1"',
        '"-$1"',
        '"$"',
        '"USD"',
        '"$$1"',
        '"($12.30)"',
        '"€12.30"',
        '"12.30 EUR"',
        '""',
        '"١٢"',
        "true",
        "null",
        "[1]",
        "{}",
        "9" * 5000,
    ],
)
def test_no_money(raw: str) -> None:
    with pytest.raises(Unreadable):
        reading.money(value(raw))


@pytest.mark.parametrize("raw", ["0.58", "-0.58", '"0.58"', '" -0.58"'])
def test_what_leaves_a_wallet_may_have_a_minus(raw: str) -> None:
    assert reading.paid_out(value(raw)) == Decimal("0.58")


@pytest.mark.parametrize("raw", ['"--1"', '"+1"', '"-"', "true", "null", "-1e12", "NaN"])
def test_nothing_that_leaves_a_wallet(raw: str) -> None:
    with pytest.raises(Unreadable):
        reading.paid_out(value(raw))


@pytest.mark.parametrize(
    ("raw", "identifier"),
    [
        ("10561661", "10561661"),
        ('"10561661"', "10561661"),
        ("10561661.0", "10561661"),
        ('" msg_1 "', "msg_1"),
        ('"007"', "007"),
        ("9" * 64, "9" * 64),
    ],
)
def test_identifiers(raw: str, identifier: str) -> None:
    assert reading.identifier(value(raw)) == identifier


@pytest.mark.parametrize(
    "raw",
    [
        *("0", "-1", "1.5", "1e30", "true", "false", "null", "NaN", "[]", "{}", "9" * 65),
        *('""', '" "', '"a b"', '"a\\nb"', '"a\\u0000"', '"é"', '"0"', '"NULL"', '"undefined"'),
        f'"{"9" * 65}"',
    ],
)
def test_no_identifiers(raw: str) -> None:
    with pytest.raises(Unreadable):
        reading.identifier(value(raw))


@pytest.mark.parametrize(
    "raw",
    [
        "2026-05-18T13:57:56.000000Z",
        "2026-05-18T13:57:56Z",
        "2026-05-18T13:57:56",
        "2026-05-18 13:57:56",
        "2026-05-18 13:57:56 UTC",
        "2026-05-18T15:57:56+02:00",
        "2026-05-18T13:57:56.000000000Z",
        " 2026-05-18T13:57:56+0000 ",
        1779112676,
        1779112676000,
        Decimal("1779112676.0"),
        "1779112676",
    ],
)
def test_moments(raw: object) -> None:
    moment = reading.moment(raw)
    assert moment == datetime(2026, 5, 18, 13, 57, 56, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "raw",
    [
        *("", "soon", "2026-05-18", "2026-13-18T13:57:56Z", "1999-12-31T23:59:59Z"),
        "2100-01-01T00:00:00Z",
        *("9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-05-18T13:57:56Zulu"),
        *(17475766, 174757667600, 4102444800, 4102444800000, -1747576676, None, True),
    ],
)
def test_no_moments(raw: object) -> None:
    with pytest.raises(Unreadable):
        reading.moment(raw)


def test_whole_numbers_and_lifetimes() -> None:
    assert [reading.whole(value(raw)) for raw in ("0", "600", '"600"', "600.0")] == [
        0,
        600,
        600,
        600,
    ]
    for raw in ("-1", "1.5", "true", '"1.5"', "1e10", '""', "null", '"٦"'):
        with pytest.raises(Unreadable):
            reading.whole(value(raw))
    assert (reading.lifetime(1), reading.lifetime(2_592_000)) == (1, 2_592_000)
    for seconds in (0, 2_592_001):
        with pytest.raises(Unreadable):
            reading.lifetime(seconds)


def test_texts_are_made_fit_to_be_stored() -> None:
    assert reading.text(value('"a\\u0000b\\ud800c"')) == "a\ufffdb\ufffdc"
    assert reading.text(value('"\\ud83d\\ude00"')) == "\U0001f600"
    assert (reading.text(None), reading.text(42)) == ("", "42")
    for raw in ("true", "1.5", "[]", "{}", "NaN"):
        with pytest.raises(Unreadable):
            reading.text(value(raw))
    assert (reading.line(" x "), reading.word("x" * 100)) == ("x", "x" * 100)
    for read, longest in ((reading.line, 200), (reading.word, 100)):
        assert len(read("x" * longest)) == longest
        with pytest.raises(Unreadable):
            read("x" * (longest + 1))


def test_phone_numbers_stay_as_they_came() -> None:
    written = ["15551234567", "+1 (202) 555-0123"]
    assert reading.phone(12025550123) == "12025550123"
    assert [reading.phone(raw) for raw in written] == written
    unreadable: list[object] = ["", "1" * 41, "12\n34", None, True, []]
    for one in unreadable:
        with pytest.raises(Unreadable):
            reading.phone(one)


def test_flags() -> None:
    assert all(reading.flag(value) for value in (True, 1, "1", "true", "Yes"))
    unset: list[object] = [False, 0, None, "", "no", [], "false", 2]
    assert not any(reading.flag(value) for value in unset)


def test_contradicting_keys_are_unreadable_and_repeated_ones_are_not() -> None:
    source = reading.document(b'{"a": 1, "a": 2, "b": 1, "b": 1, "c": 1, "c": true, "d": NaN}')
    assert source["b"] == 1
    assert [source[name] for name in "acd"] == [UNREADABLE] * 3


def test_lists_that_php_wrote_as_objects() -> None:
    assert list(reading.rows({"0": {"a": 1}, "2": {"a": 2}})) == [{"a": 1}, {"a": 2}]
    assert list(reading.rows(None)) == list(reading.rows({})) == []
    unreadable: list[object] = ["", 0, {"a": 1}, UNREADABLE]
    for one in unreadable:
        with pytest.raises(Unreadable):
            reading.rows(one)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}x", b"\xff", b"[" * 100_000, b'{"a":1,}', b"{'a':1}"]
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(Unreadable):
        reading.parse(body)
