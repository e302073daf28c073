from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RentalsConfig(AppConfig):
    name = "rentals"

    def ready(self) -> None:
        from accounts import dependents, doctor
        from accounts.trail import objects as trail_objects
        from accounts.trail.objects import Kind, nameless
        from ledger import renters, retelling
        from rentals import columns, filtered_pages, listings
        from rentals.dependents import Rentals
        from rentals.doctor import quality, spend
        from rentals.renters import Renting
        from rentals.sentences import SENTENCES

        dependents.register(Rentals())
        renters.register(Renting())
        doctor.register("spend", spend)
        doctor.register("quality", quality)
        rental = Kind(_("Rental"), "rental_detail", "rental")
        trail_objects.register("rentals.rental", rental)
        trail_objects.register("rentals.policy", Kind(_("Policy"), "policy", retold=nameless))
        filtered_pages.register()
        columns.register()
        listings.register_all()
        budget = Kind(_("Budget"), "budget_list", retold=nameless)
        trail_objects.register("rentals.budget", budget)
        retelling.register(SENTENCES)
