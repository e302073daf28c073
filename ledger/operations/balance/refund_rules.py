"""What a wallet's refunds follow is learned from those that were seen one at a time.

Until it is known, and as soon as a refund disagrees, a claim expects anything up to what was
charged. Only the latest refunds count, so that a provider may change its mind.
"""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from accounts.models import ProviderAccount
from ledger.explaining import Observation, RefundRule, learn
from ledger.models import Refund, Snapshot, Transfer
from ledger.states import AWAITED, RefundCause, TransferKind
from providers.registry import provider

LATEST: Final = 20
_BY_SNAPSHOT: Final = re.compile(r"snapshot:(\d+):refund:\d+")


def learned_rule(wallet: ProviderAccount) -> RefundRule | None:
    """The rule of the wallet's refunds for cancels, None where it is not known."""
    return learn(list(_observations(wallet)))


def expectation(
    rule: RefundRule | None, charged: Decimal, age: float | None
) -> tuple[Decimal, Decimal]:
    """Between which amounts a cancel's refund should be."""
    if rule is None or age is None:
        return Decimal(0), charged
    return rule.expects(charged, age)


def renew_expectations(wallet: ProviderAccount) -> int:
    """Have the claims that are awaited expect what is known now; returns how many changed."""
    if provider(wallet.provider, wallet.server_prefix).capabilities.refund_at_once:
        return 0
    awaited = list(
        Refund.objects.filter(wallet=wallet, cause=RefundCause.CANCELLED, state__in=AWAITED)
    )
    rule = learned_rule(wallet) if awaited else None
    return sum(_renew(refund, rule) for refund in awaited)


def _renew(refund: Refund, rule: RefundRule | None) -> int:
    low, high = expectation(rule, refund.charged, refund.age)
    if (low, high) == (refund.expected_min, refund.expected_max):
        return 0
    still_awaited = Refund.objects.filter(pk=refund.pk, state__in=AWAITED)
    return still_awaited.update(expected_min=low, expected_max=high)


def _observations(wallet: ProviderAccount) -> Iterable[Observation]:
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
        refund = known[reference]
        if len(found) == 1 and refund.age is not None and _came_alone(found[0], explained):
            yield Observation(refund.charged, refund.age, found[0].amount)


def _explained(transfers: Iterable[Transfer]) -> dict[int, Decimal]:
    """How much each of the snapshots behind these transfers explained."""
    matches = [_BY_SNAPSHOT.fullmatch(transfer.key) for transfer in transfers]
    pks = [int(match[1]) for match in matches if match]
    return dict(Snapshot.objects.filter(pk__in=pks).values_list("pk", "explained"))


def _came_alone(transfer: Transfer, explained: dict[int, Decimal]) -> bool:
    """Whether it was seen by itself in the balance, or named by a statement or a person."""
    match = _BY_SNAPSHOT.fullmatch(transfer.key)
    return match is None or explained[int(match[1])] == transfer.amount
