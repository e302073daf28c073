"""Celery's side: each task makes one call of an operation, and may run twice or never."""

from celery import shared_task
from django.utils import timezone

from alerts.operations import evaluating


@shared_task(name="alerts.evaluate")
def evaluate() -> None:
    evaluating.evaluate(now=timezone.now())
