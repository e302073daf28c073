"""A provider does not accept an account's key."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from accounts.models import ProviderAccount
from alerts.conditions.condition import Condition, Holding, Subject, page
from alerts.states import Kind, Severity
from providers.registry import provider


def _refused(now: datetime, opened: Collection[Subject]) -> Iterator[Holding]:
    refused = ProviderAccount.objects.filter(archived_at__isnull=True, key_refused_at__isnull=False)
    for account in refused.select_related("team"):
        name = provider(account.provider, account.server_prefix).name
        yield Holding(
            team_id=account.team_id,
            subject=f"account:{account.pk}",
            severity=Severity.CRITICAL,
            title=_("%(provider)s refuses the key of %(account)s")
            % {"provider": name, "account": account.label},
            detail=_("Nothing can be rented there, and nothing read, until it is replaced."),
            link=page("provider_account", account.team, account=account.pk),
        )


# A provider that takes and refuses a key by turns is one trouble and not many.
REFUSED: Final = Condition(Kind.KEY_REFUSED, _refused, calm=timedelta(minutes=5))
