"""The providers that there are. A new one adds its line to `_ADAPTERS`."""

from collections.abc import Callable, Mapping
from typing import Final

from providers.provider import Provider
from providers.smsgig import SmsGig
from providers.smsvilla import SmsVilla

_ADAPTERS: Final[Mapping[str, Callable[[str], Provider]]] = {
    "smsgig": SmsGig,
    "smsvilla": SmsVilla,
}

PROVIDERS: Final = tuple(_ADAPTERS)


class UnknownProvider(ValueError):
    """No provider goes by that code."""


def provider(code: str, prefix: str = "") -> Provider:
    """Give the adapter for a provider's code, bound to a server prefix ("" for its default).

    Raises UnknownProvider, or ValueError for a prefix that the provider cannot have.
    """
    adapter = _ADAPTERS.get(code)
    if adapter is None:
        raise UnknownProvider(f"Unknown provider {code[:32]!r}: known are {', '.join(PROVIDERS)}.")
    return adapter(prefix)
