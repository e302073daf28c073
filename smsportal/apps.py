"""The project as a Django application: its commands and its checks."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "smsportal"

    def ready(self) -> None:
        from smsportal import checks  # noqa: F401 - registers them
