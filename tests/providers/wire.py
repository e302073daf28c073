"""A server on a real socket that answers as badly as it is told to."""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator

type Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """What the server saw. `url` is its address."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.url = ""
        self.connections = 0
        self.requests: list[bytes] = []
        self.stopping: asyncio.Event

    async def serve(self, ready: threading.Event) -> None:
        self.stopping = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await self.stopping.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.stopping.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing() and (request := await _request(reader)):
                self.requests.append(request)
                await self.answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return head + (await reader.readexactly(length[0]) if length else b"")


@contextlib.contextmanager
def wire(answer: Answer) -> Iterator[Wire]:
    """Serve `answer` to every request, from a thread of its own."""
    server, ready = Wire(answer), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(ready)), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        server.stop()
        thread.join(10)


def http(body: bytes = b"", *headers: str, status: int = 200, length: int | None = None) -> bytes:
    """Give a whole HTTP answer, or one that lies about its length."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def saying(raw: bytes, *, then_close: bool = False) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        if then_close:
            writer.close()

    return answer


def dripping(raw: bytes, rest: bytes) -> Answer:
    """Say something at once and the rest a byte at a time, faster than any read time-out."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        for byte in rest:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


async def silence(writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def reset(writer: asyncio.StreamWriter) -> None:
    """Tear the connection down without a farewell."""
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
