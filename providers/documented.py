"""The calls of a provider's document, told so that a form can be made of each.

Whoever shows or sends them goes by what is declared here and never by a provider's name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from providers.calls import Call


class Means(StrEnum):
    """What a parameter stands for, whatever the document calls it."""

    SERVICE = "service"
    AREA_CODE = "area_code"
    CARRIER = "carrier"
    PHONE_NUMBER = "phone_number"
    ACTIVATION = "activation"
    COUNT = "count"  # a whole number from 1 up
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Parameter:
    """`name` is the document's. `most` bounds a COUNT; `choices` are all that there are."""

    name: str
    means: Means = Means.OTHER
    required: bool = False
    choices: tuple[str, ...] = ()
    most: int = 1000
    example: str = ""
    says: str = ""  # what the document says of it


@dataclass(frozen=True)
class Documented:
    """A call of the document. `make(values)` gives it for the parameters' values, by their names;
    those left empty are missing or "". It raises ValueError or Unreadable for what can't be."""

    key: str  # in addresses
    title: str  # the document's own
    make: Callable[[Mapping[str, str]], Call[Any]]
    parameters: tuple[Parameter, ...] = ()
    shows: tuple[str, ...] = ()  # keys of its answer that would hold a secret in any other

    @cached_property
    def example(self) -> Call[Any]:
        """The call with the document's example values for what must be given."""
        return self.make({each.name: each.example for each in self.parameters if each.required})

    def value(self, means: Means, values: Mapping[str, str]) -> str:
        """What was given for the parameter that stands for this; "" where there is none."""
        named = (each.name for each in self.parameters if each.means == means)
        return next((values.get(name, "") for name in named), "")


ACTIVATION = Parameter(
    "activation_id",
    Means.ACTIVATION,
    required=True,
    example="10561661",
    says="From the answer to a rent.",
)
SERVICE = Parameter("service_code", Means.SERVICE, required=True, example="whatsapp")
AREA_CODE = Parameter("area_code", Means.AREA_CODE, example="212")
CARRIER = Parameter("carrier", Means.CARRIER, example="vz")
PAGE = Parameter("page", Means.COUNT, says="Not in the document: a server may ignore it.")


def count(values: Mapping[str, str], name: str, default: int) -> int:
    """A COUNT's value. Raises ValueError."""
    return int(values.get(name) or default)
