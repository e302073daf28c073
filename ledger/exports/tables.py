"""This application's lists as files: what each address asks for, and who may have it."""

from collections.abc import Iterator, Sequence
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actions import Action
from accounts.models import AuditEvent, Membership, ProviderAccount
from accounts.states import Role
from accounts.trail.entries import in_one_line, narrowed, tell
from accounts.trail.form import TrailForm
from ledger.exports import lists
from ledger.exports.cells import Value
from ledger.exports.listings import Asked, Listing, NotListed, Table, refuse_if, register
from ledger.exports.lists import PORTION
from ledger.filters import ExceptionFilter, RefundFilter, StatementFilter
from ledger.models import ExchangeRate
from ledger.queries.months import Month, months_of
from ledger.queries.refunds import in_order
from ledger.queries.statement import all_lines, chosen
from ledger.queries.wallets import wallets

AUDIT: Final = [
    gettext_lazy("Event"),
    gettext_lazy("When"),
    gettext_lazy("Who"),
    gettext_lazy("E-mail address"),
    gettext_lazy("From address"),
    gettext_lazy("Kind of action"),
    gettext_lazy("Action"),
    gettext_lazy("About"),
    gettext_lazy("Called"),
    gettext_lazy("Before"),
    gettext_lazy("After"),
    gettext_lazy("Reason"),
]


def register_all() -> None:
    finance = (Role.FINANCE,)
    for listing in (
        Listing("wallets", gettext_lazy("Wallets"), _wallets, finance),
        Listing("statement", gettext_lazy("Statement of a wallet"), _statement, finance),
        Listing("refunds", gettext_lazy("Refunds"), _refunds, finance),
        Listing("exceptions", gettext_lazy("Exceptions"), _exceptions, finance),
        Listing("months", gettext_lazy("Months"), _months, finance),
        Listing("rates", gettext_lazy("Exchange rates"), _rates, finance),
        Listing(
            "audit",
            gettext_lazy("Audit log"),
            _audit,
            (Role.FINANCE, Role.ADMIN),
            Action.TRAIL_EXPORTED,
        ),
    ):
        register(listing)


def _wallets(asked: Asked) -> Table:
    found = wallets(asked.membership.team, now=asked.now)
    return Table("wallets", lists.WALLETS, found, lambda: lists.wallet_rows(found))


def _statement(asked: Asked) -> Table:
    account = asked.membership.team.provider_accounts.filter(pk=asked.about or 0).first()
    if account is None:
        raise NotListed(_("The team has no such wallet."), 404)
    form = StatementFilter(asked.query)
    refuse_if(form.problems)
    wanted = form.wanted
    return Table(
        f"wallet-{account.pk}",
        lists.STATEMENT,
        chosen(account, wanted),
        lambda: lists.statement_rows(all_lines(account, wanted)),
        form.said,
    )


def _refunds(asked: Asked) -> Table:
    refunds = RefundFilter(asked.query, membership=asked.membership, now=asked.now)
    refuse_if(refunds.form.problems)
    found = in_order(refunds.qs)
    rows = lambda: lists.refund_rows(found, now=asked.now)  # noqa: E731
    return Table("refunds", lists.REFUNDS, found, rows, refunds.form.said)


def _exceptions(asked: Asked) -> Table:
    exceptions = ExceptionFilter(asked.query, membership=asked.membership)
    refuse_if(exceptions.form.problems)
    found = exceptions.shown
    rows = lambda: lists.exception_rows(found)  # noqa: E731
    return Table("exceptions", lists.EXCEPTIONS, found, rows, exceptions.said)


def _months(asked: Asked) -> Table:
    """The newest first, in each the wallets by their labels."""
    team = asked.membership.team
    accounts = list(team.provider_accounts.select_related("team").order_by("label"))
    found = months_of(accounts, now=asked.now)
    pairs: list[tuple[ProviderAccount, Month]] = [
        (account, month) for account in accounts for month in found[account.pk]
    ]
    pairs.sort(key=lambda pair: pair[1].first, reverse=True)
    return Table("months", lists.MONTHS, pairs, lambda: lists.month_rows(pairs))


def _rates(asked: Asked) -> Table:
    rates = ExchangeRate.objects.filter(team=asked.membership.team)
    found = rates.order_by("-day", "currency", "into", "-revision")
    return Table("rates", lists.RATES, found, lambda: lists.rate_rows(found))


def _audit(asked: Asked) -> Table:
    form = TrailForm(asked.query, membership=asked.membership)
    refuse_if([] if form.is_valid() else form.problems)
    found = narrowed(asked.membership, form.wanted)
    return Table("audit", AUDIT, found, lambda: _events(found, asked.membership), form.said)


def _events(events: QuerySet[AuditEvent], membership: Membership) -> Iterator[Sequence[Value]]:
    for event in events.iterator(chunk_size=PORTION):
        told = tell(event, membership)
        yield (
            event.pk,
            event.at,
            told.actor,
            event.actor.email if event.actor else "",
            event.address or "",
            told.family,
            told.action,
            told.about,
            event.label,
            in_one_line(event.before),
            in_one_line(event.after),
            event.reason,
        )
