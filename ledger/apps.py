from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        from accounts import dependents, doctor
        from accounts.trail import objects as trail_objects
        from accounts.trail.objects import Kind, nameless
        from ledger import columns, filtered_pages, names, retelling
        from ledger.dependents import Books
        from ledger.doctor import balances, refunds
        from ledger.exports import tables
        from ledger.sentences import SENTENCES

        dependents.register(Books())
        doctor.register("balances", balances)
        doctor.register("refunds", refunds)
        exception = Kind(_("Exception"), "exception_detail", "exception", names.exception)
        trail_objects.register("ledger.reconciliationexception", exception)
        refund = Kind(_("Refund"), "refund_detail", "refund", names.refund)
        trail_objects.register("ledger.refund", refund)
        month = Kind(_("Closed month"), "month_list", retold=names.closed_month)
        trail_objects.register("ledger.closedmonth", month)
        trail_objects.register("ledger.transfer", Kind(_("Deposit"), retold=names.transfer))
        match = Kind(pgettext_lazy("noun", "Match"), retold=nameless)
        trail_objects.register("ledger.match", match)
        filtered_pages.register()
        columns.register()
        tables.register_all()
        retelling.register(SENTENCES)
