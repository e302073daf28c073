"""Celery's side: each task makes one call of an operation, and may run twice or never."""

from collections.abc import Callable
from typing import Any

from celery import shared_task
from django.utils import timezone

from accounts.models import ProviderAccount
from rentals import operations
from rentals.models import InboxEntry, Rental
from rentals.nudges import nudge
from rentals.operations import adopting, catalogue, learning, mailing, polling, sending, wallet
from rentals.pacing.turns import AT_ONCE
from rentals.workers.background import background


@shared_task(name="rentals.send_rent")
def send_rent(rental_id: int) -> None:
    attempt = sending.begin_rent(rental_id)
    if attempt is not None:
        background.rent(attempt)


@shared_task(name="rentals.send_control")
def send_control(rental_id: int) -> None:
    account = Rental.objects.values_list("account_id", flat=True).get(pk=rental_id)
    background.converse(account, lambda: operations.send_control(rental_id))


@shared_task(name="rentals.apply_inbox")
def apply_inbox(*entry_ids: int) -> None:
    operations.apply_inbox_entries(entry_ids, now=timezone.now())


@shared_task(name="rentals.adopt")
def adopt(entry_id: int) -> None:
    account = InboxEntry.objects.values_list("account_id", flat=True).get(pk=entry_id)
    background.converse(account, lambda: adopting.adopt(entry_id))


@shared_task(name="rentals.poll_account")
def poll_account(account_id: int) -> None:
    if operations.poll_account(account_id) >= AT_ONCE:  # more are due: not at the next tick
        nudge("rentals.poll_account", account_id)


@shared_task(name="rentals.refresh_catalogue")
def refresh_catalogue(account_id: int) -> None:
    operations.refresh_catalogue(account=ProviderAccount.objects.get(pk=account_id))


@shared_task(name="rentals.read_balance")
def read_balance(account_id: int) -> None:
    wallet.read_balance(account=ProviderAccount.objects.get(pk=account_id))


@shared_task(name="rentals.mail_request")
def mail_request(request_id: int) -> None:
    mailing.mail_request(request_id, now=timezone.now())


@shared_task(name="rentals.tick")
def tick() -> None:
    for account_id in polling.accounts_with_due_polls(timezone.now()):
        nudge("rentals.poll_account", account_id)


@shared_task(name="rentals.sweep")
def sweep() -> None:
    operations.sweep(timezone.now(), nudge)


@shared_task(name="rentals.refresh_catalogues")
def refresh_catalogues() -> None:
    for account_id in catalogue.accounts_with_stale_catalogues(timezone.now()):
        nudge("rentals.refresh_catalogue", account_id)
        nudge("rentals.read_balance", account_id)
    for account_id in wallet.accounts_with_moved_wallets(timezone.now()):
        nudge("rentals.read_balance", account_id)
    wallet.look_for_reasons(timezone.now())


@shared_task(name="rentals.learn_arrivals")
def learn_arrivals() -> None:
    learning.learn_arrivals(timezone.now())


@shared_task(name="rentals.purge")
def purge() -> None:
    operations.purge_due(now=timezone.now())


@shared_task(name="rentals.fold_spend")
def fold_spend() -> None:
    operations.fold_spend()


@shared_task(name="rentals.fold_quality")
def fold_quality() -> None:
    operations.fold_quality()


# What the standby does by itself while no message gets through. E-mails wait: a mail server that
# hangs would keep its few threads from renting.
WORK: dict[str, Callable[..., Any]] = {
    "rentals.send_rent": send_rent,
    "rentals.send_control": send_control,
    "rentals.apply_inbox": apply_inbox,
    "rentals.adopt": adopt,
    "rentals.poll_account": poll_account,
}
