"""Both sides of a broken life, for whoever looks for the defect."""

from collections.abc import Iterator

from ledger.models import Match, ReconciliationException, Refund, Snapshot, StatementRow, Transfer
from sandbox.clock import as_datetime
from tests.simulation.world import Life


def both_sides(life: Life) -> list[str]:
    """The provider's books, then what ours say."""
    return [*_provider(life), *_rentals(life), *_book(life), *_open(life)]


def _provider(life: Life) -> Iterator[str]:
    yield f"The provider's wallet holds {life.truth.balance}:"
    for entry in life.truth.entries():
        owner = life.truth.owners.get(entry.activation_id or 0)
        whose = f"rental {owner}" if owner else "nobody here"
        yield (
            f"  {as_datetime(entry.created):%d %H:%M:%S} {entry.type} {entry.id} {entry.amount} "
            f"activation {entry.activation_id} of {whose}: {entry.description}"
        )


def _rentals(life: Life) -> Iterator[str]:
    yield "Rentals:"
    for rental in life.rentals():
        path = " > ".join(event.to_state for event in rental.events.all())
        yield (
            f"  {rental.pk} {rental.service_name} at {rental.price}, sent "
            f"{rental.sent_at:%d %H:%M:%S}, activation {rental.activation_id or 'unknown'}: {path}"
            if rental.sent_at
            else f"  {rental.pk} never sent: {path}"
        )


def _book(life: Life) -> Iterator[str]:
    yield "The book:"
    mine = Transfer.objects.filter(wallet=life.account).select_related("debit", "credit")
    for each in mine.order_by("pk"):
        yield (
            f"  {each.booked_at:%H:%M:%S} {each.key} {each.phase} {each.amount.normalize():f} "
            f"{each.credit.kind} > {each.debit.kind} {each.reference} {each.external_id}"
        )
    yield "Snapshots (provider, book, drift, explained):"
    for shot in Snapshot.objects.filter(wallet=life.account).order_by("pk"):
        quiet = "quiet" if shot.quiet else "not quiet"
        yield (
            f"  {shot.answered_at:%d %H:%M:%S} {shot.provider} {shot.ledger} {shot.drift} "
            f"{shot.explained} {quiet}"
        )


def _open(life: Life) -> Iterator[str]:
    yield "Matches:"
    for match in Match.objects.filter(row__wallet=life.account).select_related("row", "transfer"):
        undone = " (undone)" if match.undone_at else ""
        yield f"  {match.row}: {match.transfer.key} by {match.by_pass}{undone}"
    yield f"Rows: {StatementRow.objects.filter(wallet=life.account).count()}. Refunds:"
    for refund in Refund.objects.filter(wallet=life.account).order_by("pk"):
        yield (
            f"  {refund.reference} {refund.cause} {refund.state}: {refund.received} of "
            f"{refund.expected_min} to {refund.expected_max}"
        )
    yield "Exceptions:"
    for each in ReconciliationException.objects.filter(wallet=life.account).order_by("pk"):
        row = f", row {each.row}" if each.row_id else ""
        yield f"  {each} {each.key} {each.state} {each.amount} {each.reference}{row}: {each.detail}"
