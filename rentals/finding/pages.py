"""The pages that a member's menus lead to."""

from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.states import Role
from rentals.finding.hits import Hit, Text

READERS: Final = (Role.FINANCE, Role.ADMIN)
ADMINS: Final = (Role.ADMIN,)


@dataclass(frozen=True, slots=True)
class Page:
    """`also`: what else people call it. Without `roles` it is for all of the team."""

    title: Text
    route: str
    roles: tuple[Role, ...] = ()
    also: Text = ""
    of_team: bool = True


PAGES: Final = (
    Page(_("Board"), "board", also=_("rent a number, live, codes")),
    Page(_("History"), "rental_list", also=_("rentals")),
    Page(_("Spend"), "spend", also=_("cost, charges")),
    Page(_("Budgets"), "budget_list", also=_("limits")),
    Page(_("Policy"), "policy", also=_("rules, allowed services")),
    Page(_("Alerts"), "alert_list", also=_("warnings")),
    Page(_("Wallets"), "wallets", READERS, _("balance, reconciliation")),
    Page(_("Exchange rates"), "rate_list", READERS, _("currencies")),
    Page(_("Refunds"), "refund_list", READERS),
    Page(_("Exceptions"), "exception_list", READERS, _("reconciliation")),
    Page(_("Months"), "month_list", READERS, _("closing")),
    Page(_("Audit log"), "audit_log", READERS),
    Page(_("Providers"), "provider_accounts", ADMINS, _("keys, webhooks, accounts")),
    Page(_("Health"), "health", ADMINS, _("webhooks, polling, limits")),
    Page(_("People"), "people", ADMINS, _("members, roles, invitations")),
    Page(_("Settings"), "team_settings", ADMINS, _("time zone, board, team")),
    Page(_("Saved views"), "saved_views", also=_("filters")),
    Page(_("Your profile"), "profile", also=_("name, time zone, keyboard"), of_team=False),
)


def find(membership: Membership, words: list[str]) -> list[Hit]:
    return [
        Hit(page.title, reverse(page.route, args=[membership.team.slug] if page.of_team else []))
        for page in PAGES
        if (not page.roles or membership.has(*page.roles)) and _fits(page, words)
    ]


def _fits(page: Page, words: list[str]) -> bool:
    text = f"{page.title} {page.also}".casefold()
    return all(word.casefold() in text for word in words)
