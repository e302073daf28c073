from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import dependents, health
        from accounts.trail import objects as trail_objects
        from accounts.trail.objects import Kind
        from ledger import columns, filtered_pages, retelling
        from ledger.dependents import Books
        from ledger.exports import tables
        from ledger.health import balances, refunds
        from ledger.sentences import SENTENCES

        dependents.register(Books())
        health.register("balances", balances)
        health.register("refunds", refunds)
        exception = Kind(_("Exception"), "exception_detail", "exception")
        trail_objects.register("ledger.reconciliationexception", exception)
        trail_objects.register("ledger.refund", Kind(_("Refund"), "refund_detail", "refund"))
        trail_objects.register("ledger.closedmonth", Kind(_("Closed month"), "month_list"))
        trail_objects.register("ledger.transfer", Kind(_("Deposit")))
        trail_objects.register("ledger.match", Kind(pgettext_lazy("noun", "Match")))
        filtered_pages.register()
        columns.register()
        tables.register_all()
        retelling.register(SENTENCES)
