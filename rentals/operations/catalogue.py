"""What a provider account offers is read and kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from providers.errors import ProviderError, Refused, Throttled, Unavailable
from providers.paging import Listing, every_page
from providers.registry import provider
from providers.values import Page, Service
from rentals.models import Offer

FRESH = timedelta(minutes=15)
RETRY_MINUTES = 10


def accounts_with_stale_catalogues(now: datetime) -> list[int]:
    """The accounts whose catalogue was never read, or not of late.

    Called once a minute. What could not be read comes up again every ten minutes only, or a
    provider's long outage would use up the day's share of its limits.
    """
    stale = Q(catalogue_read_at__isnull=True) | Q(catalogue_read_at__lte=now - FRESH)
    accounts = ProviderAccount.objects.filter(
        stale, archived_at__isnull=True, key_refused_at__isnull=True
    )
    if now.minute % RETRY_MINUTES:
        accounts = accounts.filter(catalogue_problem="")
    return list(accounts.values_list("pk", flat=True))


def refresh_catalogue(*, account: ProviderAccount) -> int:
    """Read all services and keep them; returns how many there are.

    What is missing from a list that is known to be complete is marked as gone. A list of which
    nothing could be read leaves everything as it was, and says why on the account.
    """
    started = timezone.now()
    try:
        listing = every_page(partial(_page, account), identity=lambda service: service.code)
    except gateway.OverBudget:
        return _problem(account, "Our share of the provider’s limits is used up for now.")
    except gateway.NoKey:
        return _problem(account, "The account has no key.")
    except ProviderError as error:
        return _problem(account, error.detail)
    _keep(account, listing, started)
    return len(listing.items)


def _page(account: ProviderAccount, number: int) -> Page[Service]:
    """A page. A later one is asked for twice where it can't be read, because a long list has many.

    One that can't be had even so ends the list there: what was read before it is of use.
    """
    call = provider(account.provider, account.server_prefix).services(number)
    ask = partial(gateway.ask, account, call, lane=Lane.CATALOGUE)
    if number == 1:
        return ask(now=timezone.now())
    try:
        try:
            return ask(now=timezone.now())
        except Unavailable:
            return ask(now=timezone.now())
    except (Unavailable, Throttled, gateway.OverBudget) as error:
        raise Refused(str(error)) from error


def _problem(account: ProviderAccount, text: str) -> int:
    ProviderAccount.objects.filter(pk=account.pk).update(catalogue_problem=text[:200])
    return 0


def _keep(account: ProviderAccount, listing: Listing[Service], now: datetime) -> None:
    with transaction.atomic():
        Offer.objects.bulk_create(
            _offers(account, listing.items, now),
            update_conflicts=True,
            unique_fields=["account", "service_code"],
            update_fields=["name", "price", "ttl", "stock", "multiple_sms", "read_at", "gone_at"],
        )
        if listing.complete:
            Offer.objects.filter(account=account, read_at__lt=now, gone_at__isnull=True).update(
                gone_at=now
            )
        ProviderAccount.objects.filter(pk=account.pk).update(
            catalogue_read_at=now,
            catalogue_problem="" if listing.complete else "Only a part of the list could be read.",
        )


def _offers(account: ProviderAccount, services: Iterable[Service], now: datetime) -> list[Offer]:
    return [
        Offer(
            account=account,
            service_code=service.code,
            name=service.name[:200],
            price=service.price,
            ttl=service.ttl,
            stock=service.stock,
            multiple_sms=service.multiple_sms,
            read_at=now,
            gone_at=None,
        )
        for service in services
    ]
