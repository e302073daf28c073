"""The pages of this application whose filters can be kept under a name."""

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership
from accounts.pages import saved_views
from accounts.pages.filtering import FilterForm
from accounts.pages.saved_views import FilteredPage
from accounts.states import Role
from ledger.filters import OPEN, QUEUES, ExceptionFilter, RefundFilter

READERS = (Role.FINANCE, Role.ADMIN)


def register() -> None:
    saved_views.register(
        FilteredPage(
            route="refund_list",
            title=gettext_lazy("Refunds"),
            parameters=tuple(RefundFilter.base_filters),
            problems=_of_refunds,
            roles=READERS,
        )
    )
    saved_views.register(
        FilteredPage(
            route="exception_list",
            title=gettext_lazy("Exceptions"),
            parameters=("show", *ExceptionFilter.base_filters),
            problems=_of_exceptions,
            roles=READERS,
        )
    )


def _of_refunds(query: QueryDict, membership: Membership) -> list[str]:
    form: FilterForm = RefundFilter(query, membership=membership, now=timezone.now()).form
    return form.problems


def _of_exceptions(query: QueryDict, membership: Membership) -> list[str]:
    form: FilterForm = ExceptionFilter(query, membership=membership).form
    problems = form.problems
    if query.get("show", OPEN) not in QUEUES:
        problems.append(_("There is no such queue of exceptions."))
    return problems
