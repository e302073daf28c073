"""A mail server that a test holds: real SMTP on a port, with the faults that mail servers have."""

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class PostOffice:
    """`fault` is what it does: refuse (550 to the recipient), busy (451 after the mail), cut (takes
    the mail and hangs up without a word), hang (takes it and says nothing), linger (takes it and
    does not let go), silent (never says a word). `unknown` are the addresses that it refuses
    anyway."""

    port: int = 0
    fault: str = ""
    unknown: set[str] = field(default_factory=set)
    mails: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    tried: int = 0  # mails that were handed over whole, taken or not
    taken: threading.Event = field(default_factory=threading.Event)  # a mail is here, and it waits
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def wait(self) -> None:
        self.taken.set()
        self.go_on.wait(60)

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if mail["To"] == address]


@contextmanager
def post_office() -> Iterator[PostOffice]:
    office = PostOffice()

    class Counter(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            office.connections += 1
            with suppress(OSError):
                _serve(office, self)

    with _Server(("127.0.0.1", 0), Counter) as server:
        office.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield office
        office.go_on.set()
        server.shutdown()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def _serve(office: PostOffice, wire: socketserver.StreamRequestHandler) -> None:
    def say(line: str) -> None:
        wire.wfile.write(f"{line}\r\n".encode())

    if office.fault == "silent":
        office.wait()
        return
    say("220 ready")
    while line := wire.rfile.readline():
        word = line.split(b" ")[0].strip().upper()
        if word == b"RCPT" and (office.fault == "refuse" or _named(line) in office.unknown):
            say("550 nobody here")
        elif word == b"DATA":
            say("354 go on")
            mail = _read(wire)
            office.tried += 1
            if not _answer(office, wire, mail, say):
                return
        elif word == b"QUIT":
            if office.fault == "linger":
                office.wait()
            say("221 bye")
            return
        else:
            say("250 fine")


def _named(line: bytes) -> str:
    """The address in RCPT TO:<address>."""
    return line.decode().partition("<")[2].partition(">")[0]


def _read(wire: socketserver.StreamRequestHandler) -> bytes:
    lines = []
    while (line := wire.rfile.readline()) not in (b".\r\n", b""):
        lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
    return b"".join(lines)


def _answer(
    office: PostOffice,
    wire: socketserver.StreamRequestHandler,
    mail: bytes,
    say: Callable[[str], None],
) -> bool:
    """Whether the conversation goes on."""
    if office.fault == "busy":
        say("451 later")
        return True
    office.mails.append(message_from_bytes(mail, policy=policy.default))
    if office.fault == "cut":
        wire.connection.shutdown(socket.SHUT_RDWR)
        return False
    if office.fault == "hang":
        office.wait()
    say("250 taken")
    return True
