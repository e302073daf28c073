"""A row that stood in the queue is explained after all: its exception closes by itself."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop as _

from accounts.models import ProviderAccount, User
from ledger.book import Entry, post_all
from ledger.days import team_day
from ledger.models import Match, ReconciliationException, Transfer
from ledger.operations.exceptions import report
from ledger.operations.unexplained import unexplained
from ledger.states import (
    UNRESOLVED,
    AccountKind,
    ExceptionKind,
    ExceptionState,
    Resolution,
    TransferKind,
)


def settle_matched(
    wallet: ProviderAccount, *, now: datetime, actor: User | None = None, reason: str = ""
) -> int:
    """Close the exceptions of rows that are matched, and take their money out of suspense.

    `actor`: the person who has just matched one, None where the statement explains itself.
    """
    live = Match.objects.filter(row=OuterRef("row"), undone_at__isnull=True)
    with transaction.atomic():
        waiting = ReconciliationException.objects.select_for_update(of=("self",)).filter(
            Exists(live), wallet=wallet, state__in=UNRESOLVED, row__isnull=False
        )
        found = list(waiting.order_by("pk"))
        if found:
            post_all([out_of_suspense(wallet, each, now) for each in found if each.amount])
            ReconciliationException.objects.filter(pk__in=[each.pk for each in found]).update(
                state=ExceptionState.RESOLVED,
                resolved_at=now,
                resolved_by=actor,
                resolution=Resolution.MATCHED,
                reason=reason[:500],
            )
    return len(found)


def restate(wallet: ProviderAccount, unsure: Collection[int], *, now: datetime) -> int:
    """Say again what is reported of purchases that became unsure, or no longer are."""
    with transaction.atomic():
        waiting = ReconciliationException.objects.select_for_update(of=("self",)).filter(
            wallet=wallet,
            kind=ExceptionKind.OUTSIDE_PURCHASE,
            state__in=UNRESOLVED,
            row__isnull=False,
            row__amount__gt=0,
        )
        stale = [
            each
            for each in waiting.select_related("row").order_by("pk")
            if (each.amount == 0) != (each.row_id in unsure)
        ]
        for each in stale:
            _say_again(wallet, each, now, unsure=each.row_id in unsure)
    return len(stale)


def _say_again(
    wallet: ProviderAccount, before: ReconciliationException, now: datetime, *, unsure: bool
) -> None:
    assert before.row is not None  # noqa: S101 - as it was filtered
    if before.amount:
        post_all([out_of_suspense(wallet, before, now)])
    whose, state = before.assigned_to, before.state
    before.state, before.resolved_at = ExceptionState.RESOLVED, now
    before.resolution, before.reason = Resolution.NOTED, _("Reported again with what is known now.")
    before.save(update_fields=["state", "resolved_at", "resolution", "reason"])
    turn = ReconciliationException.objects.filter(row=before.row).count() + 1
    again = unexplained(before.row, turn=turn, unsure=unsure)
    report(wallet, again, now=now)
    ReconciliationException.objects.filter(wallet=wallet, key=again.key).update(
        state=state, assigned_to=whose
    )


def lock_waiting(row_ids: Sequence[int]) -> None:
    """Lock the rows' open exceptions, before balances: everybody does it in this order."""
    waiting = ReconciliationException.objects.select_for_update(of=("self",)).filter(
        row__in=row_ids, state__in=UNRESOLVED
    )
    list(waiting.order_by("pk").values_list("pk"))


def out_of_suspense(
    wallet: ProviderAccount, exception: ReconciliationException, now: datetime
) -> Entry:
    gained = exception.amount > 0
    return Entry(
        key=_key(exception),
        wallet_id=wallet.pk,
        debit=AccountKind.SUSPENSE if gained else AccountKind.WALLET,
        credit=AccountKind.WALLET if gained else AccountKind.SUSPENSE,
        amount=abs(exception.amount),
        kind=TransferKind.CORRECTION,
        reference=exception.reference,
        occurred_at=exception.occurred_at,
        booked_on=team_day(wallet.team, now),
        reason=f"Exception {exception.pk} is explained by the statement.",
    )


def _key(exception: ReconciliationException) -> str:
    """exception:PK:resolved; another where a person had resolved it before and took that back."""
    key = f"exception:{exception.pk}:resolved"
    before = Transfer.objects.filter(wallet=exception.wallet_id, key__startswith=key).count()
    return f"{key}:{before + 1}" if before else key
