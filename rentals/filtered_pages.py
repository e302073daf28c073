"""The pages of this application whose filters can be kept under a name."""

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.pages import saved_views
from accounts.pages.filtering import FilterForm
from accounts.pages.saved_views import FilteredPage
from ledger.days import team_day
from rentals.history.filters import RentalFilter
from rentals.history.sorting import SORTS
from rentals.spend.asked import PARAMETERS, asked
from rentals.visibility import sees_spend_of, spender


def register() -> None:
    saved_views.register(
        FilteredPage(
            route="rental_list",
            title=gettext_lazy("History"),
            parameters=(*RentalFilter.base_filters, "sort"),
            problems=_of_history,
            may_hold_numbers=("q",),
        )
    )
    saved_views.register(
        FilteredPage(
            route="spend",
            title=gettext_lazy("Spend"),
            parameters=PARAMETERS,
            problems=_of_spend,
        )
    )


def _of_history(query: QueryDict, membership: Membership) -> list[str]:
    form: FilterForm = RentalFilter(query, membership=membership).form
    problems = form.problems
    if query.get("sort", "requested").removeprefix("-") not in SORTS:
        problems.append(_("The history has no such order."))
    return problems


def _of_spend(query: QueryDict, membership: Membership) -> list[str]:
    if not sees_spend_of(membership, query.get("member")):
        return [_("What others spend is for finance and admins.")]
    today = team_day(membership.team, timezone.now())
    problem = asked(query, membership.team_id, today=today, member=spender(membership)).problem
    return [problem] if problem else []
