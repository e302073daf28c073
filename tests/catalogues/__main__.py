"""Bring the catalogues in step with the code, and compile them."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsportal.settings")
django.setup()

from tests.catalogues import borrowed, brought_up, compiled, languages, source, written  # noqa: E402

catalogues = {language: brought_up(language) for language in languages()}
for language, words in {**catalogues, borrowed.LANGUAGE: borrowed.reworded()}.items():
    path = source(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written(words))
    path.with_suffix(".mo").write_bytes(compiled(words))
    missing = len(words.untranslated)
    print(f"{language}: {len(words.messages)} messages, {missing} without a translation")  # noqa: T201
