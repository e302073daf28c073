"""The catalogues of translations: what the code says, what locale/ has for it, and how both are
brought together. Pure Python, so that a machine without GNU gettext can do it.
English has one for what a library says in its own way (borrowed.py).

`make messages` writes each language's django.po anew with all that the code says, keeps what is
translated, drops what is no longer said, and compiles it.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parents[2]
SAID_IN: Final = ("accounts", "alerts", "ledger", "rentals", "smsportal", "templates")
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
HEADER: Final = (
    "# Translations of SMS Portal. `make messages` keeps this file in step with the code.\n#"
)


def languages() -> list[str]:
    """Those that are translated: all but English, which the code is written in."""
    return [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def source(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


class Words(Catalog):
    """Of one language. Its head says what gettext needs and nothing that changes by itself, so
    that the files change where words do."""

    def __init__(self, language: str | None = None) -> None:
        super().__init__(locale=language, header_comment=HEADER, charset="utf-8", fuzzy=False)

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "SMS Portal"),
            ("Language", str(self.locale or "")),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    @property
    def untranslated(self) -> list[Message]:
        return [message for message in self.messages if not all(strings(message))]

    @property
    def messages(self) -> list[Message]:
        """Without the head."""
        return [message for message in self if message.id]


def strings(message: Message) -> list[str]:
    """A translation's forms: one, or as many as the language counts in."""
    given = message.string
    return [given] if isinstance(given, str) else list(given or ("",))


def said() -> Words:
    """All that the code says to people, in the order of files and lines."""
    words = Words()
    for folder in SAID_IN:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".txt") and "migrations" not in path.parts:
                for message, context in _in_file(path):
                    words.add(message, context=context)
    return words


def kept(language: str) -> Words:
    """What locale/ has. Raises PoFileError for a file that is none."""
    words = Words(language)
    if source(language).exists():
        with source(language).open("rb") as file:
            for each in read_po(file, locale=language, abort_invalid=True):
                if each.id:
                    words.add(each.id, each.string, flags=each.flags, context=each.context)
    return words


def brought_up(language: str) -> Words:
    """All that is said now and no more, with what is kept of it. Nothing is guessed: what is new,
    or is said in other words, has no translation yet."""
    known = {(each.context, each.id): each.string for each in kept(language).messages}
    words = Words(language)
    for each in said().messages:
        told = known.get((each.context, each.id), "")
        words.add(each.id, told, flags=each.flags, context=each.context)
    return words


def written(words: Words) -> bytes:
    """As it stands in a django.po."""
    file = io.BytesIO()
    write_po(file, words, width=98, no_location=True)
    return file.getvalue()


def compiled(words: Words) -> bytes:
    """As it stands in a django.mo."""
    file = io.BytesIO()
    write_mo(file, words)
    return file.getvalue()


def _in_file(path: Path) -> Iterator[tuple[Any, str | None]]:
    text = path.read_text()
    if path.suffix != ".py":
        # What is left of a template's text is no Python, but can be read as such line by line.
        lines = templatize(text, origin=str(path)).splitlines()
        text = "\n".join(line.strip() for line in lines)
    found = extract("python", io.BytesIO(text.encode()), keywords=KEYWORDS)
    for _line, message, _comments, context in found:
        yield message, context
