from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from accounts.operations import resealing
        from accounts.trail import objects as trail_objects
        from accounts.trail.objects import Kind, nameless
        from alerts.seals import of_endpoints
        from alerts.sentences import SENTENCES
        from ledger import retelling

        resealing.register(of_endpoints)
        trail_objects.register("alerts.alert", Kind(_("Alert"), "alert_list"))
        endpoint = Kind(_("Webhook for alerts"), "alert_hook", retold=nameless)
        trail_objects.register("alerts.endpoint", endpoint)
        retelling.register(SENTENCES)
