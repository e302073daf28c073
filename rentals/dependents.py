"""What rentals have to do with a provider account that is added, archived or gets a new key."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.utils.translation import ngettext

from accounts.models import ProviderAccount, Team
from rentals.models import Rental
from rentals.nudges import nudge
from rentals.states import OPEN

SHOWN: Final = 5


class Rentals:
    def adding(self, account: ProviderAccount) -> None:
        pass

    def added(self, account: ProviderAccount) -> None:
        nudge("rentals.refresh_catalogue", account.pk)

    def unfinished(self, account: ProviderAccount) -> str:
        live = Rental.objects.filter(account=account).live().count()
        if not live:
            return ""
        return ngettext(
            "%(count)d rental is still live here. Finish or cancel it first.",
            "%(count)d rentals are still live here. Finish or cancel them first.",
            live,
        ) % {"count": live}

    def activations(self, account: ProviderAccount) -> Sequence[str]:
        """Those that the provider still handles, then the newest."""
        known = Rental.objects.filter(account=account).exclude(activation_id="")
        is_open = ExpressionWrapper(Q(state__in=OPEN), output_field=BooleanField())
        newest = known.order_by(is_open.desc(), "-started_at")
        return list(newest.values_list("activation_id", flat=True)[:SHOWN])

    def against_zone(self, team: Team, now: datetime) -> str:
        return ""
