"""A list as a download: a short one at once, a long one by a worker."""

from collections.abc import AsyncIterator, Iterator
from typing import IO, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.access import TeamRequest
from ledger.exports.files import CSV, TYPES, write
from ledger.exports.listings import Asked, Listing, NotListed, Table, listing
from ledger.operations.errors import NotPossible
from ledger.operations.exporting import ask

PIECE: Final = 64 * 1024
AT_ONCE: Final = 5000  # rows that are made while somebody waits


def download(request: TeamRequest, name: str, *, about: int | None = None) -> HttpResponseBase:
    """Send what the address asks for as the file that `format` asks for, and write down who took
    it; a long list is made by a worker, and its page says how far it is.

    A short one is finished first: a slow reader holds no connection to the database.
    """
    wanted = request.GET.get("format", CSV)
    if wanted not in TYPES:
        return _said(_("There are files as csv and xlsx."), 400)
    there = listing(name)
    try:
        table = there.table(Asked(request.membership, request.GET, timezone.now(), about))
    except NotListed as error:
        return _said(str(error), error.status)
    if table.has_more_than(AT_ONCE):
        return _later(request, there, table, wanted, about)
    with transaction.atomic():
        audit.record(
            team=request.team,
            actor=request.user,
            action=there.action,
            after={"list": table.name, "format": wanted, "filters": dict(table.filtered)},
        )
    file = write(wanted, table.titles, table.rows())
    if not connection.in_atomic_block:
        connection.close()
    return sent(request, file, f"{request.team.slug}-{table.name}-{timezone.localdate()}.{wanted}")


def sent(request: TeamRequest, file: IO[bytes], name: str) -> StreamingHttpResponse:
    """The file, piece by piece, as something to be saved."""
    size = file.seek(0, 2)
    file.seek(0)
    pieces = _pieces_later(file) if isinstance(request, ASGIRequest) else _pieces(file)
    kind = TYPES[name.rpartition(".")[2]]
    return StreamingHttpResponse(
        pieces,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(size),
            "X-Content-Type-Options": "nosniff",
        },
    )


def _later(
    request: TeamRequest, there: Listing, table: Table, format_: str, about: int | None
) -> HttpResponse:
    try:
        export = ask(
            membership=request.membership,
            listing=there,
            table=table,
            about=about,
            query=request.GET,
            format_=format_,
            now=timezone.now(),
        )
    except NotPossible as error:
        return _said(str(error), 409)
    return redirect("export_detail", team=request.team.slug, export=export.pk)


def _said(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _pieces_later(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The same under ASGI, where Django would read a plain iterator whole."""
    with file:
        while piece := await sync_to_async(file.read, thread_sensitive=False)(PIECE):
            yield piece
