"""Valkey on a Unix socket of ours. It keeps nothing over a restart: the rows are the truth."""

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from smsportal.embedded import addresses
from smsportal.embedded.binaries import Binaries
from smsportal.embedded.layout import Layout
from smsportal.embedded.strays import Stray
from smsportal.embedded.waiting import wait_for_server


@dataclass(frozen=True)
class Valkey:
    """The embedded Valkey of one data folder."""

    layout: Layout
    binaries: Binaries

    name = "valkey"
    stop_signal = signal.SIGTERM
    not_news = ("Memory overcommit", "Received SIGTERM", "ready to exit")

    @property
    def url(self) -> str:
        return addresses.redis_url(self.layout.data)

    @property
    def socket(self) -> Path:
        return self.layout.sockets / addresses.SOCKET_NAME_VALKEY

    def prepare(self) -> None:
        """End an earlier server that still lives; remove the socket of one that doesn't."""
        Stray("valkey-server", str(self.socket), self.layout.account.uid).stop(self.stop_signal)
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The command line of the server in the foreground; it ends when this process ends."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.layout.folder("valkey")),
            "save": "",
            "appendonly": "no",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "set-proc-title": "no",  # the command line is how an earlier server is recognised
        }
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        words = [str(self.binaries.valkey), *options]
        return self.layout.account.command(*words, stop=self.stop_signal)

    def wait_ready(self, alive: Callable[[], bool]) -> None:
        """Return when it answers. `alive` says whether it still runs."""
        wait_for_server("Valkey", self._answers, alive)

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client, suppress(redis.ConnectionError):
            return bool(client.ping())
        return False
