"""Whether anything on a board has changed since its page was made."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.crypto import salted_hmac

from rentals.board.cards import Card


def mark_of(who: str, cards: Iterable[Card]) -> str:
    """What stands for all that these cards show but the time, and for whose they are. It is keyed,
    as a card knows more than it shows."""
    told = [(card.sight, card.mine, card.controllable, _values(card.rental)) for card in cards]
    return salted_hmac(__name__, repr((who, told)), algorithm="sha256").hexdigest()[:32]


def _values(row: Model) -> list[tuple[str, Any]]:
    """All that was read of a row, and of what was read with it in lists."""
    return [
        (name, [_values(each) for each in value] if isinstance(value, list) else value)
        for name, value in sorted(vars(row).items())
        if not name.startswith("_")
    ]
