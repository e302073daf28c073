from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import dependents
        from ledger.dependents import Books

        dependents.register(Books())
