"""Languages: whose words pages and e-mails are in."""

from contextlib import AbstractContextManager
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from accounts.models import User

LANGUAGES: Final[dict[str, str]] = dict(settings.LANGUAGES)  # by their codes, in their own words


def asked_language(request: HttpRequest) -> str:
    """The code of the one that the person has chosen, else of the one that the browser asks for."""
    chosen = request.user.language if request.user.is_authenticated else ""
    return chosen if chosen in LANGUAGES else translation.get_language_from_request(request)


def written_for(user: User) -> AbstractContextManager[None]:
    """What is put together inside is in the language that somebody has chosen: for what reaches
    them without a browser that asks. English, where they leave it to the browser."""
    chosen = user.language if user.language in LANGUAGES else settings.LANGUAGE_CODE
    return translation.override(chosen)
