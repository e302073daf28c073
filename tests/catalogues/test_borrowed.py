"""What a library says on our pages is written as ours is."""

import pytest
from django.utils import translation
from django.utils.translation import gettext, pgettext

from tests.catalogues import borrowed, compiled, kept, source, written


def test_the_files_are_what_make_messages_writes() -> None:
    words = borrowed.reworded()
    assert source(borrowed.LANGUAGE).read_bytes() == written(words)
    assert source(borrowed.LANGUAGE).with_suffix(".mo").read_bytes() == compiled(words)
    assert kept(borrowed.LANGUAGE).untranslated == []


def test_no_heading_has_each_of_its_words_large() -> None:
    found = list(borrowed.headings())
    assert len(found) > 50
    with translation.override("en"):
        shown = [pgettext(context, text) if context else gettext(text) for context, text in found]
    assert [text for text in shown if borrowed.is_capitalised(text)] == []


@pytest.mark.parametrize(
    ("text", "is_capitalised"),
    [("Sign-In Code", True), ("Sign out", False), ("A TOTP code", False), ("Two-Factor", True)],
)
def test_a_name_is_no_capital(text: str, *, is_capitalised: bool) -> None:
    assert borrowed.is_capitalised(text) == is_capitalised
