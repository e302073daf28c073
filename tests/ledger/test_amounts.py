"""Amounts of money as a person reads them: grouped, exact, and aligned in their column."""

from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from ledger import amounts


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "0.00"),
        ("0.3300", "0.33"),
        ("0.195", "0.195"),
        ("0.0001", "0.0001"),
        ("-1234567.5", "\N{MINUS SIGN}1,234,567.50"),
        ("1E+3", "1,000.00"),
    ],
)
def test_a_figure_is_grouped_and_exact(amount: str, said: str) -> None:
    assert amounts.figure(Decimal(amount)) == said


def test_a_column_has_as_many_decimals_as_its_longest_amount() -> None:
    unit = amounts.unit("USD", [Decimal("0.3300"), Decimal("0.195"), None])
    assert amounts.figure(Decimal("0.33"), unit.places) == "0.330"


def test_fewer_decimals_than_an_amount_has_never_round_it() -> None:
    assert amounts.figure(Decimal("0.1234"), 2) == "0.1234"


def test_currencies_of_one_column_differ_in_decimals_and_say_by_how_many() -> None:
    found = amounts.units([("USD", Decimal("0.195")), ("NGN", Decimal(700)), ("NGN", None)])
    assert {code: (unit.places, unit.short) for code, unit in found.items()} == {
        "USD": (3, 0),
        "NGN": (2, 1),
    }
    assert 'data-short="1"' in amounts.written(Decimal(700), found["NGN"])
    assert "data-short" not in amounts.written(Decimal("0.195"), found["USD"])


def test_a_sentence_names_the_currency_first() -> None:
    assert amounts.said(Decimal("2900.0000"), "NGN") == "NGN 2,900.00"


def test_a_template_reads_a_column_off_its_rows() -> None:
    rows = [{"was": Decimal("1.5"), "of": {"code": "USD"}}]
    page = Template(
        '{% load ledger %}{% units rows "of.code" "was" as units %}'
        '{% unit "USD" rows "was" "missing" as unit %}{{ unit.places }}'
        "{% for row in rows %}{% with unit=units|of:row.of.code %}{{ row.was|signed:unit }}"
        "{% endwith %}{% endfor %}"
    )
    said = page.render(Context({"rows": rows}))
    assert said.startswith("2")
    assert "+1.50" in said


def test_what_was_written_in_one_language_is_written_anew_in_another() -> None:
    told = []
    for language in ("en", "pl", "en"):
        with translation.override(language):
            told.append(amounts.written(Decimal("1234.50"), "USD"))
    assert "1,234.50" in told[0]
    assert "1234,50" in "".join(told[1].split("\N{NO-BREAK SPACE}"))
    assert told[2] == told[0]


def test_equal_amounts_differ_by_their_column_and_their_sign() -> None:
    whole, fine = Decimal("2"), amounts.Unit("USD", 4, 1)
    assert amounts.written(whole, "USD") == amounts.written(Decimal("2.0000"), "USD")
    assert "2.0000" in amounts.written(whole, fine)
    assert 'data-short="1"' in amounts.written(whole, fine)
    assert "+2.00" in amounts.written(whole, "USD", plus=True)
    assert "+" not in amounts.written(whole, "USD")
