"""Shows times in the zone of whoever looks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.zones import activate_zone


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
