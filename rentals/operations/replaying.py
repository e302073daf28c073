"""Stored webhooks are applied once more: what a mended defect or a restored backup calls for."""

from collections.abc import Collection
from datetime import datetime
from itertools import batched
from typing import Final

from django.db import transaction

from accounts import audit
from accounts.actions import Action
from accounts.models import ProviderAccount, User
from rentals.models import InboxEntry
from rentals.nudges import nudge_each

A_TASK: Final = 50


def replay_inbox(
    *, accounts: Collection[ProviderAccount], since: datetime, actor: User | None
) -> int:
    """Have every webhook that came since then applied again, and return how many.

    Those whose body was removed can't be, and are left as they are.

    They become unapplied, all or none, which is all that it takes: workers find them by that, and
    applying one again attaches nothing twice. `actor` is None for the command line.
    """
    with transaction.atomic():
        entries = [pk for account in accounts for pk in _reopen(account, since, actor)]
    nudge_each("rentals.apply_inbox", list(batched(entries, A_TASK, strict=False)))
    return len(entries)


def _reopen(account: ProviderAccount, since: datetime, actor: User | None) -> list[int]:
    entries = InboxEntry.objects.filter(account=account, received_at__gte=since, purged_at=None)
    # Locked in the order of their ids, as by those who apply them.
    found = list(entries.select_for_update().order_by("pk").values_list("pk", flat=True))
    InboxEntry.objects.filter(pk__in=found).update(applied_at=None, outcome="")
    audit.record(
        team=account.team,
        actor=actor,
        action=Action.INBOX_REPLAYED,
        object=account,
        after={"since": since.isoformat(), "entries": len(found)},
    )
    return found
