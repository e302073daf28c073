"""JSON with a line for each value, its tokens as they came: also broken, cut or almost JSON."""

import re
from itertools import pairwise
from typing import Final

DEEPEST: Final = 20  # beyond it lines are not moved further in: else a few brackets fill a page
_SIGN: Final = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[{}\[\],:]|[^\s"{}\[\],:]+', re.DOTALL)
_MARKS: Final = frozenset({"{", "}", "[", "]", ",", ":", ""})


def indented(text: str) -> str:
    """Give JSON indented by two blanks; anything else as it is."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return text
    written, depth = [], 0
    signs = [match.group() for match in _SIGN.finditer(text)]
    for sign, following in pairwise([*signs, ""]):
        if sign in "{[":
            depth += 1
            written.append(sign if following in ("}", "]") else sign + _line(depth))
        elif sign in "}]":
            depth = max(0, depth - 1)
            is_empty = bool(written) and written[-1] in ("{", "[")
            written.append(sign if is_empty else _line(depth) + sign)
        elif sign == ",":
            written.append(sign + _line(depth))
        elif sign == ":":
            written.append(": ")
        else:
            written.append(sign if following in _MARKS else f"{sign} ")
    return "".join(written)


def _line(depth: int) -> str:
    return "\n" + "  " * min(depth, DEEPEST)
