"""The catalogues say all that the code says, in the language's own plural forms."""

import re
from collections.abc import Iterator

import pytest
from django.utils import translation

from tests.catalogues import brought_up, compiled, kept, languages, said, source, strings, written

LANGUAGES = languages()
PLACES = re.compile(r"%\(\w+\)[a-z]|%%|\{\w+\}")
FORMS = {"pl": 3}  # what each has by its own grammar


def pairs(language: str) -> Iterator[tuple[str, str]]:
    """Each form of each translation, with what it is of."""
    for message in kept(language).messages:
        whole = message.id if isinstance(message.id, str) else message.id[-1]
        for string in strings(message):
            yield whole, string


def test_some_of_everything_that_is_said_is_found() -> None:
    found = {each.id if isinstance(each.id, str) else each.id[0] for each in said().messages}
    assert {"Skip to the content", "%(count)s rental", "Choose at least one role."} <= found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_files_are_what_make_messages_writes(language: str) -> None:
    """Else something said is not in them, or something in them is not said: `make messages`."""
    words = brought_up(language)
    assert source(language).read_bytes() == written(words)
    assert source(language).with_suffix(".mo").read_bytes() == compiled(words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    words = kept(language)
    assert [each.id for each in words.untranslated] == []
    assert [each.id for each in words.messages if each.fuzzy] == []
    assert words.num_plurals == FORMS[language]
    plurals = [each for each in words.messages if not isinstance(each.id, str)]
    assert plurals
    assert {len(strings(each)) for each in plurals} == {FORMS[language]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_of_what_it_is_of(language: str) -> None:
    wrong = [
        (whole, string)
        for whole, string in pairs(language)
        if sorted(set(PLACES.findall(whole))) != sorted(set(PLACES.findall(string)))
        # "An SMS came for …" says one without its count, in both languages.
        and not ("%(count)s" in whole and "%(count)s" not in string)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_can_be_filled_in(language: str) -> None:
    for whole, string in pairs(language):
        if "%(" in whole:
            names = re.findall(r"%\((\w+)\)", whole)
            assert "%(" not in string % dict.fromkeys(names, 7)


@pytest.mark.parametrize(
    ("count", "said_so"),
    [
        (1, "1 wynajem"),
        (2, "2 wynajmy"),
        (5, "5 wynajmów"),
        (12, "12 wynajmów"),
        (22, "22 wynajmy"),
        (112, "112 wynajmów"),
    ],
)
def test_polish_counts_in_three_forms(count: int, said_so: str) -> None:
    with translation.override("pl"):
        told = translation.ngettext("%(count)s rental", "%(count)s rentals", count)
    assert told % {"count": count} == said_so
