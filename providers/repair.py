"""Mend the two ways in which the providers' own documents break JSON, and no others.

SMSGig's answer to /rentals/status has values without quotes (`"service_code": whatsapp`) and
SMS Villa's to /services has a comma before a closing bracket. Where the meaning is plain the
answer is used; a truncated or otherwise garbled one stays garbage.
"""

import json
import re

_TOKEN = re.compile(
    r"""\s+|"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[A-Za-z0-9+.-][^",{}\[\]\\\x00-\x1f]*""", re.DOTALL
)
_SCALAR = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null")
# An id decides whether money was spent: one without quotes that is no number is not believed.
_NEVER_BARE = frozenset({'"activation_id"', '"activationId"'})


def repaired(text: str) -> str | None:
    """Give valid JSON for almost-JSON, or None where its meaning is in doubt."""
    tokens = _tokens(text)
    if not tokens:
        return None
    mended: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        piece = _mended(token, following, mended)
        if piece is None:
            return None
        if piece:
            mended.append(piece)
    return "".join(mended)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            return []
        if token := match.group().strip():
            tokens.append(token)
        position = match.end()
    return tokens


def _mended(part: str, following: str, before: list[str]) -> str | None:
    """Give what to write in place of a token: "" for nothing, None for a doubt."""
    if part == ",":
        value_before = bool(before) and before[-1] not in ("{", "[", ",", ":")
        return "" if value_before and following in ("}", "]") else part
    if part[0] in '"{}[]:' or _SCALAR.fullmatch(part):
        return part
    is_value = len(before) > 1 and before[-1] == ":" and following in (",", "}")
    if not is_value or before[-2] in _NEVER_BARE:
        return None
    return json.dumps(part)
