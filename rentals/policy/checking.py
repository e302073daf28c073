"""Rules that make no sense are refused before they are kept."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from rentals.policy import tickets
from rentals.policy.terms import PurposeRule, Terms, service_key

MOST_LINES: Final = 500
MOST_LIVE: Final = 1000
HIGHEST: Final = Decimal(10) ** 9
LONGEST_PURPOSE: Final = 200


class BadTerms(Exception):
    """Rules that can't be kept. `field` says which of the terms, the text what to do."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def checked(terms: Terms) -> Terms:
    """The same rules, tidied: without empty or repeated lines. Raises BadTerms."""
    tidy = replace(
        terms,
        services=_lines("services", terms.services),
        purposes=_lines("purposes", terms.purposes),
        tickets=_lines("tickets", terms.tickets),
    )
    _check_prices(tidy)
    _check_purposes(tidy)
    for pattern in tidy.tickets:
        _check_ticket(pattern)
    if tidy.most_live is not None and not 1 <= tidy.most_live <= MOST_LIVE:
        raise BadTerms("most_live", _("Give a number from 1 to 1000, or leave it empty."))
    return tidy


def _lines(field: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Each line once, in the order given; case makes no difference between two."""
    kept: dict[str, str] = {}
    for line in lines:
        text = " ".join(line.split())
        if not text.isprintable():
            raise BadTerms(field, _("A line holds a character that can’t be shown. Type it anew."))
        if len(text) > LONGEST_PURPOSE:
            raise BadTerms(field, _("A line is longer than 200 characters. Shorten it."))
        if text:
            kept.setdefault(text if field == "tickets" else service_key(text), text)
    if len(kept) > MOST_LINES:
        raise BadTerms(field, _("Give at most 500 lines."))
    return tuple(kept.values())


def _check_prices(terms: Terms) -> None:
    for amount in terms.highest.values():
        if not amount.is_finite() or not 0 <= amount <= HIGHEST:
            raise BadTerms("highest", _("A highest price is an amount of 0 or more."))


def _check_purposes(terms: Terms) -> None:
    if terms.purpose_rule == PurposeRule.LISTED and not terms.purposes:
        raise BadTerms("purposes", _("Give the purposes to choose from, one a line."))
    if terms.purpose_rule == PurposeRule.TICKET and not terms.tickets:
        raise BadTerms("tickets", _("Give a pattern, such as QA-#."))


def _check_ticket(pattern: str) -> None:
    told = {"pattern": pattern}
    if len(pattern) > tickets.LONGEST:
        raise BadTerms(
            "tickets", _("“%(pattern)s” is longer than 40 characters. Shorten it.") % told
        )
    if not tickets.has_number(pattern):
        words = _("“%(pattern)s” has no #. Put one where the ticket’s number stands, as in QA-#.")
        raise BadTerms("tickets", words % told)
    if tickets.is_ambiguous(pattern):
        words = _(
            "“%(pattern)s” has a digit right beside a #, so nobody can tell where the number "
            "begins or ends. Put something between them, as in 2026-#."
        )
        raise BadTerms("tickets", words % told)
