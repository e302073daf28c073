"""The two providers' names, currencies and base paths."""

from enum import StrEnum


class Provider(StrEnum):
    """A provider that the sandbox plays."""

    SMSGIG = "smsgig"
    SMSVILLA = "smsvilla"

    @property
    def label(self) -> str:
        return "SMSGig" if self is Provider.SMSGIG else "SMS Villa"

    @property
    def currency(self) -> str:
        """ISO 4217 code of every wallet and price at this provider."""
        return "USD" if self is Provider.SMSGIG else "NGN"

    @property
    def base_path(self) -> str:
        """Where its API stands under the sandbox's own address."""
        return f"/{self.value}/api/v1"
