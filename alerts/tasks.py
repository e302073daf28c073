"""Celery's side: each task makes one call of an operation, and may run twice or never."""

from celery import shared_task
from django.utils import timezone

from alerts.nudges import nudge_each
from alerts.operations import delivering, evaluating, forgetting, mailing


@shared_task(name="alerts.evaluate")
def evaluate() -> None:
    evaluating.evaluate(now=timezone.now())


@shared_task(name="alerts.send_due")
def send_due() -> None:
    """What no nudge told of, what is to be tried again, and digests."""
    now = timezone.now()
    nudge_each("alerts.send_letters", [(pk,) for pk in mailing.due_readers(now=now)])
    nudge_each("alerts.deliver", [(pk,) for pk in delivering.due_deliveries(now=now)])


@shared_task(name="alerts.send_letters")
def send_letters(membership_id: int) -> None:
    mailing.send_letters(membership_id=membership_id, now=timezone.now())


@shared_task(name="alerts.deliver")
def deliver(delivery_id: int) -> None:
    delivering.deliver(delivery_id=delivery_id, now=timezone.now())


@shared_task(name="alerts.forget")
def forget() -> None:
    forgetting.forget(now=timezone.now())
