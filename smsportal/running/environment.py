"""What an operator sets, checked before anything is started."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import environ

from smsportal.embedded.errors import StartError
from smsportal.mailers import mailer

SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss", "unix"),
    "PUBLIC_URL": ("https", "http"),
    "SMSGIG_BASE_URL": ("https", "http"),
    "SMSVILLA_BASE_URL": ("https", "http"),
    "SENTRY_DSN": ("https", "http"),
}
MAY_BE_EMPTY = ("SENTRY_DSN",)  # which is as if it were not set
COUNTS = ("TRUSTED_PROXIES", "DATABASE_POOL")
SWITCHES = ("PRIVATE_WEBHOOKS", "DESIGN_PAGE", "DEBUG")
OFF = ("false", "off", "no", "n", "0")


def check(environment: Mapping[str, str]) -> None:
    """Raise StartError for the first one that can't be what it has to be.

    An address isn't quoted: it may hold a password.
    """
    for name, schemes in SCHEMES.items():
        value = environment.get(name)
        is_set = value is not None and (bool(value) or name not in MAY_BE_EMPTY)
        if is_set and not _is_address(environment[name], schemes):
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            raise StartError(f"{name} is no address: it must begin with {expected}.")
    if "EMAIL_URL" in environment and not _is_mail_server(environment["EMAIL_URL"]):
        raise StartError(
            "EMAIL_URL is no mail server: it looks like smtp+tls://user:password@host:587."
        )
    for name in COUNTS:
        if not _is_count(environment.get(name, "0")):
            raise StartError(f"{name} is {environment[name]!r}: it must be a number, 0 or more.")
    for name in SWITCHES:
        if not _is_switch(environment.get(name, "0")):
            raise StartError(f"{name} is {environment[name]!r}: it must be true or false.")


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path)


def _is_mail_server(value: str) -> bool:
    try:
        mailer(value)
    except (ValueError, environ.ImproperlyConfigured):
        return False
    return True


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) < len("10000")


def _is_switch(value: str) -> bool:
    return value.lower() in (*environ.Env.BOOLEAN_TRUE_STRINGS, *OFF)
