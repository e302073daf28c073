"""Somebody says what they want by e-mail, and how."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Membership
from alerts.models import Letter, MailChoice
from alerts.states import How, Kind


def choose_mail(
    *, membership: Membership, how: Mapping[Kind, How], digest_hour: int, now: datetime
) -> None:
    """Keep it. What waits for the digest comes at the new hour; of what is off, nothing comes."""
    with transaction.atomic():
        choice, _ = MailChoice.objects.update_or_create(
            membership=membership,
            defaults={
                "how": {kind.value: each.value for kind, each in how.items()},
                "digest_hour": digest_hour,
            },
        )
        waiting = Letter.objects.filter(
            membership=membership,
            sent_at__isnull=True,
            dropped_at__isnull=True,
            taken_until__isnull=True,
        )
        off = [kind for kind, each in how.items() if each == How.OFF]
        waiting.filter(alert__kind__in=off).update(dropped_at=now)
        waiting.filter(how=How.DIGEST).update(due_at=choice.next_digest(now))
