"""What the library for sign-in says on our pages, and how it is written there.

It capitalises Each Word of a heading. The portal doesn't: locale/en/ has these in its own way.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import allauth
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from tests.catalogues import KEYWORDS, Words, kept

ROOT: Final = Path(allauth.__file__).parent
SAID_IN: Final = ("account", "mfa", "usersessions")
LANGUAGE: Final = "en"
NAMES: Final = frozenset({"TOTP", "MFA", "IP", "JavaScript", "WebAuthn"})
_WORD: Final = re.compile(r"[A-Za-z][\w']*")
_SENTENCE: Final = re.compile(r"[.?!:](\s|$)")


def reworded() -> Words:
    """All that it capitalises, with what is kept of how we write it."""
    known = {(each.context, each.id): each.string for each in kept(LANGUAGE).messages}
    words = Words(LANGUAGE)
    for context, text in headings():
        words.add(text, known.get((context, text), ""), context=context)
    return words


def headings() -> Iterator[tuple[str | None, str]]:
    """The context and the words of each, as the library writes it in its own way."""
    for name in SAID_IN:
        for folder in (ROOT / name, ROOT / "templates" / name):
            for path in sorted(folder.rglob("*")):
                if path.suffix in (".py", ".html", ".txt") and "tests" not in path.parts:
                    yield from _capitalised(path)


def is_capitalised(text: str) -> bool:
    """Whether a word after the first begins large without being a name."""
    words = [word for word in _WORD.findall(text) if word not in NAMES]
    return any(word[0].isupper() for word in words[1:])


def _capitalised(path: Path) -> Iterator[tuple[str | None, str]]:
    text = path.read_text()
    if path.suffix != ".py":
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.strip() for line in lines)
    found = extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS)
    for _line, message, _comments, context in found:
        if isinstance(message, str) and _is_heading(message) and is_capitalised(message):
            yield context, message


def _is_heading(text: str) -> bool:
    return _SENTENCE.search(text.rstrip("?")) is None
