"""Addresses below a team's."""

from django.urls import path

from alerts.views import alerts, hooks, limits, mail

urlpatterns = [
    path("alerts/", alerts.alert_list, name="alert_list"),
    path("alerts/bell", alerts.alert_bell, name="alert_bell"),
    path("alerts/<int:alert>/acknowledge", alerts.alert_acknowledge, name="alert_acknowledge"),
    path("alerts/limits", limits.alert_limits, name="alert_limits"),
    path("alerts/mail", mail.alert_mail, name="alert_mail"),
    path("alerts/webhook", hooks.alert_hook, name="alert_hook"),
    path("alerts/webhook/secret", hooks.alert_hook_secret, name="alert_hook_secret"),
    path("alerts/webhook/switch", hooks.alert_hook_switch, name="alert_hook_switch"),
    path("alerts/webhook/remove", hooks.alert_hook_remove, name="alert_hook_remove"),
    path("alerts/webhook/test", hooks.alert_hook_test, name="alert_hook_test"),
    path("alerts/webhook/<int:delivery>/resend", hooks.alert_hook_resend, name="alert_hook_resend"),
]
