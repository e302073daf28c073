"""What the ledger does in a life: reconciling, reading balances, and what finance decides.

Finance is not always right. What a person said is theirs, and is not held against the truth; the
book must hold all the same.
"""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Final

from accounts.models import ProviderAccount
from ledger.days import team_day
from ledger.models import Match, ReconciliationException, Refund
from ledger.operations import deposits, reconciling, resolving, writing_off
from ledger.operations.errors import NotPossible
from ledger.operations.statement import matches
from ledger.operations.statement.candidates import candidates
from ledger.states import UNRESOLVED, FindingKind
from providers.registry import provider
from rentals import operations
from rentals.models import Rental
from rentals.operations import wallet as balances
from rentals.operations.deciding import decide_doubt
from rentals.operations.errors import NotPossible as NotPossibleNow
from rentals.states import RentalState
from tests.simulation.world import Life

REASON: Final = "Asked the provider."


def account_of(life: Life) -> ProviderAccount:
    return ProviderAccount.objects.select_related("team").get(pk=life.account.pk)


def ask(life: Life) -> int:
    """Finance asks for a reconciliation; gives the run that will do it."""
    actor = life.it.membership.user
    return reconciling.ask(wallet=account_of(life), asked_by=actor, now=life.clock.now()).pk


def reconcile(life: Life) -> None:
    reconciling.reconcile(ask(life))


def due_runs(life: Life) -> list[int]:
    """The runs that beat would start now, of this life's wallet."""
    mine = set(account_of(life).reconciliations.values_list("pk", flat=True))
    return [run for run in reconciling.tick(life.clock.now()) if run in mine or not mine]


def read_balance(life: Life) -> None:
    balances.read_balance(account=account_of(life))


def refresh_catalogue(life: Life) -> None:
    operations.refresh_catalogue(account=account_of(life))


def record_deposit(life: Life, amount: Decimal) -> None:
    """Where there is no statement, finance records a deposit by hand."""
    account = account_of(life)
    if not provider(account.provider, account.server_prefix).capabilities.statement:
        now = life.clock.now()
        deposits.record_deposit(
            wallet=account,
            amount=amount,
            day=team_day(account.team, now),
            actor=life.it.membership.user,
            reason=REASON,
            now=now,
        )


def decide(life: Life, which: float, decision: float) -> str:
    """One thing that finance does on a page; gives it in words."""
    do = _DECISIONS[int(decision * len(_DECISIONS))]
    with suppress(NotPossible, NotPossibleNow):
        return do(life, which)
    return "finance was told that it is not possible"


def _resolve(life: Life, which: float) -> str:
    found = _pick(_exceptions(life), which)
    if found is None:
        return "no exception to resolve"
    outcome = resolving.outcomes(found)[int(which * 97) % len(resolving.outcomes(found))]
    _note(life, found)
    resolving.resolve(
        exception=found,
        outcome=outcome,
        reason=REASON,
        actor=life.it.membership.user,
        now=life.clock.now(),
    )
    return f"finance resolves {found}: {outcome}"


def _reopen(life: Life, which: float) -> str:
    resolved = ReconciliationException.objects.filter(
        wallet=life.account, resolved_by__isnull=False
    ).order_by("pk")
    found = _pick(list(resolved), which)
    if found is None:
        return "no resolution to take back"
    resolving.reopen(
        exception=found, reason=REASON, actor=life.it.membership.user, now=life.clock.now()
    )
    return f"finance reopens {found}"


def _match(life: Life, which: float) -> str:
    found = _pick([each for each in _exceptions(life) if each.row is not None], which)
    if found is None or found.row is None:
        return "no row to match"
    some = candidates(found.row)
    if not some:
        return f"nothing that {found.row} might be"
    _note(life, found)
    life.by_person.add(some[0].reference)
    matches.match_row(
        row=found.row,
        transfer=some[0].transfer if some[0].refund is None else None,
        refund=some[0].refund,
        actor=life.it.membership.user,
        reason=REASON,
        now=life.clock.now(),
    )
    return f"finance matches {found.row} to {some[0].reference}"


def _undo(life: Life, which: float) -> str:
    live = Match.objects.filter(row__wallet=life.account, undone_at=None).order_by("pk")
    found = _pick(list(live.select_related("row__wallet", "transfer")), which)
    if found is None:
        return "no match to undo"
    life.by_person |= {found.transfer.reference, found.row.provider_id}
    matches.undo(match=found, actor=life.it.membership.user, reason=REASON, now=life.clock.now())
    return f"finance undoes that {found.row} is {found.transfer.reference}"


def _write_off(life: Life, which: float) -> str:
    found = _pick(list(Refund.objects.filter(wallet=life.account).order_by("pk")), which)
    if found is None:
        return "no refund to write off"
    writing_off.write_off(
        refund=found, reason=REASON, actor=life.it.membership.user, now=life.clock.now()
    )
    return f"finance writes off the {found}"


def _decide_doubt(life: Life, which: float) -> str:
    doubts = Rental.objects.filter(account=life.account, state=RentalState.IN_DOUBT)
    found = _pick(list(doubts.order_by("pk")), which)
    if found is None:
        return "no doubt to decide"
    charged = found.pk in life.truth.by_rental()
    life.by_person.add(f"rental:{found.pk}")
    decide_doubt(
        rental=found,
        outcome=FindingKind.CHARGED if charged else FindingKind.NOT_CHARGED,
        amount=found.price if charged else None,
        reason=REASON,
        actor=life.it.membership.user,
        now=life.clock.now(),
    )
    return f"finance decides that rental {found.pk} was {'' if charged else 'not '}charged"


_DECISIONS: Final[tuple[Callable[[Life, float], str], ...]] = (
    _resolve,
    _resolve,
    _reopen,
    _match,
    _match,
    _undo,
    _write_off,
    _decide_doubt,
    _decide_doubt,
)


def _note(life: Life, exception: ReconciliationException) -> None:
    life.by_person.add(exception.reference)
    if exception.row is not None:
        life.by_person.add(exception.row.provider_id)


def _exceptions(life: Life) -> list[ReconciliationException]:
    unresolved = ReconciliationException.objects.filter(wallet=life.account, state__in=UNRESOLVED)
    return list(unresolved.select_related("row__wallet").order_by("pk"))


def _pick[T](things: list[T], share: float) -> T | None:
    return things[int(share * len(things))] if things else None
