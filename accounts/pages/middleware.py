"""What holds for whoever asks: the language of the pages, the zone that times are shown in, and
what the audit log needs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.middleware import AccountMiddleware
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from allauth.usersessions.middleware import UserSessionsMiddleware
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from accounts.pages.addresses import serving
from accounts.pages.languages import asked_language
from accounts.pages.zones import activate_zone

SEEN: Final = timedelta(minutes=1)
# Pages of allauth that change a second factor and open no transaction themselves.
CHANGES_FACTORS: Final = frozenset(
    {
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
        "mfa_add_webauthn",
        "mfa_remove_webauthn",
        # After these, what was put off for them is done at once.
        "account_reauthenticate",
        "mfa_reauthenticate",
        "mfa_reauthenticate_webauthn",
    }
)


class CacheMiddleware:
    """Has no browser and no proxy keep a page that doesn't say otherwise: each shows somebody's
    own, if only in its menu, and "back" must not bring it again after they have signed out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class LanguageMiddleware:
    """Activates the language that the signed-in user has chosen; until they sign in, or where they
    leave it to the browser, the one that it asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = asked_language(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class TimeZoneMiddleware:
    """Activates the signed-in user's zone; on a team's pages the gate falls back to the team's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        try:
            activate_zone(user.time_zone if user.is_authenticated else "")
            return self.get_response(request)
        finally:
            timezone.deactivate()


class ActivityMiddleware(UserSessionsMiddleware):  # type: ignore[misc]  # it has no types
    """Keeps when a session was last seen, to the minute: pages that only read write nothing."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and self._is_known(request):
            return self.get_response(request)  # type: ignore[no-any-return]
        return super().__call__(request)  # type: ignore[no-any-return]

    def _is_known(self, request: HttpRequest) -> bool:
        """Whether it was just seen, from the same address and by the same browser."""
        agent = request.META.get("HTTP_USER_AGENT", "")
        known = UserSession.objects.filter(
            user=request.user,
            session_key=request.session.session_key,
            last_seen_at__gt=timezone.now() - SEEN,
            ip=get_adapter().get_client_ip(request),
            user_agent=agent[: UserSession._meta.get_field("user_agent").max_length],
        )
        return bool(known.exists())


class AuditMiddleware:
    """Keeps the address for what is recorded meanwhile, and one transaction where it takes ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._account = AccountMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with serving(request):
            return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """A change of a second factor and its record are written together, or not at all.

        What allauth asks for first (the password again) it says by an exception, of which Django
        tells no middleware where a view is called from here.
        """
        match = request.resolver_match
        if request.method != "POST" or match is None or match.url_name not in CHANGES_FACTORS:
            return None
        try:
            with transaction.atomic():
                return view(request, *args, **kwargs)
        except (ImmediateHttpResponse, ReauthenticationRequired) as asked:
            return self._account.process_exception(request, asked)  # type: ignore[no-any-return]
