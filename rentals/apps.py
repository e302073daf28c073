from django.apps import AppConfig


class RentalsConfig(AppConfig):
    name = "rentals"

    def ready(self) -> None:
        from accounts import dependents
        from ledger import renters
        from rentals.dependents import Rentals
        from rentals.renters import Renting

        dependents.register(Rentals())
        renters.register(Renting())
