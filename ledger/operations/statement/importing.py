"""A provider's statement is read, page by page, and its rows are kept.

Neither document nor server promises what a page is: rows arrive on top while we read, a server
may ignore the number, its total may be wrong. Each row is kept once, and what is missing from a
listing that is not complete is not taken for gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import gateway
from accounts.models import ProviderAccount
from accounts.states import Lane
from ledger.models import Reconciliation, ReconciliationException, StatementRow
from ledger.operations.statement import gaps
from ledger.operations.statement import rows as kept_rows
from ledger.operations.statement.cut_over import is_unsure, split
from ledger.operations.statement.rows import Reading, reading
from ledger.states import ExceptionKind, RowKind
from providers.paging import every_page
from providers.values import Page, Transaction

MAX_PAGES: Final = 20_000
FULL_EVERY: Final = timedelta(hours=24)  # all pages, to see what has changed or is gone
CATCH_UP: Final = 5  # more looks at the first page, where rows arrive while we read
KINDS: Final = (RowKind.PURCHASE, RowKind.REFUND, RowKind.DEPOSIT)


class _AllKnown(Exception):
    """From here on everything is known: no need to read further."""


@dataclass
class Statement:
    """One reading of a wallet's statement. `alive` is called between pages and may raise."""

    run: Reconciliation
    wallet: ProviderAccount
    door: gateway.Door
    started_at: datetime
    full: bool
    alive: Callable[[], None] = lambda: None
    seen: set[str] = field(default_factory=set)
    unsure: dict[str, Reading] = field(default_factory=dict)
    total: int | None = None  # as the provider told it last
    unreadable: int = 0
    # The rows of the last page read reach what was known before, or the cut-over.
    joined: bool = False
    _kept: int | None = None

    def fetch(self, number: int, kind: str = "") -> Page[Transaction]:
        self.alive()
        call = self.door.provider.transactions(number, kind)
        page = gateway.ask(self.wallet, call, lane=Lane.BALANCE, now=timezone.now(), door=self.door)
        self._take(page, of_all=not kind)
        return page

    def until_known(self, number: int) -> Page[Transaction]:
        """The same, and raises _AllKnown where the page, and so all below it, is known."""
        known_before = set(self.seen)
        page = self.fetch(number)
        fresh = [row for row in page.items if row.id not in known_before]
        if not self.full and fresh and not page.unreadable and self.joined and self.has_all():
            raise _AllKnown
        return page

    def has_all(self) -> bool:
        """Whether we hold as many rows as the provider says there are."""
        return self.total is not None and self.held() == self.total

    def held(self) -> int:
        """The rows that we hold, less those that are gone; counted once, and then on."""
        if self._kept is None:
            gone = ReconciliationException.objects.filter(
                wallet=self.wallet, kind=ExceptionKind.VANISHED_ROW
            )
            kept = StatementRow.objects.filter(wallet=self.wallet)
            self._kept = kept.count() - gone.count()
        return self._kept + len(self.unsure)

    def _take(self, page: Page[Transaction], *, of_all: bool) -> None:
        now = timezone.now()
        rows = list({row.provider_id: row for row in map(reading, page.items)}.values())
        known = kept_rows.known(self.wallet, rows)
        cut = self.wallet.book.cut_over_at
        new = [row for row in rows if row.provider_id not in known]
        unsure = {row.provider_id: row for row in new if is_unsure(row.at, cut)}
        sure = [row for row in new if row.provider_id not in unsure]
        with transaction.atomic():
            added = kept_rows.keep_new(self.wallet, sure, before=None, now=now)
            kept_rows.keep_changes(self.wallet, rows, known, now=now)
            fresh = {row.provider_id for row in rows} - self.seen
            self._progress(page, read=len(fresh), new=added, of_all=of_all)
        if self._kept is not None:
            self._kept += added
        self.unsure |= unsure
        self.seen |= fresh
        self.unreadable += page.unreadable
        self.total = page.total if of_all else self.total
        older = any(row.at is not None and row.at < cut for row in rows)
        was_known = any(row.first_seen_at < self.started_at for row in known.values())
        of_kind = page.total if page.total is not None else len(rows) + 1
        self.joined = older or was_known or len(rows) >= of_kind

    def _progress(self, page: Page[Transaction], *, read: int, new: int, of_all: bool) -> None:
        told = {"rows_total": page.total} if of_all and page.total is not None else {}
        Reconciliation.objects.filter(pk=self.run.pk).update(
            pages=F("pages") + 1,
            rows_read=F("rows_read") + read,
            rows_new=F("rows_new") + new,
            **told,
        )


def read_statement(
    run: Reconciliation,
    wallet: ProviderAccount,
    *,
    now: datetime,
    alive: Callable[[], None] = lambda: None,
) -> datetime | None:
    """Read what is new on the statement, once a day all of it.

    Gives up to when nothing is missing on it; None where it has a gap.

    What was read is kept even where a request fails halfway. Raises gateway.NoKey,
    gateway.OverBudget, providers.ProviderError, and what `alive` raises.
    """
    door = gateway.open_door(wallet)
    full = not _was_read_whole(wallet, now)
    statement = Statement(run, wallet, door, started_at=now, full=full, alive=alive)
    read = _read(statement)
    _keep_unsure(statement, complete=read.complete)
    missing = None if statement.total is None else statement.total - statement.held()
    with transaction.atomic():
        if read.whole:
            kept_rows.report_vanished(wallet, statement.seen, now=now)
        until: datetime | None = now
        if read.complete:
            gaps.close(wallet, _("The statement could be read without a gap again."), now=now)
        else:
            until = gaps.added_up_at(wallet, now=now) if read.ended else None
            gaps.tell(run, statement.held(), missing, disproved=until is not None, now=now)
        Reconciliation.objects.filter(pk=run.pk).update(complete=until is not None)
    return until


def _was_read_whole(wallet: ProviderAccount, now: datetime) -> bool:
    return Reconciliation.objects.filter(
        wallet=wallet,
        complete=True,
        finished_at__gt=now - FULL_EVERY,
        rows_read__gte=F("rows_total"),
    ).exists()


@dataclass(frozen=True, slots=True)
class _Read:
    complete: bool  # nothing is missing, by the provider's own count
    whole: bool  # every row that there is was read just now
    ended: bool = False  # the pages came to an end, whatever is counted


def _read(statement: Statement) -> _Read:
    try:
        listing = every_page(
            statement.until_known, identity=lambda row: row.id, max_pages=MAX_PAGES
        )
    except _AllKnown:
        return _Read(complete=True, whole=_saw_all(statement))
    if listing.complete:
        return _Read(complete=True, whole=True)
    if statement.unreadable:
        return _Read(complete=False, whole=False)
    if _page_is_ignored(statement, listing.pages) and not listing.ended:
        complete = _read_by_kind(statement)
        return _Read(complete=complete, whole=_saw_all(statement))
    complete = _catch_up(statement)
    return _Read(complete=complete, whole=_saw_all(statement), ended=listing.ended)


def _saw_all(statement: Statement) -> bool:
    return statement.total is not None and len(statement.seen) >= statement.total


def _page_is_ignored(statement: Statement, pages: int) -> bool:
    """The second page brought nothing, though there should be more."""
    return pages == 2 and statement.total is not None and len(statement.seen) < statement.total


def _read_by_kind(statement: Statement) -> bool:
    """The newest rows of each kind are all that such a server lets us see.

    Enough, where they reach what an unbroken reading knew, or the cut-over.
    """
    was_complete = _last_was_complete(statement)
    joined = []
    for kind in KINDS:
        statement.fetch(1, kind)
        joined.append(statement.joined)
    if statement.unreadable:
        return False
    reaches_cut = not StatementRow.objects.filter(
        wallet=statement.wallet, first_seen_at__lt=statement.started_at
    ).exists()
    return statement.has_all() or (all(joined) and (was_complete or reaches_cut))


def _last_was_complete(statement: Statement) -> bool:
    earlier = Reconciliation.objects.filter(wallet=statement.wallet, finished_at__isnull=False)
    read = earlier.exclude(pk=statement.run.pk).filter(pages__gt=0).order_by("-asked_at").first()
    return read is not None and read.complete


def _catch_up(statement: Statement) -> bool:
    """Rows arrived on top while we read: look at the first page again until we have them."""
    for _look in range(CATCH_UP):
        statement.fetch(1)
        if statement.unreadable:
            return False
        if statement.has_all():
            return True
    return False


def _keep_unsure(statement: Statement, *, complete: bool) -> None:
    if not statement.unsure:
        return
    wallet, now = statement.wallet, timezone.now()
    before, after = split(wallet, list(statement.unsure.values()), complete=complete)
    with transaction.atomic():
        added = _keep(wallet, before, True, now) + _keep(wallet, after, False, now)
        Reconciliation.objects.filter(pk=statement.run.pk).update(rows_new=F("rows_new") + added)


def _keep(wallet: ProviderAccount, rows: Sequence[Reading], before: bool, now: datetime) -> int:
    return kept_rows.keep_new(wallet, rows, before=before, now=now)
