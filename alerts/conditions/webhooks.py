"""Polls find codes that no webhook brings: codes come later than they could."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from accounts.models import ProviderAccount
from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.models.limits import MISSED_CODES
from alerts.states import Kind, Severity
from rentals.models import InboxEntry, Rental
from rentals.states import Source

LOOK_BACK: Final = timedelta(days=1)
LONGEST: Final = timedelta(days=1)  # that a rental is live before its code
ON_ITS_WAY: Final = timedelta(minutes=1)  # a webhook may be that much later than a poll


def _quiet(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    accounts = ProviderAccount.objects.filter(archived_at__isnull=True).annotate(
        missed=_missed(now),
        limit=Coalesce(F("team__alert_limits__missed_codes"), MISSED_CODES),
    )
    for account in accounts.filter(missed__gte=F("limit")).select_related("team"):
        yield Holding(
            team_id=account.team_id,
            subject=f"account:{account.pk}",
            severity=Severity.WARNING,
            title=_("Webhooks of %(account)s have gone quiet") % {"account": account.label},
            detail=_advice(account),
            link=page("provider_account", account.team, account=account.pk),
        )


def _advice(account: ProviderAccount) -> str:
    if account.last_hook_at is None:
        return _(
            "Codes are found by asking, and no webhook has ever come. Enter the webhook address in "
            "the provider’s dashboard."
        )
    return _(
        "Codes are found by asking, and no webhook brings them any more. Check the webhook address "
        "in the provider’s dashboard."
    )


def _missed(now: datetime) -> Coalesce:
    """Codes of a day that a poll found, after the last webhook, and none ever told of.

    Rentals are found by their team and time, for which there is an index.
    """
    brought = InboxEntry.objects.filter(
        account=OuterRef("account"), activation_id=OuterRef("activation_id")
    )
    since = Greatest(OuterRef("last_hook_at"), Value(now - LOOK_BACK))
    rentals = Rental.objects.filter(
        ~Exists(brought),
        team=OuterRef("team"),
        account=OuterRef("pk"),
        requested_at__gt=now - LOOK_BACK - LONGEST,
        messages__source=Source.POLL,
        messages__seen_at__gt=since,
        messages__seen_at__lte=now - ON_ITS_WAY,
    )
    counted = rentals.order_by().values("account").annotate(count=Count("messages"))
    return Coalesce(Subquery(counted.values("count"), output_field=IntegerField()), 0)


# After a first webhook the count begins anew; one that comes alone is not yet a recovery.
QUIET: Final = Condition(Kind.QUIET_WEBHOOKS, _quiet, calm=timedelta(minutes=5))
