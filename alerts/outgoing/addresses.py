"""Where a webhook of ours may go: an address that anybody on the internet could reach.

A team names the address, so that it must not lead into our own network, whatever its name resolves
to at the moment of sending.
"""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

LONGEST: Final = 500
_UNICAST: Final = IPv6Network("2000::/3")  # the only part of IPv6 that is routed
_TUNNELS: Final = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))  # to any IPv4 address


class NotAllowed(Exception):
    """In a person's words."""


def check_address(address: str) -> None:
    """Raise NotAllowed for what can't be the address of a webhook, whatever it resolves to."""
    if len(address) > LONGEST or not address.isascii() or not address.isprintable():
        raise NotAllowed(_("Enter an address of at most 500 plain characters."))
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
        (host or "").encode("idna")  # as resolving it does: no part is empty or too long
    except ValueError:
        raise NotAllowed(_("This is not an address such as https://example.com/alerts.")) from None
    schemes = ("https", "http") if settings.PRIVATE_WEBHOOKS else ("https",)
    if parts.scheme not in schemes or not host or " " in address or "\\" in address:
        raise NotAllowed(_("Enter an address that begins with https://."))
    if parts.username is not None or parts.password is not None or "#" in address:
        raise NotAllowed(_("The address must have no user name, password or fragment."))
    if _is_literal(host) and not may_reach(host):
        raise NotAllowed(_("This address is not on the public internet."))


def may_reach(ip: str) -> bool:
    """Whether an IP address is a public one: neither private, nor a detour to a private one."""
    if settings.PRIVATE_WEBHOOKS:
        return True
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and not _is_direct(address):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_direct(address: IPv6Address) -> bool:
    return address in _UNICAST and not any(address in tunnel for tunnel in _TUNNELS)


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
