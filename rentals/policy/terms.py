"""A team's rules for renting, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from django.db import models
from django.utils.translation import gettext_lazy as _


class PurposeRule(models.TextChoices):
    """What has to be said of what a number is for."""

    OPTIONAL = "optional", _("May be left empty")
    REQUIRED = "required", _("Required, in any words")
    LISTED = "listed", _("Required, one of a list")
    TICKET = "ticket", _("Required, a ticket")


@dataclass(frozen=True)
class Terms:
    """Without anything said, everything is allowed.

    `services` are names, whatever their case; none of them means all. `highest` is the highest
    price by currency. `most_live` is how many live rentals a member may have at once.
    """

    services: tuple[str, ...] = ()
    highest: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    purpose_rule: PurposeRule = PurposeRule.OPTIONAL
    purposes: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    most_live: int | None = None

    @property
    def needs_purpose(self) -> bool:
        return self.purpose_rule != PurposeRule.OPTIONAL

    @cached_property
    def service_keys(self) -> frozenset[str]:
        """The allowed services as they are compared."""
        return frozenset(map(service_key, self.services))


def service_key(name: str) -> str:
    """A service's name as it is compared: providers differ in case and spaces."""
    return " ".join(name.split()).casefold()
