from django.apps import AppConfig


class RentalsConfig(AppConfig):
    name = "rentals"

    def ready(self) -> None:
        from accounts import dependents, health
        from ledger import renters
        from rentals.dependents import Rentals
        from rentals.renters import Renting
        from rentals.spend.health import spend

        dependents.register(Rentals())
        renters.register(Renting())
        health.register("spend", spend)
