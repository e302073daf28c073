from django.apps import AppConfig


class RentalsConfig(AppConfig):
    name = "rentals"

    def ready(self) -> None:
        from accounts import dependents
        from rentals.dependents import Rentals

        dependents.register(Rentals())
