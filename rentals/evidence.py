"""What a refund rests on: its rental's timeline, the polls, the answers, the book, the statement.

It is for people who see money: numbers, codes and texts are taken out of all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from accounts.models import Membership
from ledger.models import Match, ReconciliationException, Refund, Transfer
from ledger.operations.refunds import is_overdue
from ledger.states import AccountKind, Phase, RefundState, TransferKind
from providers.exchange import reply_from_dict
from providers.redaction import redacted
from rentals import money
from rentals.board.cards import Card, card
from rentals.models import ProviderAnswer, Rental
from rentals.queries import shown
from rentals.timeline import Entry, asked, timeline
from rentals.visibility import Sight, visible_rentals

WRITTEN_OFF_FROM = (RefundState.EXPECTED, RefundState.QUEUED, RefundState.SHORT_PAID)


@dataclass(frozen=True, slots=True)
class Line:
    """A transfer: what it did to what the rental costs, and what it cost from then on."""

    transfer: Transfer
    amount: Decimal  # with its sign; 0 where it only set aside or gave back
    total: Decimal


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's answer, redacted."""

    at: datetime
    title: str
    status: int | None
    body: str


@dataclass(frozen=True, slots=True)
class Evidence:
    refund: Refund
    card: Card | None
    timeline: list[Entry]
    answers: list[Answer]
    lines: list[Line]
    matches: list[Match]
    exceptions: list[ReconciliationException]
    is_overdue: bool

    @property
    def missing(self) -> Decimal:
        """What of the least that should come has not come."""
        return max(Decimal(0), self.refund.expected_min - self.refund.received)

    @property
    def can_be_written_off(self) -> bool:
        return self.refund.state in WRITTEN_OFF_FROM


def refunds_of(membership: Membership) -> QuerySet[Refund]:
    return Refund.objects.filter(wallet__team=membership.team_id).select_related(
        "wallet", "closed_by"
    )


def evidence(membership: Membership, refund: Refund, *, now: datetime) -> Evidence:
    """All that is known about a refund of the member's team, in a handful of queries."""
    about = _card(membership, refund, now)
    lines = _lines(refund)
    return Evidence(
        refund=refund,
        card=about,
        timeline=timeline(about) if about else [],
        answers=_answers(about) if about else [],
        lines=lines,
        matches=_matches([line.transfer for line in lines]),
        exceptions=_exceptions(refund),
        is_overdue=is_overdue(refund, now),
    )


def _card(membership: Membership, refund: Refund, now: datetime) -> Card | None:
    """The rental with no more than its money, whoever looks: evidence is passed on."""
    pk = money.rental_of(refund.reference)
    rentals = shown(visible_rentals(membership).filter(account=refund.wallet_id))
    found: Rental | None = rentals.filter(pk=pk or 0).first()
    if found is None:
        return None
    return replace(card(membership, found, now=now), sight=Sight.MONEY)


def _answers(about: Card) -> list[Answer]:
    return [
        Answer(answer.answered_at, asked(about, answer), *_said(answer))
        for answer in about.rental.answers.all()
    ]


def _said(answer: ProviderAnswer) -> tuple[int | None, str]:
    try:
        reply = reply_from_dict(answer.reply)
    except ValueError:
        return None, ""
    return reply.status, redacted(reply.body)


def _lines(refund: Refund) -> list[Line]:
    transfers = (
        Transfer.objects.filter(wallet=refund.wallet_id, reference=refund.reference)
        .select_related("debit", "credit", "actor")
        .order_by("pk")
    )
    lines, total = [], Decimal(0)
    for transfer in transfers:
        amount = _cost(transfer)
        total += amount
        lines.append(Line(transfer, amount, total))
    return lines


def _cost(transfer: Transfer) -> Decimal:
    if transfer.phase not in (Phase.POSTED, Phase.POST) or transfer.kind == TransferKind.WRITE_OFF:
        return Decimal(0)
    spend = AccountKind.SPEND
    return transfer.amount * ((transfer.debit.kind == spend) - (transfer.credit.kind == spend))


def _matches(transfers: Sequence[Transfer]) -> list[Match]:
    live = Match.objects.filter(transfer__in=transfers, undone_at__isnull=True)
    return list(live.select_related("row", "transfer", "actor").order_by("row__occurred_at", "pk"))


def _exceptions(refund: Refund) -> list[ReconciliationException]:
    about = ReconciliationException.objects.filter(
        wallet=refund.wallet_id, reference=refund.reference
    )
    return list(about.select_related("assigned_to", "resolved_by").order_by("opened_at", "pk"))
