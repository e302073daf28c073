"""What an installation must have before it serves anybody; run by `prepare` and `check --deploy`.

Plain `check` and `makemigrations` don't run these: they need no secrets.
"""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from accounts.secrets.keyring import KeyringError, keyring

SHORTEST_SECRET_KEY = 40
FEWEST_CHARACTERS = 10


@checks.register(checks.Tags.security, deploy=True)
def keyring_opens(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Without its keyring an installation can neither seal nor open a provider's key."""
    try:
        keyring()
    except KeyringError as error:
        return [checks.Error(str(error), id="smsportal.E001")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def secret_key_is_strong(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    key = str(settings.SECRET_KEY)
    if len(key) >= SHORTEST_SECRET_KEY and len(set(key)) >= FEWEST_CHARACTERS:
        return []
    message = "SECRET_KEY is missing or too weak to sign sessions with."
    hint = f"Set it to at least {SHORTEST_SECRET_KEY} random characters."
    return [checks.Error(message, hint=hint, id="smsportal.E002")]


@checks.register(checks.Tags.security, deploy=True)
def public_url_is_safe(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Sessions and codes cross the internet by HTTPS only; a private address may do without."""
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        message = "PUBLIC_URL is not an address such as https://sms.example.com."
        return [checks.Error(message, id="smsportal.E003")]
    if parts.scheme == "https" or settings.DEBUG or _is_private(parts.hostname):
        return []
    message = "PUBLIC_URL is not https, and its host is not a private one."
    return [checks.Error(message, hint="Put HTTPS in front.", id="smsportal.E004")]


def _is_private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or "." not in host
