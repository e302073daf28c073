"""The transport against real sockets: one request, whatever goes wrong, and a name for it."""

import asyncio
import gzip
import logging
import socket
import time
import zlib
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from providers.calls import Delivered
from providers.errors import Ambiguous, BadKey, Refused, Unavailable
from providers.transport import AsyncTransport, bounds_for, send
from providers.values import RentOrder
from tests.providers.samples import SMSGIG
from tests.providers.wire import Answer, dripping, http, reset, saying, silence, wire

KEY = "sk_test_0123456789abcdefghij"
NUMBER = "12025550123"
RENTED = b'{"rental": {"activation_id": 77, "phone_number": "12025550123"}}'
RENT = SMSGIG.provider.rent(RentOrder("whatsapp"))
BALANCE = SMSGIG.provider.balance()
POLL = SMSGIG.provider.poll("77")
GZIP = "Content-Encoding: gzip"
ZEROS = bytes(50_000_000)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

CUTS: dict[str, Answer] = {
    "closed without a word": saying(b"", then_close=True),
    "reset": reset,
    "never answering": silence,
    "cut within the headers": saying(b"HTTP/1.1 200 OK\r\nContent-Le", then_close=True),
    "cut after the headers": saying(http(length=500), then_close=True),
    "half a body": saying(http(RENTED, length=500), then_close=True),
    "half a body, then silence": saying(http(RENTED, length=500)),
    "cut within chunks": saying(CHUNKED + b'5\r\n{"ren', then_close=True),
    "chunks of a wrong size": saying(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "not HTTP": saying(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", then_close=True),
    "headers without an end": saying(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000),
    "headers that drip": dripping(b"", b"HTTP/1.1 200 OK\r\n" + b"X-Slow: y\r\n" * 100),
    "a body that drips": dripping(http(length=500), b"x" * 500),
    "too large, and says so": saying(http(bytes(3_000_000))),
    "too large in chunks": saying(
        CHUNKED + b"100000\r\n" + bytes(0x100000) + b"\r\n1\r\nx\r\n0\r\n\r\n"
    ),
    "a packed bomb": saying(http(gzip.compress(ZEROS), GZIP)),
    "packing cut short": saying(http(gzip.compress(RENTED)[:-9], GZIP)),
    "packing that is none": saying(http(RENTED, GZIP)),
    "packing of another kind": saying(http(zlib.compress(RENTED), GZIP)),
}


@pytest.fixture(params=CUTS)
def cut(request: pytest.FixtureRequest) -> Answer:
    return CUTS[request.param]


# --- a whole answer


def test_a_request_carries_what_the_documents_ask_for() -> None:
    with wire(saying(http(RENTED, "X-Odd: Yes"))) as server:
        reply = send(RENT, base_url=f"{server.url}/api/v1/", key=KEY)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {line.split(": ")[0].lower(): line.split(": ")[1] for line in lines[1:]}
    assert lines[0] == "POST /api/v1/s1/rent HTTP/1.1"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept"] == headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("smsportal/")
    assert body == b'{"service_code":"whatsapp"}'
    assert (reply.delivered, reply.status, reply.body) == (Delivered.ANSWERED, 200, RENTED)
    assert reply.headers["x-odd"] == "Yes" and reply.problem == "" and reply.seconds > 0
    assert RENT.read(reply).activation_id == "77"


def test_a_query_is_sent_as_such() -> None:
    call = SMSGIG.provider.transactions(page=2, kind="refund")
    with wire(saying(http(b"{}"))) as server:
        send(call, base_url=server.url, key=KEY)
    line = server.requests[0].split(b"\r\n")[0]
    assert line == b"GET /transactions?limit=100&type=refund&page=2 HTTP/1.1"


@pytest.mark.parametrize(
    "raw",
    [
        http(RENTED),
        http(gzip.compress(RENTED), GZIP),
        CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(RENTED), RENTED),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + http(RENTED),
        http(RENTED, "Content-Type: text/html", "Set-Cookie: a=b"),
    ],
    ids=["plain", "packed", "chunked", "early hints", "odd type"],
)
def test_whole_answers(raw: bytes) -> None:
    with wire(saying(raw)) as server:
        reply = send(RENT, base_url=server.url, key=KEY)
    assert (reply.delivered, reply.status, reply.body) == (Delivered.ANSWERED, 200, RENTED)


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 404, 500, 503])
def test_any_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    with wire(saying(http(b"", "Location: /elsewhere", status=status))) as server:
        reply = send(RENT, base_url=server.url, key=KEY)
        assert (reply.delivered, reply.status) == (Delivered.ANSWERED, status)
        assert len(server.requests) == server.connections == 1


def test_a_body_may_be_as_large_as_allowed_and_no_larger() -> None:
    for packed in (False, True):
        raw = gzip.compress(b"x" * 1000) if packed else b"x" * 1000
        with wire(saying(http(raw, *([GZIP] if packed else [])))) as server:
            fits = send(BALANCE, base_url=server.url, key=KEY, max_bytes=1000)
            larger = send(BALANCE, base_url=server.url, key=KEY, max_bytes=999)
        assert (fits.delivered, len(fits.body)) == (Delivered.ANSWERED, 1000)
        assert larger.delivered is Delivered.CUT and "999 bytes" in larger.problem
        assert len(larger.body) <= 999


def test_packing_that_nobody_asked_for_is_left_as_it_is() -> None:
    with wire(saying(http(b"\x0b\x02\x80{}\x03", "Content-Encoding: br"))) as server:
        reply = send(BALANCE, base_url=server.url, key=KEY)
    assert (reply.delivered, reply.body) == (Delivered.ANSWERED, b"\x0b\x02\x80{}\x03")


# --- no whole answer


def test_a_cut_rent_is_sent_once_and_stays_in_doubt(
    cut: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with wire(cut) as server:
        began = time.monotonic()
        reply = send(RENT, base_url=server.url, key=KEY, seconds=0.8)
        assert time.monotonic() - began < 5
        assert len(server.requests) == server.connections == 1
    assert reply.delivered is Delivered.CUT
    with pytest.raises(Ambiguous) as caught:
        RENT.read(reply)
    said = f"{caught.value} {caught.value.detail} {reply.problem} {caplog.text}"
    assert reply.problem
    assert KEY not in said and NUMBER not in said


async def test_a_cut_poll_is_sent_once_and_may_be_asked_again(cut: Answer) -> None:
    with wire(cut) as server:
        async with AsyncTransport() as transport:
            reply = await transport.send(POLL, base_url=server.url, key=KEY, seconds=0.8)
        assert len(server.requests) == server.connections == 1
    assert reply.delivered is Delivered.CUT
    with pytest.raises(Unavailable):
        POLL.read(reply)


def test_what_came_before_the_cut_is_kept_as_evidence() -> None:
    with wire(CUTS["half a body"]) as server:
        reply = send(RENT, base_url=server.url, key=KEY)
    assert (reply.status, reply.body) == (200, RENTED)


def test_a_bomb_is_not_unpacked_beyond_the_bound() -> None:
    with wire(CUTS["a packed bomb"]) as server:
        reply = send(BALANCE, base_url=server.url, key=KEY, max_bytes=5000)
    assert len(reply.body) <= 5000


# --- never sent


@pytest.fixture
def unreachable() -> Iterator[dict[str, str]]:
    """Addresses where no connection can be made, each for its own reason."""
    with ExitStack() as stack:
        closed = stack.enter_context(socket.socket())
        closed.bind(("127.0.0.1", 0))
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        plain = stack.enter_context(wire(saying(b"no TLS here\r\n", then_close=True)))
        yield {
            "refused": f"http://127.0.0.1:{closed.getsockname()[1]}",
            "time-out": f"http://127.0.0.1:{full.getsockname()[1]}",
            "no TLS": plain.url.replace("http:", "https:"),
            "unknown scheme": "ftp://127.0.0.1/api",
            "no scheme": "smsgig.com/api/v1",
            "no host": "http:///api",
            "a bad port": "http://127.0.0.1:99999",
            "a bad host": "http://[::1",
            "a host too long to look up": f"http://{'a' * 70}.example",
            "a password": "http://a:b@127.0.0.1:1",
            "nothing": "",
            "a line break": "http://127.0.0.1:1\n/",
        }


def test_no_connection_means_never_sent(unreachable: dict[str, str]) -> None:
    for why, url in unreachable.items():
        for call in (RENT, BALANCE):
            reply = send(call, base_url=url, key=KEY, seconds=2, connect_seconds=0.3)
            assert reply.delivered is Delivered.NEVER_SENT, why
            assert reply.problem and KEY not in reply.problem, why
            with pytest.raises(Refused if call is RENT else Unavailable):
                call.read(reply)


async def test_no_connection_means_never_sent_when_polling(unreachable: dict[str, str]) -> None:
    async with AsyncTransport() as transport:
        for why, url in unreachable.items():
            reply = await transport.send(
                POLL, base_url=url, key=KEY, seconds=2, connect_seconds=0.3
            )
            assert reply.delivered is Delivered.NEVER_SENT, why


async def test_waiting_for_a_free_connection_in_vain_means_never_sent() -> None:
    with wire(silence) as server:
        async with AsyncTransport(max_connections=1) as transport:
            first = asyncio.create_task(
                transport.send(POLL, base_url=server.url, key=KEY, seconds=3)
            )
            while not server.requests:
                await asyncio.sleep(0.01)
            second = await transport.send(
                POLL, base_url=server.url, key=KEY, seconds=3, connect_seconds=0.2
            )
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
    assert second.delivered is Delivered.NEVER_SENT


@pytest.mark.parametrize("key", ["", " ", "a b", "line\nbreak", "nul\0", "schlüssel", "k" * 513])
async def test_a_key_that_no_header_can_carry_is_refused_before_sending(key: str) -> None:
    with wire(saying(http(RENTED))) as server:
        async with AsyncTransport() as transport:
            with pytest.raises(BadKey) as caught:
                await transport.send(RENT, base_url=server.url, key=key)
        assert server.connections == 0
    assert not key.strip() or key not in str(caught.value)


def test_the_blocking_way_refuses_such_a_key_too() -> None:
    with pytest.raises(BadKey):
        send(BALANCE, base_url="http://127.0.0.1:1", key="line\nbreak")


# --- connections, cookies, surroundings


async def test_polls_share_a_connection_and_a_rent_never_does() -> None:
    with wire(saying(http(RENTED, "Set-Cookie: session=other; Path=/"))) as server:
        async with AsyncTransport() as transport:
            for _ in range(3):
                await transport.send(POLL, base_url=server.url, key=KEY)
            assert server.connections == 1
            await transport.send(RENT, base_url=server.url, key=KEY)
            assert server.connections == 2
        assert len(server.requests) == 4
        assert not any(b"cookie" in request.lower() for request in server.requests)


async def test_a_rent_closes_its_connection() -> None:
    with wire(saying(http(RENTED))) as server:
        async with AsyncTransport() as transport:
            await transport.send(RENT, base_url=server.url, key=KEY)
            await transport.send(RENT, base_url=server.url, key=KEY)
        assert server.connections == 2


async def test_many_polls_run_at_once() -> None:
    with wire(dripping(b"", http(b"{}"))) as server:
        async with AsyncTransport() as transport:
            began = time.monotonic()
            replies = await asyncio.gather(
                *(transport.send(POLL, base_url=server.url, key=KEY, seconds=9) for _ in range(20))
            )
            assert time.monotonic() - began < 8
    assert {reply.delivered for reply in replies} == {Delivered.ANSWERED}


def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with wire(saying(http(b"{}"))) as server:
        assert send(BALANCE, base_url=server.url, key=KEY).delivered is Delivered.ANSWERED


async def test_the_blocking_way_refuses_to_block_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="AsyncTransport"):
        send(BALANCE, base_url="http://127.0.0.1:1", key=KEY)


async def test_being_cancelled_is_passed_on() -> None:
    with wire(silence) as server:
        async with AsyncTransport() as transport:
            task = asyncio.create_task(transport.send(POLL, base_url=server.url, key=KEY))
            while not server.requests:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


def test_bounds_suit_the_call() -> None:
    seconds = {name: bounds_for(SMSGIG.call(name)).seconds for name in SMSGIG.calls}
    assert seconds["rent"] == 30 and seconds["poll"] == 4 and seconds["balance"] == 10
    assert bounds_for(SMSGIG.call("services")).max_bytes == 4 * bounds_for(BALANCE).max_bytes
    assert bounds_for(POLL, seconds=2).connect_seconds == 2
    assert bounds_for(RENT).connect_seconds == 5
