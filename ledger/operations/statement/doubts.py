"""What the statement proves about rentals whose outcome is not known."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.models import ProviderAccount
from ledger.matching import pace
from ledger.matching.tables import rows
from ledger.matching.words import UNTOLD, meant, numbered
from ledger.models import Book, Finding, Match, StatementRow, Transfer
from ledger.operations.exceptions import report
from ledger.operations.findings import find
from ledger.operations.statement.settling import settle_matched
from ledger.operations.unexplained import unexplained
from ledger.states import Evidence, FindingKind, MatchPass, Phase

DOUBT_AFTER: Final = timedelta(minutes=5)  # until then the answer itself may still come
SURE_AFTER: Final = timedelta(minutes=15)  # what is not on the statement by then was not charged
WINDOW: Final = timedelta(minutes=10)  # between a hold and its row, either way
# A rent is sent within two minutes after its hold, and listened to for two more.
CHARGED_WITHIN: Final = timedelta(minutes=4)
CLOCKS_APART: Final = timedelta(minutes=25)  # time zones are half an hour apart at least
LEEWAY: Final = timedelta(seconds=2)  # both clocks tell seconds

_UNRESOLVED: Final = """
    SELECT t.id FROM ledger_transfer t
    WHERE t.wallet_id = %s AND t.phase = 'pending' AND t.kind = 'purchase' AND t.occurred_at <= %s
        AND NOT EXISTS (SELECT FROM ledger_transfer r WHERE r.resolves_id = t.id)
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.transfer_id = t.id AND m.undone_at IS NULL
        )
    ORDER BY t.id
"""
# What would have to be explained before a purchase can be ruled out. A row whose time was not told
# has that of its first sight, and may be of any moment before. One from what is the future to us is
# by another clock, and may be of any moment as well.
_UNSURE_ROWS: Final = """
    SELECT r.description FROM ledger_statementrow r
    WHERE r.wallet_id = %(wallet)s AND r.kind IN ('purchase', 'other') AND NOT r.before_cut_over
        AND r.occurred_at >= %(since)s
        AND (
            r.occurred_at <= %(until)s OR r.occurred_at = r.first_seen_at
            OR (r.first_seen_at >= %(held)s AND r.occurred_at > r.first_seen_at + %(clocks)s)
        )
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id AND m.undone_at IS NULL
        )
    UNION ALL
    SELECT v.description FROM ledger_statementrow r
    JOIN ledger_rowversion v ON v.row_id = r.id
    WHERE r.wallet_id = %(wallet)s AND (r.kind IN ('purchase', 'other') OR v.kind_raw = 'purchase')
        AND coalesce(v.occurred_at, r.occurred_at) BETWEEN %(since)s AND %(until)s
        AND (
            NOT r.before_cut_over OR EXISTS (
                SELECT FROM ledger_reconciliationexception e
                WHERE e.wallet_id = r.wallet_id AND e.state <> 'resolved'
                    AND e.key = 'row:' || r.id || ':version:' || v.id
            )
        )
        AND NOT EXISTS (
            SELECT FROM ledger_match m WHERE m.row_id = r.id AND m.undone_at IS NULL
        )
"""
_UNSEEN_PURCHASES: Final = """
    SELECT t.service FROM ledger_transfer t
    WHERE t.wallet_id = %(wallet)s AND t.kind = 'purchase' AND t.phase IN ('posted', 'post')
        AND t.occurred_at BETWEEN %(since)s AND %(until)s
        AND NOT EXISTS (
            SELECT FROM ledger_match m
            WHERE m.transfer_id IN (t.id, t.resolves_id) AND m.undone_at IS NULL
        )
"""


def find_charged(
    wallet: ProviderAccount, pairs: Sequence[tuple[int, int, str]], *, now: datetime
) -> int:
    """Rows that nothing but the hold of a rental in doubt explains: it was charged.

    A hold that is young may yet be settled by its own answer, and is left alone.
    """
    found = 0
    for row_id, hold_id, _by_pass in pairs:
        with transaction.atomic():
            Book.objects.select_for_update(no_key=True, of=("self",)).get(pk=wallet.pk)
            hold = Transfer.objects.get(pk=hold_id)
            if hold.occurred_at <= now - DOUBT_AFTER and _is_free(hold, row_id):
                _match(wallet, StatementRow.objects.get(pk=row_id), hold, now)
                found += 1
    return found


def find_not_charged(wallet: ProviderAccount, *, read_at: datetime, now: datetime) -> int:
    """Holds for which an unbroken statement, read well after them, has no row: not charged."""
    found = 0
    unresolved = rows(_UNRESOLVED, [wallet.pk, read_at - SURE_AFTER])
    usual = pace.of_holds(wallet.pk) if unresolved else None
    ahead = pace.ahead_of_holds(wallet.pk) if unresolved else timedelta(0)
    ahead = ahead if abs(ahead) >= CLOCKS_APART else timedelta(0)
    for (pk,) in unresolved:
        hold = Transfer.objects.get(pk=pk)
        if _is_on_statement(wallet, hold, usual, ahead) or _is_found(wallet, hold.reference):
            continue
        find(
            wallet=wallet,
            reference=hold.reference,
            kind=FindingKind.NOT_CHARGED,
            evidence=Evidence.STATEMENT,
            now=now,
            note=_("The provider’s statement, read later, has no such purchase."),
        )
        found += 1
    return found


def undo_released(wallet: ProviderAccount, *, now: datetime) -> int:
    """A row stood for a hold that was given back after all: it explains nothing any more.

    Where the rental was charged later all the same, a pass finds that charge for the row.
    """
    released = Match.objects.filter(
        row__wallet=wallet,
        undone_at__isnull=True,
        transfer__phase=Phase.PENDING,
        transfer__resolution__phase=Phase.VOID,
    )
    found = list(released.select_related("row"))
    for match in found:
        with transaction.atomic():
            if Match.objects.filter(pk=match.pk, undone_at__isnull=True).update(undone_at=now):
                report(wallet, unexplained(match.row, again_after=match.pk), now=now)
    return len(found)


def _is_free(hold: Transfer, row_id: int) -> bool:
    live = Match.objects.filter(undone_at__isnull=True)
    if live.filter(transfer=hold).exists() or live.filter(row=row_id).exists():
        return False
    return not Transfer.objects.filter(resolves=hold).exists()


def _match(wallet: ProviderAccount, row: StatementRow, hold: Transfer, now: datetime) -> None:
    Match.objects.create(row=row, transfer=hold, by_pass=MatchPass.UNIQUE, at=now)
    find(
        wallet=wallet,
        reference=hold.reference,
        kind=FindingKind.CHARGED,
        evidence=Evidence.STATEMENT,
        amount=row.amount,
        occurred_at=row.occurred_at,
        now=now,
        note=_("Row #%(id)s of the provider’s statement is this purchase.")
        % {"id": row.provider_id},
    )
    settle_matched(wallet, now=now)


def _is_on_statement(
    wallet: ProviderAccount, hold: Transfer, usual: int | None, ahead: timedelta
) -> bool:
    """Whether a row could be this purchase, or is still missing for one that it was taken for.

    `usual`: the seconds within which rows are of what was answered. This was not, and may have been
    sent late and dealt with slowly; but a row from before the hold tells of the clocks alone.
    `ahead`: how far the provider's clock is before ours, where that is more than clocks differ.
    """
    missing = _around(wallet, hold, WINDOW - ahead, WINDOW + ahead)
    if any(service == hold.service for (service,) in rows(_UNSEEN_PURCHASES, missing)):
        return True
    near = missing
    if usual is not None:
        reach = timedelta(seconds=usual) + LEEWAY
        near = _around(wallet, hold, reach - ahead, CHARGED_WITHIN + reach + ahead)
    known = numbered([hold.service])
    leads = [text.split("#")[0] for (text,) in rows(_UNSURE_ROWS, near)]
    return any(meant(lead, known) in (UNTOLD, known[hold.service]) for lead in leads)


def _around(
    wallet: ProviderAccount, hold: Transfer, before: timedelta, after: timedelta
) -> dict[str, object]:
    since, until = hold.occurred_at - before, hold.occurred_at + after
    told = {"held": hold.occurred_at, "clocks": CLOCKS_APART}
    return {"wallet": wallet.pk, "since": since, "until": until, **told}


def _is_found(wallet: ProviderAccount, reference: str) -> bool:
    return Finding.objects.filter(
        wallet=wallet, reference=reference, consumed_at__isnull=True
    ).exists()
