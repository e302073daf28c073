"""gunicorn for the pages: a few processes with threads, since a page mostly waits for PostgreSQL.

Event streams and webhooks are uvicorn's. Slow clients are Caddy's: it reads a form whole before
it asks for a page. A reader who takes nothing of an answer loses it after STALLED, or a few of them
would hold every thread.
"""

import socket
import struct
from typing import Any, Final

STALLED: Final = 20  # seconds without a byte taken

bind = "0.0.0.0:8000"
workers = 2
worker_class = "gthread"
threads = 8
timeout = 30  # seconds without a sign of life from a process
graceful_timeout = 8
keepalive = 20
worker_tmp_dir = "/dev/shm"  # noqa: S108 - the heartbeat file belongs in memory
forwarded_allow_ips = "*"
accesslog = None  # Caddy could write one; nobody needs addresses of phone rentals in a file


def when_ready(server: Any) -> None:
    """What is set on a listening socket, the accepted ones have too."""
    for listener in server.LISTENERS:
        patience = struct.pack("ll", STALLED, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, patience)
