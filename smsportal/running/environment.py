"""What an operator sets, checked before anything is started."""

import re
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from urllib.parse import urlsplit

import environ
from redis import Redis, RedisError
from sentry_sdk.utils import BadDsn, Dsn

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
OF_A_SITE = ("PUBLIC_URL", "SMSGIG_BASE_URL", "SMSVILLA_BASE_URL")
MAY_BE_EMPTY = ("SENTRY_DSN",)  # which is as if it were not set
HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
HOSTS = re.compile(r"\*|\.?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
COUNTS = ("TRUSTED_PROXIES", "DATABASE_POOL")
SWITCHES = ("PRIVATE_WEBHOOKS", "DESIGN_PAGE", "DEBUG")
OFF = ("false", "off", "no", "n", "0")


def check(environment: Mapping[str, str]) -> None:
    """Raise StartError for the first one that can't be what it has to be.

    An address isn't quoted: it may hold a password.
    """
    _check_addresses(environment)
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


def _check_addresses(environment: Mapping[str, str]) -> None:
    for name, schemes in SCHEMES.items():
        value = environment.get(name)
        is_set = value is not None and (bool(value) or name not in MAY_BE_EMPTY)
        if is_set and not _is_address(environment[name], schemes):
            expected = " or ".join(f"{scheme}://" for scheme in schemes)
            raise StartError(f"{name} is no address: it must begin with {expected}.")
        if is_set and name in OF_A_SITE and not _is_site(environment[name]):
            raise StartError(
                f"{name} is more than an address such as https://sms.example.com: it has spaces, "
                "a name to sign in with, or what begins with ? or #."
            )
    for name, (is_good, expected) in SHAPES.items():
        if environment.get(name) and not is_good(environment[name]):
            raise StartError(f"{name} {expected}.")


def _is_address(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc or parts.path)


def _is_site(value: str) -> bool:
    parts = urlsplit(value)
    host = parts.netloc.rpartition(":")[0] if parts.port is not None else parts.netloc
    return bool(HOST.fullmatch(host)) and not (parts.query or parts.fragment or " " in value)


def _is_redis(value: str) -> bool:
    try:
        Redis.from_url(value).connection_pool.make_connection()
    except (TypeError, ValueError, RedisError):
        return False
    place = urlsplit(value)
    return place.scheme == "unix" or re.fullmatch(r"/?|/\d+", place.path) is not None


def _is_dsn(value: str) -> bool:
    try:
        Dsn(value)
    except BadDsn:
        return False
    return True


def _is_sender(value: str) -> bool:
    _, address = parseaddr(value)
    return value.isprintable() and re.fullmatch(r"[^@\s]+@[^@\s]+", address) is not None


def _are_hosts(value: str) -> bool:
    hosts = [host.strip() for host in value.split(",") if host.strip()]
    return bool(hosts) and all(map(HOSTS.fullmatch, hosts))


SHAPES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "REDIS_URL": (_is_redis, "is no Redis: it looks like redis://redis.example.com:6379/0"),
    "SENTRY_DSN": (_is_dsn, "is no DSN: it looks like https://key@sentry.example.com/1"),
    "FROM_EMAIL": (_is_sender, "is no sender: it looks like SMS Portal <portal@example.com>"),
    "ALLOWED_HOSTS": (_are_hosts, "must be names of hosts, separated by commas: sms.example.com"),
}


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
