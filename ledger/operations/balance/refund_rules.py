"""What a wallet's refunds follow is learned from those that were seen one at a time, and from all
the steps of its balance together.

Until it is known, and as soon as a refund disagrees, a claim expects anything up to what was
charged. Only the latest refunds count, so that a provider may change its mind.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from accounts.models import ProviderAccount
from ledger.explaining import (
    Lesson,
    Observation,
    RefundRule,
    Seen,
    agrees,
    is_outdated,
    learn,
    learn_from_steps,
)
from ledger.explaining.rule import ENOUGH
from ledger.models import Refund, Snapshot, Transfer
from ledger.operations.balance.history import MOVING, history, seen
from ledger.operations.exceptions import Report, report_all
from ledger.states import AWAITED, ExceptionKind, RefundCause, RefundState, TransferKind
from providers.registry import provider

LATEST: Final = 20
WINDOWS: Final = (MOVING, MOVING // 3)  # the fewer steps, the fewer ways there are through them
_BY_SNAPSHOT: Final = re.compile(r"snapshot:(\d+):refund:\d+")


@dataclass(frozen=True, slots=True)
class _Alone:
    """A refund whose amount is known for certain, and when it was seen."""

    what: Observation
    at: datetime


def learned_rule(wallet: ProviderAccount) -> RefundRule | None:
    """The rule of the wallet's refunds for cancels, by those that came alone; None where that does
    not tell. It is quick, for a claim that is written down; each reading knows better."""
    return learn([each.what for each in _alone(wallet)])


def expectation(
    rule: RefundRule | None, charged: Decimal, age: float | None
) -> tuple[Decimal, Decimal]:
    """Between which amounts a cancel's refund should be."""
    if rule is None or age is None:
        return Decimal(0), charged
    return rule.expects(charged, age)


def renew_expectations(wallet: ProviderAccount, *, now: datetime) -> int:
    """Have the claims that are awaited expect what is known now; returns how many changed.

    What was booked while another rule was already at work, and does not fit it, is put in front of
    a person.
    """
    if provider(wallet.provider, wallet.server_prefix).capabilities.refund_at_once:
        return 0
    awaited = list(
        Refund.objects.filter(wallet=wallet, cause=RefundCause.CANCELLED, state__in=AWAITED)
    )
    if not awaited:
        return 0
    lesson, rule = _known(wallet)
    if lesson is not None:
        _tell_of_misfits(wallet, lesson, now)
    return sum(_renew(refund, rule) for refund in awaited)


def _known(wallet: ProviderAccount) -> tuple[Lesson | None, RefundRule | None]:
    """The rule by all that is known, what came alone and the steps of the balance; with the lesson
    of the steps, where it is that which gave the rule."""
    alone = list(_alone(wallet))
    lesson, steps = _lesson(wallet, alone)
    if lesson is not None:
        return lesson, lesson.rule
    rule = learn([each.what for each in alone])
    is_over = rule is not None and steps is not None and is_outdated(steps, rule)
    return None, None if is_over else rule


def _renew(refund: Refund, rule: RefundRule | None) -> int:
    low, high = expectation(rule, refund.charged, refund.age)
    if (low, high) == (refund.expected_min, refund.expected_max):
        return 0
    still_awaited = Refund.objects.filter(pk=refund.pk, state__in=AWAITED)
    return still_awaited.update(expected_min=low, expected_max=high)


def _lesson(wallet: ProviderAccount, alone: Sequence[_Alone]) -> tuple[Lesson | None, Seen | None]:
    """What the steps teach, unless a refund that came alone has gone against it since."""
    past, steps = history(wallet), None
    for moving in WINDOWS:
        latest = past.latest(moving)
        if sum(bool(step.amount) for step in latest.steps) < ENOUGH:
            break
        steps = seen(latest)
        lesson = learn_from_steps(steps)
        if lesson is not None and _stands(lesson, alone):
            return lesson, steps
    return None, steps


def _stands(lesson: Lesson, alone: Iterable[_Alone]) -> bool:
    against = [each.at for each in alone if not agrees(lesson.rule, each.what)]
    last = max(against, default=None)
    return last is None or sum(at > last for at in lesson.proofs) >= ENOUGH


def _tell_of_misfits(wallet: ProviderAccount, lesson: Lesson, now: datetime) -> None:
    """Refunds that were booked by another rule when this one was at work already."""
    booked = Refund.objects.filter(
        wallet=wallet,
        cause=RefundCause.CANCELLED,
        age__isnull=False,
        received_at__gte=lesson.proofs[0],
        state__in=[RefundState.RECEIVED, RefundState.OVER_PAID],
    )
    misfits = [each for each in booked if not _fits(each, lesson.rule)]
    report_all(wallet, [_misfit(each) for each in misfits], now=now)


def _fits(refund: Refund, rule: RefundRule) -> bool:
    assert refund.age is not None  # noqa: S101 - as it was filtered
    return agrees(rule, Observation(refund.charged, refund.age, refund.received))


def _misfit(refund: Refund) -> Report:
    assert refund.received_at is not None  # noqa: S101 - as it was filtered
    return Report(
        key=f"rule:{refund.reference}",
        kind=ExceptionKind.DRIFT,
        reference=refund.reference,
        occurred_at=refund.received_at,
        detail=f"{refund.received} {refund.currency} was booked as this rental’s refund. By what "
        "the wallet’s refunds were found to follow since, it may have been another’s.",
    )


def _alone(wallet: ProviderAccount) -> Iterable[_Alone]:
    """The latest refunds whose amounts are known for certain."""
    refunds = Refund.objects.filter(
        wallet=wallet, cause=RefundCause.CANCELLED, received__gt=0, age__isnull=False
    ).order_by("-received_at", "-pk")[:LATEST]
    known = {refund.reference: refund for refund in refunds}
    landings: dict[str, list[Transfer]] = {}
    for transfer in Transfer.objects.filter(
        wallet=wallet, reference__in=known, kind=TransferKind.REFUND
    ):
        landings.setdefault(transfer.reference, []).append(transfer)
    explained = _explained(transfer for found in landings.values() for transfer in found)
    for reference, found in landings.items():
        refund, landed = known[reference], found[0]
        if len(found) == 1 and refund.age is not None and _came_alone(landed, explained):
            observed = Observation(refund.charged, refund.age, landed.amount)
            yield _Alone(observed, landed.occurred_at)


def _explained(transfers: Iterable[Transfer]) -> dict[int, Decimal]:
    """How much each of the snapshots behind these transfers explained."""
    matches = [_BY_SNAPSHOT.fullmatch(transfer.key) for transfer in transfers]
    pks = [int(match[1]) for match in matches if match]
    return dict(Snapshot.objects.filter(pk__in=pks).values_list("pk", "explained"))


def _came_alone(transfer: Transfer, explained: dict[int, Decimal]) -> bool:
    """Whether it was seen by itself in the balance, or named by a statement or a person."""
    match = _BY_SNAPSHOT.fullmatch(transfer.key)
    return match is None or explained[int(match[1])] == transfer.amount
