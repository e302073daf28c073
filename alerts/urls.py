"""Addresses below a team's."""

from django.urls import path

from alerts.views import alerts, limits, mail

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/bell", alerts.alert_bell, name="alert_bell"),
    path("alerts/<int:alert>/acknowledge", alerts.alert_acknowledge, name="alert_acknowledge"),
    path("alerts/limits", limits.alert_limits, name="alert_limits"),
    path("alerts/mail", mail.alert_mail, name="alert_mail"),
]
