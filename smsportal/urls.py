"""The addresses of the pages. Webhooks and event streams have lanes of their own in asgi.py."""

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import include, path

from accounts.views import home, invitations, settings
from smsportal.design.views import design
from smsportal.health import healthz
from smsportal.theme import theme


def nothing_here(request: HttpRequest) -> HttpResponse:
    raise Http404("Addresses are not changed here.")


urlpatterns = [
    path("", home.home, name="home"),
    path("profile/", settings.profile, name="profile"),
    path("profile/signals", settings.profile_signals, name="profile_signals"),
    path("healthz", healthz, name="healthz"),
    path("theme", theme, name="theme"),
    path("design/", design, name="design"),
    path("account/email/", nothing_here),  # an address comes with the invitation and stays
    path("account/", include("allauth.urls")),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("t/<slug:team>/", include("rentals.urls")),
    path("t/<slug:team>/", include("alerts.urls")),
    path("t/<slug:team>/", include("ledger.urls")),
    path("t/<slug:team>/", include("accounts.urls")),
]

handler400 = "smsportal.errors.bad_request"
handler403 = "smsportal.errors.not_allowed"
handler404 = "smsportal.errors.not_found"
handler500 = "smsportal.errors.server_error"
