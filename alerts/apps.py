from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from accounts import trail_objects
        from accounts.trail_objects import Kind

        trail_objects.register("alerts.alert", Kind(_("Alert"), "alert_list"))
