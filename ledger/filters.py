"""The filters of the ledger's lists, all of them in the address."""

from calendar import monthrange
from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, ProviderAccount
from accounts.pages.filtering import (
    DAY,
    SEARCH,
    FilterForm,
    FromDay,
    ToDay,
    end_of,
    midnight,
)
from accounts.pages.widgets import Choices
from ledger.models import ReconciliationException, Refund
from ledger.queries.listed_refunds import Wanted as RefundsWanted
from ledger.queries.refunds import named
from ledger.queries.statement import Wanted
from ledger.states import (
    AWAITED,
    UNRESOLVED,
    ExceptionKind,
    RefundCause,
    RefundState,
    TransferKind,
)

STATEMENT_KINDS = [
    (kind.value, kind.label)
    for kind in TransferKind
    if kind not in (TransferKind.OUTSIDE, TransferKind.WRITE_OFF)
]
AWAITED_NOW, OVERDUE = "awaited", "overdue"
REFUND_STATES = [
    (AWAITED_NOW, _("Awaited")),
    (OVERDUE, _("Overdue")),
    *RefundState.choices,
]
OPEN, MINE, RESOLVED = "open", "mine", "resolved"
QUEUES = {OPEN: _("Open"), MINE: _("Assigned to me"), RESOLVED: _("Resolved")}


class _Filter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    """What the lists share: a search, a wallet and days."""

    q = django_filters.CharFilter(label=_("Search"), method="search", widget=SEARCH)
    wallet = django_filters.ModelChoiceFilter(
        label=_("Wallet"),
        queryset=ProviderAccount.objects.none(),
        empty_label=_("Any wallet"),
        widget=Choices,
    )

    def __init__(self, data: Any, *, membership: Membership, queryset: QuerySet[Any]) -> None:
        self.membership = membership
        super().__init__(data, queryset=queryset)
        self.filters["wallet"].queryset = membership.team.provider_accounts.order_by("label")

    def search(self, rows: QuerySet[Any], name: str, words: str) -> QuerySet[Any]:
        for word in words.split():
            rows = rows.filter(self.holds(word))
        return rows

    def holds(self, word: str) -> Q:
        raise NotImplementedError


class RefundFilter(_Filter):
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=REFUND_STATES,
        method="in_state",
        empty_label=_("Any state"),
        widget=Choices,
    )
    cause = django_filters.ChoiceFilter(
        label=_("Cause"),
        choices=RefundCause.choices,
        empty_label=_("Any cause"),
        widget=Choices,
    )
    since = FromDay("due_at", label=_("Due from"))
    until = ToDay("due_at", label=_("Due to"))

    class Meta:
        model = Refund
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, *, membership: Membership, now: datetime) -> None:
        self.now = now
        refunds = Refund.objects.filter(wallet__team=membership.team)
        super().__init__(data, membership=membership, queryset=refunds)

    @property
    def wanted(self) -> RefundsWanted:
        """The same, apart by who can tell of it."""
        self.form.is_valid()
        said = self.form.cleaned_data
        state, since, until = said.get("state"), said.get("since"), said.get("until")
        kind = Q(**{name: said[name] for name in ("wallet", "cause") if said.get(name)})
        if state:
            kind &= Q(state__in=AWAITED if state in (AWAITED_NOW, OVERDUE) else [state])
        days = Q(due_at__gte=midnight(since)) if since else Q()
        days &= Q(due_at__lte=end_of(until)) if until else Q()
        days &= self._late if state == OVERDUE else Q()
        words = str(said.get("q") or "").split()
        return RefundsWanted(self.membership.team, kind, days, words)

    @property
    def _late(self) -> Q:
        return Q(state__in=AWAITED, due_at__lt=self.now, expected_max__gt=0)

    def holds(self, word: str) -> Q:
        return named(word) | Q(service__icontains=word)

    def in_state(self, refunds: QuerySet[Refund], name: str, state: str) -> QuerySet[Refund]:
        if state == OVERDUE:
            return refunds.filter(self._late)
        return refunds.filter(state__in=AWAITED if state == AWAITED_NOW else [state])


class ExceptionFilter(_Filter):
    kind = django_filters.ChoiceFilter(
        label=_("Kind"),
        choices=ExceptionKind.choices,
        empty_label=_("Any kind"),
        widget=Choices,
    )
    since = FromDay("occurred_at", label=_("From"))
    until = ToDay("occurred_at", label=_("To"))

    class Meta:
        model = ReconciliationException
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, *, membership: Membership) -> None:
        rows = ReconciliationException.objects.filter(wallet__team=membership.team)
        super().__init__(data, membership=membership, queryset=rows)
        self.show = data.get("show") if data.get("show") in QUEUES else OPEN

    @property
    def shown(self) -> QuerySet[ReconciliationException]:
        """What the chosen queue has of it, what waits longest first; resolved, the newest first."""
        rows: QuerySet[ReconciliationException] = self.qs
        if self.show == RESOLVED:
            return rows.exclude(state__in=UNRESOLVED).order_by("-resolved_at", "-pk")
        rows = rows.filter(state__in=UNRESOLVED).order_by("opened_at", "pk")
        return rows.filter(assigned_to=self.membership.user_id) if self.show == MINE else rows

    @property
    def said(self) -> dict[str, str]:
        return {"show": self.show, **self.form.said}

    def holds(self, word: str) -> Q:
        names = Q(reference__in=[word, f"rental:{word.removeprefix('#')}"])
        return names | Q(row__provider_id=word) | Q(detail__icontains=word)


class StatementFilter(FilterForm):
    """A wallet's statement: of a month, as of a day, one kind of line, or what is named so."""

    q = forms.CharField(label=_("Rental or activation"), required=False, widget=SEARCH)
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("Any kind")), *STATEMENT_KINDS],
        widget=Choices,
    )
    month = forms.DateField(
        label=_("Month"),
        required=False,
        input_formats=["%Y-%m"],
        widget=forms.DateInput(attrs={"type": "month", "placeholder": "2026-03"}, format="%Y-%m"),
    )
    as_of = forms.DateField(label=_("As of"), required=False, widget=DAY)

    @property
    def wanted(self) -> Wanted:
        self.is_valid()
        said = self.cleaned_data
        month, until = said.get("month"), said.get("as_of")
        if month:
            last = month.replace(day=monthrange(month.year, month.month)[1])
            until = min(last, until) if until else last
        word = str(said.get("q") or "").strip()
        return Wanted(since=month, until=until, kind=said.get("kind") or "", word=word)
