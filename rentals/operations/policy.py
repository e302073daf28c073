"""An admin sets what the team's members may rent."""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Team, User
from accounts.operations import change_settings
from rentals.models import Offer, Policy
from rentals.operations.errors import NotPossible
from rentals.policy import BadTerms, Terms, checked
from rentals.policy.terms import service_key

LONGEST_KEPT: Final = 3650  # days


@dataclass(frozen=True, slots=True)
class Settings:
    """What a team has decided besides its terms.

    Texts and codes are kept for `keep_days` (None: for good), and numbers too if it
    `purges_numbers`.
    """

    shares_board: bool
    auto_cancel: bool
    keep_days: int | None = None
    purges_numbers: bool = False


def change_policy(
    *,
    team: Team,
    version: int,
    terms: Terms,
    settings: Settings,
    actor: User | None,
    now: datetime,
) -> None:
    """Replace the team's policy if it is still as in `version`. Raises BadTerms, NotPossible.

    The terms hold for whatever is requested from now on; how long things are kept holds for what
    is there already too.
    """
    tidy = checked(terms)
    _check_keeping(settings)
    with transaction.atomic():
        Policy.objects.get_or_create(team=team)
        policy = Policy.objects.select_for_update().get(team=team)
        if policy.version != version:
            raise NotPossible(
                _(
                    "Somebody has changed this policy meanwhile, and nothing is kept of what is "
                    "below. Open the form again, look at what has changed, then decide."
                )
            )
        _check_services(team, tidy, known=policy.terms)
        keeping = {
            "keep_days": settings.keep_days,
            "purges_numbers": settings.purges_numbers,
        }
        rewritten = _write(policy, _columns(tidy) | keeping, actor)
        reset = change_settings(
            team=team,
            shares_board=settings.shares_board,
            auto_cancel=settings.auto_cancel,
            actor=actor,
            now=now,
        )
        if rewritten or reset:
            policy.version += 1
            policy.save(update_fields=["version"])


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "services": list(terms.services),
        "highest": {code: f"{amount:f}" for code, amount in sorted(terms.highest.items())},
        "purpose_rule": terms.purpose_rule.value,
        "purposes": list(terms.purposes),
        "tickets": list(terms.tickets),
        "most_live": terms.most_live,
    }


def _write(policy: Policy, wanted: dict[str, Any], actor: User | None) -> bool:
    """Whether anything of it changes."""
    before = {column: getattr(policy, column) for column in wanted}
    changed = [column for column in wanted if before[column] != wanted[column]]
    if not changed:
        return False
    for column in changed:
        setattr(policy, column, wanted[column])
    policy.save(update_fields=changed)
    audit.record(
        team=policy.team,
        actor=actor,
        action=Action.POLICY_CHANGED,
        object=policy,
        before={column: before[column] for column in changed},
        after={column: wanted[column] for column in changed},
    )
    return True


def _check_keeping(settings: Settings) -> None:
    if settings.keep_days is None:
        if settings.purges_numbers:
            raise BadTerms("keep_days", _("Say after how many days numbers are removed."))
    elif not 1 <= settings.keep_days <= LONGEST_KEPT:
        raise BadTerms("keep_days", _("Give a number of days from 1 to 3650, or leave it empty."))


def _check_services(team: Team, terms: Terms, *, known: Terms) -> None:
    """A name that nobody offers is most likely a slip, and would lock everybody out."""
    new = terms.service_keys - known.service_keys
    if not new:
        return
    names = set(Offer.objects.filter(account__team=team).values_list("name", flat=True))
    offered = {service_key(name): name for name in names}
    for name in terms.services if offered else ():
        if service_key(name) in new - offered.keys():
            raise BadTerms("services", _unknown(name, offered))


def _unknown(name: str, offered: dict[str, str]) -> str:
    close = get_close_matches(service_key(name), offered, n=1)
    told = {"name": name, "close": offered[close[0]] if close else ""}
    if close:
        words = _("None of the team’s provider accounts offers “%(name)s”. %(close)s is there.")
    else:
        words = _("None of the team’s provider accounts offers “%(name)s”. See the board.")
    return words % told
