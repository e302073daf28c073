"""The log of an account's requests as its pages show it: narrowed, the newest first."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import ProviderAccount, SentRequest
from accounts.pages.filtering import FilterForm
from accounts.states import Lane, Verdict
from accounts.trail.entries import Place

PAGE: Final = 25
FEW: Final = 8  # on the account's own page
ERRORS: Final = "errors"


class RequestsForm(FilterForm):
    """What of the log is asked for, as the address says it; nothing narrows it by itself."""

    result = forms.ChoiceField(
        label=_("Result"),
        required=False,
        choices=[("", _("Any result")), (ERRORS, _("Errors only"))],
    )
    lane = forms.ChoiceField(
        label=_("For"), required=False, choices=[("", _("Anything")), *Lane.choices]
    )


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the log; `older` is the place after which the next one begins, if there is one."""

    lines: list[SentRequest]
    older: Place | None = None


def of_account(account: ProviderAccount) -> QuerySet[SentRequest]:
    return SentRequest.objects.filter(account=account).order_by("-at", "-pk")


def latest(account: ProviderAccount) -> list[SentRequest]:
    return list(of_account(account)[:FEW])


def latest_errors(account: ProviderAccount) -> list[SentRequest]:
    return list(_failed(of_account(account))[:FEW])


def lines(account: ProviderAccount, asked: dict[str, Any], before: Place | None) -> Lines:
    """What is asked for by a valid form, from a place on. One query."""
    found = of_account(account)
    if asked["result"] == ERRORS:
        found = _failed(found)
    if asked["lane"]:
        found = found.filter(lane=asked["lane"])
    if before is not None:
        is_older = Q(at__lt=before.at) | Q(pk__lt=before.pk)
        found = found.filter(is_older, at__lte=before.at)
    rows = list(found[: PAGE + 1])
    shown = rows[:PAGE]
    more = len(rows) > PAGE
    return Lines(shown, Place(shown[-1].at, shown[-1].pk) if more else None)


def _failed(found: QuerySet[SentRequest]) -> QuerySet[SentRequest]:
    return found.exclude(verdict=Verdict.DONE)
