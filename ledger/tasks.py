"""Celery's side: each task makes one call of an operation, and may run twice or never."""

from celery import shared_task
from django.utils import timezone

from ledger.nudges import nudge
from ledger.operations import exporting, reconciling
from ledger.operations.folding import fold_refunds as fold


@shared_task(name="ledger.reconcile")
def reconcile(reconciliation_id: int) -> None:
    reconciling.reconcile(reconciliation_id)


@shared_task(name="ledger.tick")
def tick() -> None:
    for reconciliation_id in reconciling.tick(timezone.now()):
        nudge("ledger.reconcile", reconciliation_id)


@shared_task(name="ledger.make_exports")
def make_exports() -> None:
    while exporting.make_next():
        pass


@shared_task(name="ledger.purge_exports")
def purge_exports() -> None:
    exporting.purge(timezone.now())


@shared_task(name="ledger.fold_refunds")
def fold_refunds() -> None:
    fold()
