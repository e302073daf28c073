"""Brings the database and the static files up to this version; safe to repeat."""

import hashlib
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core import checks
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

OURS: Final = ("accounts", "ledger", "rentals", "alerts")
UNUSABLE: Final = "which is no folder that long lists can be kept in"


class Command(BaseCommand):
    help = "Check the settings, migrate the database, collect the static files."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--skip-static", action="store_true", help="where an image has them")

    def handle(self, *args: Any, skip_static: bool, **options: Any) -> None:
        _check()
        _make_exports_folder()
        _refuse_newer_database()
        call_command("migrate", verbosity=0, interactive=False)
        if not skip_static:
            _collect_static()
        self.stdout.write(f"prepared users={get_user_model().objects.count()}")


def _check() -> None:
    """Raise the first thing that keeps us from serving, on one line."""
    found = checks.run_checks(include_deployment_checks=True)
    for message in found:
        if message.is_serious() and not message.is_silenced():
            raise CommandError(" ".join(filter(None, [message.msg, message.hint])))


def _make_exports_folder() -> None:
    """Else nobody would hear before the first long list that it can't be kept."""
    folder = Path(settings.EXPORTS_DIR)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.scandir(folder).close()
    except OSError as error:
        raise CommandError(f"EXPORTS_DIR is {folder}, {UNUSABLE}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(f"EXPORTS_DIR is {folder}, {UNUSABLE}: it is not writable.")


def _refuse_newer_database() -> None:
    """What an earlier version would write into it, and read from it, nobody has thought through."""
    loader = MigrationLoader(connection)
    known = {*loader.disk_migrations}
    for migration in loader.disk_migrations.values():
        known.update(migration.replaces)
    newer = [key for key in loader.applied_migrations if key[0] in OURS and key not in known]
    if newer:
        raise CommandError(
            f"The database is of a newer version than this one (it has {'.'.join(max(newer))}): "
            "start that version, or go back to the backup from before the upgrade."
        )


def _collect_static() -> None:
    """Collect and compress, which takes seconds, only where a file has changed since."""
    note = Path(settings.STATIC_ROOT) / ".collected"
    sources = _fingerprint()
    if note.is_file() and note.read_text() == sources:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    note.write_text(sources)


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = Path(storage.path(path)).stat()
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
