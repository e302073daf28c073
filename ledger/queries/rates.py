"""The rates that count now."""

from collections.abc import Iterable
from datetime import date

from accounts.models import Team
from ledger.models import ExchangeRate


def latest_rates(team: Team, currencies: Iterable[str], day: date) -> dict[str, ExchangeRate]:
    """By currency the rate into the team's reporting currency that counts on `day`.

    In one query; a currency without a rate is not among them.
    """
    rates = ExchangeRate.objects.filter(
        team=team, currency__in=set(currencies), into=team.reporting_currency, day__lte=day
    )
    newest = rates.order_by("currency", "-day", "-revision").distinct("currency")
    return {rate.currency: rate for rate in newest}
