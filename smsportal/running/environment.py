"""The addresses that an operator sets, checked before anything is started."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from smsportal.embedded.errors import StartError

SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss", "unix"),
    "PUBLIC_URL": ("https", "http"),
    "SMSGIG_BASE_URL": ("https", "http"),
    "SMSVILLA_BASE_URL": ("https", "http"),
}


def check(environment: Mapping[str, str]) -> None:
    """Raise StartError for the first one that can't be an address of its kind.

    The value isn't quoted: it may hold a password.
    """
    for name, schemes in SCHEMES.items():
        if name in environment and not _is_address(environment[name], schemes):
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            raise StartError(f"{name} is no address: it must begin with {expected}.")


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path)
