"""A provider's answer as evidence: amounts, ids and times stay, number, code and text go.

Finance proves refunds with what the provider answered and may see no codes. What is not known
to be harmless is hidden, so that a field that a provider adds tomorrow shows nothing by mistake.
It works on the text as it stands, so a broken or cut answer is redacted like a whole one.
"""

import re
from collections.abc import Collection
from functools import partial
from typing import Final

HIDDEN: Final = "[hidden]"

_SHOWN: Final = frozenset(
    {
        "activation_id", "activationid", "amount", "balance", "carrier", "count", "created_at",
        "createdat", "currency", "current_page", "delivered", "expires_at", "expiresat", "id",
        "last_page", "multiple_sms", "per_page", "price", "received_at", "receivedat", "service",
        "service_code", "status", "success", "total", "ttl", "type",
    }
)  # fmt: skip
_WORDS: Final = frozenset({"description", "detail", "error", "message", "name"})
_STRING: Final = r'"(?:[^"\\]|\\.)*(?:"|\Z)'
_TOKEN: Final = re.compile(
    rf'(?P<key>"(?:[^"\\]|\\.)*")(?P<colon>\s*:\s*)(?P<value>{_STRING}|[^\s"{{}}\[\],][^,}}\]\n]*)?'
    rf"|(?P<lone>{_STRING}|[^\s\"{{}}\[\],:][^\",{{}}\[\]]*)",
    re.DOTALL,
)
# An amount, an id, a time or a plain word: short, and no phone number with its plus.
_HARMLESS: Final = re.compile(
    r'"?(?:[0-9]{1,12}(?:\.[0-9]{1,8})?|[A-Za-z_]{1,32}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.Z+-]{5,22})"?'
)
_DIGITS: Final = re.compile(r"\+?[0-9](?:[\s().-]{0,3}[0-9]){3,}")


def redacted(body: bytes | str, *, also: Collection[str] = ()) -> str:
    """Give a stored body fit for people who may see money but no numbers, codes or messages.

    In JSON (also broken or cut) it goes by the keys; anywhere else runs of four and more
    digits are hidden. `also`: keys, in small letters, that are as harmless in this very answer as
    those that are so in any.
    """
    text = body if isinstance(body, str) else body.decode(errors="replace")
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return _TOKEN.sub(partial(_redacted_token, shown=_SHOWN.union(also)), text)
    return _DIGITS.sub(HIDDEN, text)


def _redacted_token(match: re.Match[str], shown: Collection[str]) -> str:
    if match["lone"] is not None:
        return _redacted_lone(match["lone"])
    key, colon, value = match["key"], match["colon"], match["value"]
    shown_key = _DIGITS.sub(HIDDEN, key)
    return f"{shown_key}{colon}{'' if value is None else _redacted_value(key, value, shown)}"


def _redacted_value(key: str, value: str, shown: Collection[str]) -> str:
    name = key.strip('"').lower()
    bare = value.strip()
    if bare in ("null", "true", "false") or (name in shown and _HARMLESS.fullmatch(bare)):
        return value
    if name in _WORDS:
        return _DIGITS.sub(HIDDEN, value)
    return f'"{HIDDEN}"'


def _redacted_lone(value: str) -> str:
    return value if value in ("null", "true", "false") else f'"{HIDDEN}"'
