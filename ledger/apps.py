from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import dependents, health
        from ledger.dependents import Books
        from ledger.health import balances

        dependents.register(Books())
        health.register("balances", balances)
