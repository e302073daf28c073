"""How well each offer has served its account: kept on it, for whoever chooses one."""

from collections.abc import Mapping
from statistics import median

from django.db.models import Q

from rentals.models import Offer

# By account and service code: of each rental the seconds until its code came, None without one.
type Waits = Mapping[tuple[int, str], list[float | None]]


def keep_records(waits: Waits) -> None:
    """Write what the rentals of the last weeks tell of their offers, where it is news."""
    concerned = Q(tried__gt=0) | Q(account__in={account for account, _ in waits})
    for offer in Offer.objects.filter(concerned):
        record = _record(waits.get((offer.account_id, offer.service_code), []))
        if record != (offer.tried, offer.codes, offer.median_wait):
            tried, codes, wait = record
            Offer.objects.filter(pk=offer.pk).update(tried=tried, codes=codes, median_wait=wait)


def _record(waits: list[float | None]) -> tuple[int, int, int | None]:
    came = [wait for wait in waits if wait is not None]
    return len(waits), len(came), round(median(came)) if came else None
