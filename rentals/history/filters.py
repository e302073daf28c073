"""The history's filters, all of them in the address."""

from collections.abc import Iterable
from functools import reduce
from operator import and_
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.db.models.functions import Reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, ProviderAccount, User
from accounts.pages.filtering import SEARCH, FilterForm, FromDay, ToDay
from accounts.pages.widgets import Choices
from rentals.history.sorting import Values
from rentals.models import Rental
from rentals.models.rentals import RentalQuerySet
from rentals.spend.reading import Narrowed, choices
from rentals.states import LIVE, RentalState
from rentals.visibility import sees_team, visible_rentals, with_number

LIVE_NOW = "live"
FEWEST_DIGITS = 3  # of a number: fewer are in too many
STATES = [(LIVE_NOW, _("Live now")), *RentalState.choices]


class RentalFilter(django_filters.FilterSet):  # type: ignore[misc]  # it has no types
    """Narrows the rentals that a membership may see; never shows that others are there."""

    q = django_filters.CharFilter(label=_("Search"), method="search", widget=SEARCH)
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=STATES,
        method="in_state",
        empty_label=_("Any state"),
        widget=Choices,
    )
    account = django_filters.ModelChoiceFilter(
        label=_("Provider account"),
        queryset=ProviderAccount.objects.none(),
        empty_label=_("Any account"),
        widget=Choices,
    )
    service = django_filters.ChoiceFilter(
        label=_("Service"),
        field_name="service_name",
        empty_label=_("Any service"),
        widget=Choices,
    )
    member = django_filters.ModelChoiceFilter(
        label=_("Member"),
        queryset=User.objects.none(),
        empty_label=_("Anybody"),
        widget=Choices,
    )
    since = FromDay("requested_at", label=_("From"))
    until = ToDay("requested_at", label=_("To"))

    class Meta:
        model = Rental
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, *, membership: Membership) -> None:
        self.membership = membership
        super().__init__(data, queryset=visible_rentals(membership))
        sees_all = sees_team(membership)
        # Out of the spend's sums: the rentals themselves may be a million.
        own = None if sees_all else membership.user_id
        self.there = choices(Narrowed(membership.team_id, member=own))
        self.accounts = membership.team.provider_accounts.order_by("label", "pk")
        self.people = User.objects.filter(pk__in=map(int, self.there.member))
        self.people = self.people.order_by("name", "email", "pk")
        services = [(name, name) for name in sorted(self.there.service)]
        self.filters["account"].queryset = self.accounts
        self.filters["service"].extra["choices"] = services
        if sees_all:
            self.filters["member"].queryset = self.people
        else:
            del self.filters["member"]

    def values(self, column: str) -> Values:
        """All that a column of the list has, sorted."""
        if column == "service_name":
            return sorted(self.there.service, key=lambda name: (name.lower(), name))
        if column == "state":
            return sorted(RentalState.values)
        named = self.accounts if column == "account_id" else self.people
        return list(named.values_list("pk", flat=True))

    @property
    def said(self) -> dict[str, str]:
        """The filters that are set, as the address has them; a search without its digits, which
        may be a number's."""
        said: dict[str, str] = self.form.said
        if "q" in said:
            said["q"] = "".join("…" if sign.isdecimal() else sign for sign in said["q"])
        return said

    def search(self, rentals: RentalQuerySet, name: str, words: str) -> RentalQuerySet:
        """Every word by service, purpose or activation; or those without letters, all together, as
        the last digits of a number, where the number is visible."""
        listed = words.split()
        figures = [word for word in listed if not any(map(str.isalpha, word))]
        for word in listed:
            if word not in figures:
                rentals = rentals.filter(self._plain(word))
        if not figures:
            return rentals
        digits = "".join(sign for word in figures for sign in word if sign in "0123456789")
        plain = reduce(and_, map(self._plain, figures))
        numbered = rentals.alias(turned=Reverse("phone_raw"))
        return numbered.filter(plain | self._by_number(digits))

    def _plain(self, word: str) -> Q:
        spellings = {word, word.lower(), word.upper()}
        return (
            Q(service_name__in=_holding(self.there.service, word))
            | Q(purpose__in=_holding(self.there.purpose, word))
            | Q(account__in=self.values("account_id"), activation_id__in=spellings)
        )

    def _by_number(self, digits: str) -> Q:
        """Through the index of last digits: no other part of a number has one."""
        if len(digits) < FEWEST_DIGITS:
            return Q(pk__in=())
        ending = ~Q(phone_raw="") & Q(turned__startswith=digits[::-1])
        return with_number(self.membership) & ending

    def in_state(self, rentals: QuerySet[Rental], name: str, state: str) -> QuerySet[Rental]:
        return rentals.filter(state__in=LIVE if state == LIVE_NOW else [state])


def _holding(names: Iterable[str], word: str) -> list[str]:
    """The names that hold a word: far fewer to look through than the rentals that have them."""
    return [name for name in names if word.casefold() in name.casefold()]
