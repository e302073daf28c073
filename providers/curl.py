"""A call as the command line that would send it, with a variable in place of the key."""

import json
from shlex import quote
from typing import Any, Final
from urllib.parse import urlencode

from providers.calls import Call

KEY: Final = "$API_KEY"


def as_curl(call: Call[Any], base_url: str) -> str:
    """For a shell where API_KEY is set. It holds no key."""
    address = base_url.rstrip("/") + call.path
    if call.query:
        address += f"?{urlencode(call.query)}"
    parts = [
        f"curl -X {call.method} {quote(address)}",
        f'-H "Authorization: Bearer {KEY}"',
        "-H 'Accept: application/json'",
    ]
    if call.json is not None:
        parts.append("-H 'Content-Type: application/json'")
        parts.append(f"-d {quote(json.dumps(dict(call.json)))}")
    return " \\\n  ".join(parts)
