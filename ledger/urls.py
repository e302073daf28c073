"""Addresses below a team's."""

from datetime import date

from django.urls import path, register_converter

from ledger.views import (
    audit,
    deposits,
    exceptions,
    exports,
    matching,
    months,
    rates,
    reconciling,
    refunds,
    wallets,
)


class MonthConverter:
    """A month as its first day: 2026-03."""

    regex = "2[0-9]{3}-(?:0[1-9]|1[0-2])"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(f"{value}-01")

    def to_url(self, value: date) -> str:
        return f"{value:%Y-%m}"


register_converter(MonthConverter, "month")

urlpatterns = [
    path("wallets/", wallets.wallet_list, name="wallets"),
    path("wallets/export", wallets.wallet_export, name="wallet_export"),
    path("wallets/<int:wallet>/", wallets.wallet_detail, name="wallet_detail"),
    path("wallets/<int:wallet>/export", wallets.statement_export, name="statement_export"),
    path("wallets/<int:wallet>/reconcile", reconciling.wallet_reconcile, name="wallet_reconcile"),
    path("wallets/<int:wallet>/reconciliation", reconciling.reconciliation, name="reconciliation"),
    path("wallets/<int:wallet>/deposits", deposits.deposit_create, name="deposit_create"),
    path(
        "wallets/<int:wallet>/deposits/<int:deposit>/take-back",
        deposits.deposit_take_back,
        name="deposit_take_back",
    ),
    path("refunds/", refunds.refund_list, name="refund_list"),
    path("refunds/export", refunds.refund_export, name="refund_export"),
    path("refunds/<int:refund>/write-off", refunds.refund_write_off, name="refund_write_off"),
    path("refunds/<int:refund>/take-back", refunds.refund_take_back, name="refund_take_back"),
    path("exceptions/", exceptions.exception_list, name="exception_list"),
    path("exceptions/export", exceptions.exception_export, name="exception_export"),
    path("exceptions/<int:exception>/", exceptions.exception_detail, name="exception_detail"),
    path("exceptions/<int:exception>/assign", exceptions.exception_assign, name="exception_assign"),
    path(
        "exceptions/<int:exception>/resolve",
        exceptions.exception_resolve,
        name="exception_resolve",
    ),
    path("exceptions/<int:exception>/reopen", exceptions.exception_reopen, name="exception_reopen"),
    path("exceptions/<int:exception>/match", matching.exception_match, name="exception_match"),
    path(
        "exceptions/<int:exception>/unmatch", matching.exception_unmatch, name="exception_unmatch"
    ),
    path("months/", months.month_list, name="month_list"),
    path("months/export", months.month_export, name="month_export"),
    path("months/<int:wallet>/<month:first>/", months.month_detail, name="month_detail"),
    path("months/<int:wallet>/<month:first>/close", months.month_close, name="month_close"),
    path("audit/export", audit.audit_export, name="audit_export"),
    path("exports/", exports.export_list, name="export_list"),
    path("exports/<int:export>/", exports.export_detail, name="export_detail"),
    path("exports/<int:export>/file", exports.export_file, name="export_file"),
    path("exports/<int:export>/delete", exports.export_delete, name="export_delete"),
    path("rates/", rates.rate_list, name="rate_list"),
    path("rates/new", rates.rate_create, name="rate_create"),
    path("rates/<int:rate>/correct", rates.rate_correct, name="rate_correct"),
    path("rates/import", rates.rate_import, name="rate_import"),
    path("rates/export", rates.rate_export, name="rate_export"),
]
