"""What was sent is kept for a month; alerts themselves stay."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from alerts.models import Delivery, Letter

KEPT: Final = timedelta(days=30)


def forget(*, now: datetime) -> None:
    """Delete letters and messages that are settled and old."""
    old = Q(made_at__lt=now - KEPT)
    settled = Q(sent_at__isnull=False) | Q(dropped_at__isnull=False)
    Letter.objects.filter(old, settled).delete()
    with transaction.atomic():
        # Locked before their tries are deleted, as others do; not one that is sent again just now.
        over = Delivery.objects.filter(old, due_at__isnull=True).order_by("pk")
        locked = over.select_for_update(skip_locked=True).values_list("pk", flat=True)
        Delivery.objects.filter(pk__in=list(locked)).delete()
