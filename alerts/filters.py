"""The alerts' filters, all of them in the address."""

from typing import Any, Final

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.pages.filtering import SEARCH, FilterForm
from alerts.models import Alert, Delivery
from alerts.queries import visible_alerts
from alerts.states import Kind, Severity

OPEN: Final = "open"
CLOSED: Final = "closed"
SHOWN: Final = {OPEN: _("Open"), CLOSED: _("Over")}
TAKEN_ON: Final = [("no", _("By nobody")), ("yes", _("By somebody"))]

OUTCOMES: Final = {
    "taken": (_("Taken"), Q(delivered_at__isnull=False)),
    "due": (_("To be tried"), Q(due_at__isnull=False)),
    "lost": (_("Given up"), Q(due_at__isnull=True, delivered_at__isnull=True)),
}


class AlertFilter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    """Narrows the alerts that a membership may see; never shows that others are there."""

    q = django_filters.CharFilter(label=_("Search"), method="search", widget=SEARCH)
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=Kind.choices, empty_label=_("Any kind")
    )
    severity = django_filters.ChoiceFilter(
        label=_("Severity"), choices=Severity.choices, empty_label=_("Any severity")
    )
    taken = django_filters.ChoiceFilter(
        label=_("Taken on"), choices=TAKEN_ON, method="taken_on", empty_label=_("Either")
    )

    class Meta:
        model = Alert
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data, queryset=visible_alerts(membership))
        self.show = data.get("show") if data.get("show") in SHOWN else OPEN

    @property
    def shown(self) -> QuerySet[Alert]:
        """Of the chosen tab: the open ones, the worst and then the newest first; or those that are
        over, the last first."""
        alerts: QuerySet[Alert] = self.qs.select_related("acknowledged_by", "member")
        if self.show == CLOSED:
            return alerts.filter(closed_at__isnull=False).order_by("-closed_at", "-pk")
        return alerts.filter(closed_at__isnull=True).order_by("-severity", "-opened_at", "-pk")

    def search(self, alerts: QuerySet[Alert], name: str, words: str) -> QuerySet[Alert]:
        for word in words.split():
            alerts = alerts.filter(Q(title__icontains=word) | Q(detail__icontains=word))
        return alerts

    def taken_on(self, alerts: QuerySet[Alert], name: str, taken: str) -> QuerySet[Alert]:
        return alerts.filter(acknowledged_at__isnull=taken == "no")


class DeliveryFilter:
    """Which messages of the webhook's log are shown: `outcome` of the address."""

    def __init__(self, data: Any) -> None:
        asked = data.get("outcome", "")
        self.outcome = asked if asked in OUTCOMES else ""

    @property
    def choices(self) -> list[tuple[str, Any]]:
        return [("", _("All")), *((word, label) for word, (label, _of) in OUTCOMES.items())]

    def narrow(self, deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return deliveries.filter(OUTCOMES[self.outcome][1]) if self.outcome else deliveries
