"""A wallet with a book, rented from over HTTP, and what its statement was found to be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts import gateway
from ledger import book
from ledger.models import (
    Match,
    Reconciliation,
    ReconciliationException,
    StatementRow,
    Transfer,
)
from ledger.operations import reconciling
from ledger.states import UNRESOLVED
from rentals import operations
from rentals.models import Rental
from rentals.operations import findings
from tests.rentals.scene import Scene


def with_book(scene: Scene) -> Scene:
    """The wallet's book begins now, with what the wallet holds."""
    balance = gateway.open_door(scene.account).provider.balance()
    held = balance.read(scene.transmitted(balance)).amount
    book.open_book(scene.account, balance=held, cut_over_at=timezone.now())
    scene.times.move(5)  # what follows is not of the second in which the balance was read
    return scene


def reconciled(scene: Scene) -> Reconciliation:
    """Have the wallet reconciled, to the end."""
    run = reconciling.ask(wallet=scene.account, asked_by=None, now=timezone.now())
    reconciling.reconcile(run.pk)
    run.refresh_from_db()
    return run


def cancelled(scene: Scene, rental: Rental) -> Rental:
    """Cancel, and have the worker do it."""
    rental.refresh_from_db()
    operations.cancel_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    return scene.control(rental)


def in_doubt(scene: Scene, *, charged: bool) -> Rental:
    """A rental whose answer was cut off, after the work was done or instead of it."""
    scene.fault("cut", times=1, done=charged, before_any_byte=not charged)
    return scene.rented()


def acted_on(scene: Scene, rental: Rental) -> Rental:
    """Have the rentals act on what was found."""
    for pk in findings.waiting():
        findings.consume(pk, now=scene.times.now())
    rental.refresh_from_db()
    return rental


def rows(scene: Scene) -> list[StatementRow]:
    """The rows of after the cut-over, oldest first."""
    kept = StatementRow.objects.filter(wallet=scene.account, before_cut_over=False)
    return sorted(kept, key=lambda row: int(row.provider_id))


def live(scene: Scene) -> dict[str, Transfer]:
    """What each row is matched to, by the row's own id."""
    matches = Match.objects.filter(row__wallet=scene.account, undone_at__isnull=True)
    return {m.row.provider_id: m.transfer for m in matches.select_related("row", "transfer")}


def unresolved(scene: Scene) -> list[ReconciliationException]:
    found = ReconciliationException.objects.filter(wallet=scene.account, state__in=UNRESOLVED)
    return list(found.order_by("pk"))


def kinds(scene: Scene) -> list[str]:
    return sorted(each.kind for each in unresolved(scene))


def posted(scene: Scene) -> Decimal:
    """What the wallet holds by the book."""
    balance = book.wallet_balance(scene.account.pk)
    assert balance is not None
    return balance.posted


def truth(scene: Scene) -> dict[str, str]:
    """For whose activation each row of the provider's books is, by the row's id."""
    found = scene.sandbox.store.rows(
        "SELECT id, activation_id FROM entry WHERE wallet_id = ?", scene.wallet_id
    )
    return {str(row["id"]): str(row["activation_id"] or "") for row in found}


def check(scene: Scene) -> None:
    """What must hold after every run: all is explained once, and the book is the wallet."""
    matched = set(live(scene))
    excepted = [each.row.provider_id for each in unresolved(scene) if each.row is not None]
    assert len(excepted) == len(set(excepted))
    assert not matched & set(excepted)
    assert matched | set(excepted) == {row.provider_id for row in rows(scene)}
    assert posted(scene) == scene.wallet.balance


def snapshot_of(scene: Scene) -> list[object]:
    """All that a run could have changed."""
    wallet = scene.account.pk
    return [
        list(StatementRow.objects.filter(wallet=wallet).order_by("pk").values_list("pk")),
        list(Match.objects.filter(row__wallet=wallet).order_by("pk").values()),
        list(Transfer.objects.filter(wallet=wallet).order_by("pk").values_list("pk", "key")),
        list(ReconciliationException.objects.filter(wallet=wallet).order_by("pk").values()),
    ]


LATER = timedelta(minutes=20)


class Killed(BaseException):
    """The worker is gone: nothing of ours catches it."""


@contextmanager
def killed_before(statement: int) -> Iterator[None]:
    """Whatever runs inside dies in front of its statement of this number, from 0 on, and gets no
    other through."""
    left = [statement]

    def dying(execute: Callable[..., Any], *given: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return execute(*given)

    with connection.execute_wrapper(dying):
        yield


def wrong(scene: Scene) -> list[str]:
    """The rows that are matched to what they are not."""
    whose = truth(scene)
    return [
        row
        for row, transfer in live(scene).items()
        if transfer.external_id and whose[row] != transfer.external_id
    ]


def passes(scene: Scene) -> set[str]:
    found = Match.objects.filter(row__wallet=scene.account, undone_at__isnull=True)
    return set(found.values_list("by_pass", flat=True))


def lived(scene: Scene, rentals: int, *, apart: float = 700) -> list[Rental]:
    """Rentals one after another, every other one cancelled."""
    made = []
    for number in range(rentals):
        rental = scene.rented()
        made.append(cancelled(scene, rental) if number % 2 else rental)
        scene.times.move(apart)
    return made
