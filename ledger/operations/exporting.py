"""Long lists are made into files, one at a time in the whole installation.

The row is the queue: whoever holds its lease works on it, and tells it how far it is. Dies the
worker, the lease runs out, and the next one begins the file again. It is made for the person who
asked, with the rights that they have then, and thrown away after a day.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import structlog
from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Membership
from accounts.pages.languages import written_for
from accounts.pages.zones import activate_zone
from ledger.exports.files import write_into
from ledger.exports.listings import Asked, Listing, NotListed, Table, listing
from ledger.models import Export
from ledger.nudges import nudge
from ledger.operations.errors import NotPossible
from ledger.operations.pulse import LEASE, LeaseLost, Pulse
from ledger.states import ExportState

log = structlog.get_logger(__name__)

KEPT: Final = timedelta(days=1)  # a file
REMEMBERED: Final = timedelta(days=7)  # its row
ABANDONED: Final = timedelta(hours=1)  # a file that no row names
TRIES: Final = 3
MOST: Final = 5  # unfinished ones of a person in a team
LONGEST_QUERY: Final = 2000
LEFT_OUT: Final = ("format", "page", "before", "after", "all")  # no filters
MAKE: Final = "ledger.make_exports"


def ask(
    *,
    membership: Membership,
    listing: Listing,
    table: Table,
    about: int | None,
    query: QueryDict,
    format_: str,
    now: datetime,
) -> Export:
    """Have a list made into a file; the one that is under way, where it is the same.

    Raises NotPossible.
    """
    wanted = {
        "team": membership.team,
        "asked_by": membership.user,
        "listing": listing.name,
        "about": about,
        "query": _kept(query),
        "format": format_,
    }
    unfinished = Export.objects.filter(state__in=[ExportState.REQUESTED, ExportState.RUNNING])
    with transaction.atomic():
        Membership.objects.select_for_update().get(pk=membership.pk)  # one after the other
        if same := unfinished.filter(**wanted).first():
            return same
        if unfinished.filter(team=membership.team, asked_by=membership.user).count() >= MOST:
            raise NotPossible(_("Five of your files are being made. Wait for one, or delete it."))
        export = Export.objects.create(asked_at=now, **wanted)
        audit.record(
            team=membership.team,
            actor=membership.user,
            action=Action.EXPORT_ASKED,
            after={"list": table.name, "format": format_, "filters": dict(table.filtered)},
        )
        transaction.on_commit(lambda: nudge(MAKE))
    return export


def make_next() -> bool:
    """Make the file that is next; False where there is none, or another worker is at one."""
    export = _claim(timezone.now())
    if export is None:
        return False
    attempt = export.attempts
    try:
        _make(export)
    except LeaseLost:
        log.warning("export_lost", export=export.pk, attempt=attempt)
    except (OperationalError, InterfaceError):  # the database is away: begun again by the lease
        log.exception("export_interrupted", export=export.pk)
    except (NotPossible, NotListed) as error:
        _fail(export, str(error))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        log.exception("export_failed", export=export.pk)
        _fail(export, _("The portal’s disk is full. Tell its operator.") if full else _broken())
    except Exception:
        log.exception("export_failed", export=export.pk)
        _fail(export, _broken())
    return True


def take(*, export: Export, membership: Membership) -> IO[bytes]:
    """Open a finished file for the one who asked for it, and write down that they took it.

    Raises NotListed where their role does not allow it any more, NotPossible where it is gone.
    """
    there = _allowed(export.listing, membership)
    if not set(export.roles) <= set(membership.roles):
        raise NotListed(_("You had another role when you asked. Ask for the list anew."), 403)
    try:
        if not export.is_there:
            raise FileNotFoundError
        file = _path(export.file).open("rb")
    except OSError as error:
        if not isinstance(error, FileNotFoundError):
            log.warning("export_not_read", export=export.pk, problem=error.strerror)
        raise NotPossible(_("The file is not there any more. Ask for the list anew.")) from error
    with transaction.atomic():
        audit.record(
            team=membership.team,
            actor=membership.user,
            action=there.action,
            after={"list": there.name, "format": export.format, "rows": export.rows},
        )
    return file


def discard(*, export: Export) -> None:
    """Throw a file away, or have it made no further."""
    name = export.file
    Export.objects.filter(pk=export.pk).delete()
    if name:
        _remove(_path(name))


def purge(now: datetime) -> None:
    """Throw away the files whose day is over, and what a worker left when it died."""
    for export in Export.objects.filter(state=ExportState.READY, expires_at__lte=now):
        Export.objects.filter(pk=export.pk).update(state=ExportState.EXPIRED, file="")
        _remove(_path(export.file))
    over = Export.objects.filter(state__in=[ExportState.FAILED, ExportState.EXPIRED])
    over.filter(asked_at__lte=now - REMEMBERED).delete()
    _sweep(now)


def _claim(now: datetime) -> Export | None:
    """The next one, held by us; one that was left lying before a new one."""
    running = Export.objects.filter(state=ExportState.RUNNING).first()
    if running is None:
        return _begin(Export.objects.filter(state=ExportState.REQUESTED).order_by("asked_at", "pk"))
    if running.leased_until is not None and running.leased_until > now:
        return None
    if running.attempts >= TRIES:
        _fail(running, _("It broke off three times. Narrow the filters, or tell the operator."))
        return _claim(now)
    return _begin(Export.objects.filter(pk=running.pk, attempts=running.attempts))


def _begin(waiting: Any) -> Export | None:
    found: Export | None = waiting.first()
    if found is None:
        return None
    now = timezone.now()
    try:
        with transaction.atomic():
            begun = Export.objects.filter(
                pk=found.pk, state=found.state, attempts=found.attempts
            ).update(
                state=ExportState.RUNNING,
                attempts=F("attempts") + 1,
                leased_until=now + LEASE,
                started_at=now,
                rows=0,
                total=None,
            )
    except IntegrityError:  # another worker has just begun one
        return None
    if not begun:
        return None
    return Export.objects.select_related("team", "asked_by").get(pk=found.pk)


def _make(export: Export) -> None:
    membership = (
        Membership.objects.select_related("team", "user")
        .filter(team=export.team, user=export.asked_by, user__is_active=True)
        .first()
    )
    if membership is None:
        raise NotPossible(_("Who asked for it is not in the team any more."))
    there = _allowed(export.listing, membership)
    with written_for(membership.user), timezone.override(None):
        activate_zone(membership.user.time_zone, membership.team.time_zone)
        table = there.table(
            Asked(membership, QueryDict(export.query), export.asked_at, export.about)
        )
        day = timezone.localdate()
        with Pulse(export) as pulse, _unfinished_file(export) as (file, path):
            pulse.total = table.total()
            with transaction.atomic():  # a cursor of the server hands out a portion at a time
                rows = pulse.counted(table.rows())
                write_into(file, export.format, table.titles, rows, beside=path)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
            final = path.with_suffix(f".{export.format}")
            path.rename(final)
    now = timezone.now()
    ready = export.held_by(export.attempts).update(
        state=ExportState.READY,
        file=final.name,
        name=f"{export.team.slug}-{table.name}-{day}.{export.format}",
        size=size,
        rows=pulse.rows,
        total=pulse.rows,
        roles=membership.roles,
        ended_at=now,
        expires_at=now + KEPT,
        leased_until=None,
    )
    if not ready:
        final.unlink(missing_ok=True)
        raise LeaseLost


@contextmanager
def _unfinished_file(export: Export) -> Iterator[tuple[IO[bytes], Path]]:
    """A new file that nobody else can open, and that goes where it is not renamed."""
    name = f"{export.pk}-{export.attempts}-{secrets.token_hex(8)}.part"
    path = _folder() / name
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _allowed(name: str, membership: Membership) -> Listing:
    try:
        found = listing(name)
    except KeyError as error:
        raise NotListed(_("There is no such list any more."), 404) from error
    if not found.is_open_to(membership):
        raise NotListed(_("Your role does not allow this list any more."), 403)
    return found


def _fail(export: Export, problem: str) -> None:
    export.held_by(export.attempts).update(
        state=ExportState.FAILED, problem=problem[:300], ended_at=timezone.now(), leased_until=None
    )


def _broken() -> str:
    return _("Something went wrong on our side; it was logged. Try again.")


def _kept(query: QueryDict) -> str:
    """The filters and the order that an address asks for."""
    asked = query.copy()
    for name in LEFT_OUT:
        asked.pop(name, None)
    wanted = asked.urlencode()
    if len(wanted) > LONGEST_QUERY:
        raise NotPossible(_("The address is too long. Shorten the search."))
    return wanted


def _folder() -> Path:
    folder = Path(settings.EXPORTS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(name: str) -> Path:
    return Path(settings.EXPORTS_DIR) / name


def _sweep(now: datetime) -> None:
    """Delete the files that nobody is at and no row names, and the folders of half-made sheets."""
    named = set(Export.objects.filter(state=ExportState.READY).values_list("file", flat=True))
    running = Export.objects.filter(state=ExportState.RUNNING)
    made = tuple(f"{export.pk}-{export.attempts}-" for export in running)
    for path in _folder().iterdir():
        if path.name not in named and not path.name.startswith(made) and _is_old(path, now):
            _remove(path)


def _remove(path: Path) -> None:
    """One that can't be deleted keeps no other from it."""
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as problem:
        log.warning("export_not_deleted", problem=problem.strerror)


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return path.stat().st_mtime < (now - ABANDONED).timestamp()
    except FileNotFoundError:
        return False
