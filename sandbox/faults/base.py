"""What every fault is: a frozen dataclass whose fields are its options, with their defaults."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import ClassVar

from sandbox.wire import Answer, Call

Proceed = Callable[[], Awaitable[Answer]]

ENDPOINTS = (
    "*",
    "balance",
    "transactions",
    "services",
    "rent",
    "status",
    "rental",
    "get-sms",
    "cancel",
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What every fault has. `title`: one line for people."""

    title: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class EndedIsRead(Fault):
    title = "SMS Villa tells of a rental that has ended, too, instead of a 404"


@dataclass(frozen=True, kw_only=True)
class AnswerFault(Fault):
    """Changes how a request is answered. `endpoint`: which requests it strikes, * for all
    ("rental" is /rentals/status)."""

    endpoint: str = "rent"

    def __post_init__(self) -> None:
        check_choice("endpoint", self.endpoint, ENDPOINTS)

    async def around(self, call: Call, proceed: Proceed) -> Answer:
        """`proceed` does what was asked and gives the proper answer."""
        raise TypeError(f"{type(self).__name__} does not say what it does.")


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}.")
