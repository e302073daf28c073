"""What is found: a title, where it leads, and what tells it from others."""

from dataclasses import dataclass

from django.utils.functional import Promise

from rentals.board.cards import Card

type Text = str | Promise


@dataclass(frozen=True, slots=True)
class Hit:
    """`card`: the rental that it is, with no more of it than whoever asks may see."""

    title: Text
    address: str
    note: Text = ""
    card: Card | None = None


@dataclass(frozen=True, slots=True)
class Group:
    name: str  # for ids
    title: Text
    hits: list[Hit]
