"""The addresses of the pages. Webhooks and event streams have lanes of their own in asgi.py."""

from django.urls import include, path

from accounts.views import home, invitations, settings
from smsportal.health import healthz
from smsportal.theme import theme

urlpatterns = [
    path("", home.home, name="home"),
    path("profile/", settings.profile, name="profile"),
    path("healthz", healthz, name="healthz"),
    path("theme", theme, name="theme"),
    path("account/", include("allauth.urls")),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("t/<slug:team>/", include("rentals.urls")),
    path("t/<slug:team>/", include("accounts.urls")),
]

handler500 = "smsportal.errors.server_error"
