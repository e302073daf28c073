"""Where the embedded servers keep their files and answer, told by the data folder alone.

Settings, the supervisor, the operator's commands and the tests all ask here, so that they agree
without an environment variable. Only the standard library is used and nothing is created.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
DATABASE = "smsportal"
ROLE = "smsportal"
SOCKET_NAME_POSTGRES = ".s.PGSQL.5432"
SOCKET_NAME_VALKEY = "valkey.sock"

LONGEST_FOLDER = 85  # sun_path holds 107 bytes on Linux, and the longest name is "/.s.PGSQL.5432"
SHORT_PARENT = Path("/tmp")  # noqa: S108 - layout.py checks who owns the folder
POINTER = "private-folder"
OWNER_NOTE = "belongs-to"


def data_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """The data folder: DATA_DIR, else `.data` in the checkout."""
    return Path(environment.get("DATA_DIR") or ROOT / ".data").resolve()


def home(data: Path) -> Path:
    """The folder of the servers' files: the data folder itself, or the private one it names.

    A private folder is in use where the servers' account can't reach the data folder. A pointer
    that was copied along with a checkout doesn't count: the folder still belongs to the original.
    """
    data = data.resolve()
    try:
        private = Path((data / POINTER).read_text().strip())
        mine = Path((private / OWNER_NOTE).read_text().strip()) == data
    except OSError:
        return data
    return private if mine else data


def sockets(data: Path) -> Path:
    """The folder of both servers' Unix sockets; short enough for an address of 107 bytes."""
    folder = home(data) / "run"
    if len(bytes(folder)) <= LONGEST_FOLDER:
        return folder
    digest = hashlib.sha256(bytes(folder)).hexdigest()[:16]
    return SHORT_PARENT / f"smsportal-{digest}"


def database_url(data: Path, name: str = DATABASE) -> str:
    """A libpq address of the embedded PostgreSQL, as `DATABASE_URL` takes it."""
    return f"postgresql://{ROLE}@/{name}?host={quote(str(sockets(data)), safe='')}"


def redis_url(data: Path, db: int = 0) -> str:
    """The embedded Valkey's address as redis-py and `REDIS_URL` take it: `unix:///...?db=0`."""
    return f"unix://{quote(str(sockets(data) / SOCKET_NAME_VALKEY))}?db={db}"


def broker_url(redis_url: str) -> str:
    """The same Redis as Celery takes it: `unix://` becomes `redis+socket://`, others stay."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    db = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{quote(unquote(parts.path))}?virtual_host={db}"
