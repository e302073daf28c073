"""A wallet is reconciled: its statement is read, its rows are matched, its balance is compared.

The row is the queue: whoever holds the book's lease works on the wallet's unfinished run, one at a
time, and says in the row how far it is. Dies the worker, the lease runs out, and the next tick
starts the run again, within a minute; what was read and matched before is found as it is.
"""

import threading
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import gateway
from accounts.models import ProviderAccount, User
from ledger.models import Book, Reconciliation
from ledger.models.runs import Step
from ledger.nudges import nudge
from ledger.operations.balance import snapshots
from ledger.operations.statement.importing import read_statement
from ledger.operations.statement.matching import match_wallet
from providers.errors import BadKey, ProviderError, Throttled
from providers.registry import provider

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=45)
BEAT: Final = 5.0  # seconds between two renewals, however long a step takes
EVERY: Final = timedelta(minutes=10)
AFTER_FAILURE: Final = timedelta(minutes=1)
AFTER_BAD_KEY: Final = timedelta(minutes=10)  # until somebody replaces it


class LeaseLost(Exception):
    """Another worker has taken over, because this one was silent for too long."""


def ask(*, wallet: ProviderAccount, asked_by: User | None, now: datetime) -> Reconciliation:
    """Have a wallet reconciled soon; the run that is under way, where there is one."""
    with transaction.atomic():
        run = _unfinished(wallet) or _begin(wallet, asked_by, now)
        transaction.on_commit(lambda: nudge("ledger.reconcile", run.pk))
    return run


def tick(now: datetime) -> list[int]:
    """The runs that a worker should look at now: those that are due, and those left lying."""
    free = Q(reconciling_until__isnull=True) | Q(reconciling_until__lte=now)
    books = Book.objects.filter(free, wallet__archived_at__isnull=True).select_related("wallet")
    unfinished = Reconciliation.objects.filter(finished_at__isnull=True)
    left = unfinished.filter(wallet__in=books.values("wallet"))
    runs = list(left.values_list("pk", flat=True))
    due = books.filter(Q(reconcile_at__isnull=True) | Q(reconcile_at__lte=now))
    for book in due.exclude(wallet__in=unfinished.values("wallet")):
        with transaction.atomic():
            runs.append((_unfinished(book.wallet) or _begin(book.wallet, None, now)).pk)
    return runs


def reconcile(reconciliation_id: int) -> bool:
    """Work on a run until it is done or has failed; False where another worker is on it."""
    run = Reconciliation.objects.select_related("wallet__team").get(pk=reconciliation_id)
    if run.finished_at is not None:
        return False
    lease = _Lease(run.wallet)
    if not lease.take(timezone.now()):
        return False
    try:
        _work(run, lease)
    except LeaseLost:
        return False
    except gateway.NoKey as error:
        _fail(run, str(error), AFTER_BAD_KEY)
    except BadKey:
        _fail(run, _("The provider does not accept the key. Replace it."), AFTER_BAD_KEY)
    except Throttled as error:
        pause = timedelta(seconds=error.retry_after or 0)
        _fail(run, _("The provider asks to wait."), max(pause, AFTER_FAILURE))
    except gateway.OverBudget as error:
        pause = timedelta(seconds=error.retry_after)
        _fail(run, _("Our share of the provider’s limits is used up."), max(pause, AFTER_FAILURE))
    except ProviderError as error:
        words = _("The provider could not be read: %(why)s") % {"why": error.detail}
        _fail(run, words, AFTER_FAILURE)
    except Exception:
        log.exception("reconciliation_failed", reconciliation=run.pk)
        _fail(run, _("Something went wrong on our side; it was logged."), AFTER_FAILURE)
    finally:
        lease.give_back()
    return True


def _unfinished(wallet: ProviderAccount) -> Reconciliation | None:
    return Reconciliation.objects.filter(wallet=wallet, finished_at__isnull=True).first()


def _begin(wallet: ProviderAccount, asked_by: User | None, now: datetime) -> Reconciliation:
    try:
        with transaction.atomic():
            return Reconciliation.objects.create(wallet=wallet, asked_by=asked_by, asked_at=now)
    except IntegrityError:  # somebody else has just asked
        return Reconciliation.objects.get(wallet=wallet, finished_at__isnull=True)


class _Lease:
    """The right to work on a wallet's run; its end is what tells one holder from another.

    It is renewed by a thread of its own. Whoever works calls `renew` before each step, and hears
    whether the lease is still theirs.
    """

    def __init__(self, wallet: ProviderAccount) -> None:
        self._book = Book.objects.filter(pk=wallet.pk)
        self._until: datetime | None = None
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="reconciling", daemon=True)

    def take(self, now: datetime) -> bool:
        free = Q(reconciling_until__isnull=True) | Q(reconciling_until__lte=now)
        self._until = now + LEASE
        if not self._book.filter(free).update(reconciling_until=self._until):
            return False
        self._thread.start()
        return True

    def renew(self) -> None:
        """Raises LeaseLost."""
        with self._turn:
            if not self._renewed(self._book):
                raise LeaseLost

    def give_back(self) -> None:
        self._over.set()
        self._thread.join()
        self._book.filter(reconciling_until=self._until).update(reconciling_until=None)

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT):
                with self._turn:
                    self._renew_without_waiting()
        finally:
            connection.close()

    def _renew_without_waiting(self) -> None:
        """A row that a step has locked is left until the next time: the step may wait for us."""
        try:
            with transaction.atomic():
                free = self._book.select_for_update(skip_locked=True).values_list("pk", flat=True)
                self._renewed(Book.objects.filter(pk__in=list(free)))
        except DatabaseError as problem:  # the lease runs out if it stays away
            log.warning("reconciling_not_renewed", problem=type(problem).__name__)
            connection.close()

    def _renewed(self, book: QuerySet[Book]) -> bool:
        until = timezone.now() + LEASE
        if not book.filter(reconciling_until=self._until).update(reconciling_until=until):
            return False
        self._until = until
        return True


def _work(run: Reconciliation, lease: _Lease) -> None:
    wallet, now = run.wallet, timezone.now()
    reads = provider(wallet.provider, wallet.server_prefix).capabilities.statement
    _start(run, Step.STATEMENT if reads else Step.BALANCE, now)
    if reads:
        until = read_statement(run, wallet, now=now, alive=lease.renew)
        _step(run, Step.MATCHING)
        outcome = match_wallet(
            wallet,
            now=timezone.now(),
            complete=until is not None,
            read_at=until,
            alive=lease.renew,
        )
        Reconciliation.objects.filter(pk=run.pk).update(
            matched=F("matched") + outcome.matched, opened=F("opened") + outcome.opened
        )
        _step(run, Step.BALANCE)
    lease.renew()
    snapshot = snapshots.read_and_explain(wallet, now=timezone.now())
    if snapshot is None:
        _fail(run, _("The balance could not be read."), AFTER_FAILURE)
        return
    _end(run, Step.DONE, "", EVERY)


def _start(run: Reconciliation, step: Step, now: datetime) -> None:
    """A run that was cut off counts its pages anew."""
    Reconciliation.objects.filter(pk=run.pk).update(
        step=step, started_at=now, pages=0, rows_read=0, rows_total=None
    )


def _step(run: Reconciliation, step: Step) -> None:
    Reconciliation.objects.filter(pk=run.pk, finished_at__isnull=True).update(step=step)


def _fail(run: Reconciliation, problem: str, pause: timedelta) -> None:
    _end(run, Step.FAILED, problem, pause)


def _end(run: Reconciliation, step: Step, problem: str, pause: timedelta) -> None:
    now = timezone.now()
    with transaction.atomic():
        Reconciliation.objects.filter(pk=run.pk, finished_at__isnull=True).update(
            step=step, finished_at=now, problem=problem[:300]
        )
        Book.objects.filter(pk=run.wallet_id).update(reconcile_at=now + pause)
