"""Static files as browsers get them: a stylesheet that imports others is one file."""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from whitenoise.storage import (  # type: ignore[import-untyped]
    CompressedManifestStaticFilesStorage,
)

IMPORT: Final = re.compile(rb'^@import url\("([^"]+)"\);$', re.MULTILINE)


class JoinedStylesheets(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # untyped
    """Compressed, named by their digests, and stylesheets with what they import in its place.

    Without collecting, browsers follow the imports themselves.
    """

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[Any]:
        """`paths`: the storage of each file, and its path in there."""
        joined = {
            name: (_Joined(storage), path) if name.endswith(".css") else (storage, path)
            for name, (storage, path) in paths.items()
        }
        yield from super().post_process(joined, **options)


class _Joined(Storage):
    """Reads stylesheets out of another storage, each with those that it imports."""

    def __init__(self, source: Storage) -> None:
        self._source = source

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        return ContentFile(self._joined(PurePosixPath(name)))

    def _joined(self, name: PurePosixPath) -> bytes:
        with self._source.open(str(name)) as sheet:
            written: bytes = sheet.read()
        return IMPORT.sub(lambda said: self._joined(name.parent / said[1].decode()), written)
