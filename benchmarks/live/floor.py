"""The least that can tell many: on a byte from one connection, the same bytes to all others.

`python -m benchmarks.live.floor FD`
"""

import asyncio
import socket
import sys
from typing import cast

import uvloop

from benchmarks.ground import raise_file_limit

NEWS = b"24\r\nevent: rental\ndata: 123456789012\n\n\r\n"
HELLO = b"HTTP/1.1 200 OK\r\n\r\nevent: sync\n\n"

_open: set[asyncio.Transport] = set()


class Listener(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"GET"):
            _open.add(self.transport)
            self.transport.write(HELLO)
        else:
            for each in _open:
                each.write(NEWS)

    def connection_lost(self, problem: Exception | None) -> None:
        _open.discard(self.transport)


async def main(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Listener, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main(socket.socket(fileno=int(sys.argv[1]))))
