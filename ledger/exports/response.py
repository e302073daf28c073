"""A list as a download."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import IO, Final

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.access import TeamRequest
from accounts.actions import Action
from ledger.exports.cells import Value
from ledger.exports.files import CSV, TYPES, TooLong, write

PIECE: Final = 64 * 1024


def download(
    request: TeamRequest,
    *,
    name: str,
    head: Sequence[object],
    rows: Iterable[Sequence[Value]],
    filtered: Mapping[str, str],
    action: Action = Action.EXPORTED,
) -> HttpResponseBase:
    """Send the rows as the file that `format` asks for, and write down who took them.

    The file is finished first: a slow reader holds no connection to the database.
    """
    wanted = request.GET.get("format", CSV)
    if wanted not in TYPES:
        return HttpResponse(_("There are files as csv and xlsx."), status=400)
    with transaction.atomic():
        audit.record(
            team=request.team,
            actor=request.user,
            action=action,
            after={"list": name, "format": wanted, "filters": dict(filtered)},
        )
    try:
        file = write(wanted, [str(title) for title in head], rows)
    except TooLong:
        return HttpResponse(_("A sheet can't hold that many rows. Take csv."), status=400)
    if not connection.in_atomic_block:
        connection.close()
    return _sent(request, file, f"{request.team.slug}-{name}-{timezone.localdate()}.{wanted}")


def _sent(request: TeamRequest, file: IO[bytes], name: str) -> StreamingHttpResponse:
    size = file.seek(0, 2)
    file.seek(0)
    pieces = _later(file) if isinstance(request, ASGIRequest) else _pieces(file)
    kind = TYPES[name.rpartition(".")[2]]
    return StreamingHttpResponse(
        pieces,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(size),
        },
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


async def _later(file: IO[bytes]) -> AsyncIterator[bytes]:
    """The same under ASGI, where Django would read a plain iterator whole."""
    with file:
        while piece := await sync_to_async(file.read, thread_sensitive=False)(PIECE):
            yield piece
