"""The machine's certificates, read once for all clients of a process.

httpx reads them for each client anew, also for one that will never need them. That takes 30 ms of a
processor: more than most requests do, and more than the pause between two looks for a server.
"""

from typing import Final

import httpx

TRUST: Final = httpx.create_ssl_context()
