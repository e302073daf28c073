"""Post a webhook once: to an address that was checked when it was connected to, and no further.

The name is resolved here, every address that it has must be a public one, and the connection goes
to one of those and not to what the name may mean a moment later. No redirect is followed, no
answer is decompressed, and no more of it is read than is shown.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Final

import httpx

from alerts.outgoing.addresses import NotAllowed, check_address, may_reach

SECONDS: Final = 5.0  # for all of it: the name, the connection, the answer
MOST_BYTES: Final = 2048  # of the answer
LONGEST_EXCERPT: Final = 500
USER_AGENT: Final = "smsportal/1.0 (webhooks)"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is None where none came, and `problem` says why. `ms`: from start to end."""

    status: int | None
    ms: int
    excerpt: str = ""
    problem: str = ""
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def post(address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send it and wait for the answer. Raises nothing: what went wrong is in the answer."""
    started = monotonic()
    # Not asyncio.run: that waits for a name lookup that hangs, far beyond the deadline.
    loop = asyncio.new_event_loop()
    try:
        status, excerpt, retry_after = loop.run_until_complete(_bounded(address, body, headers))
        return Answer(status, _since(started), excerpt, retry_after=retry_after)
    except NotAllowed as problem:
        return Answer(None, _since(started), problem=str(problem))
    except TimeoutError:
        return Answer(None, _since(started), problem=f"No answer within {SECONDS:.0f} seconds.")
    except socket.gaierror:
        return Answer(None, _since(started), problem="The name of the address is not known.")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as problem:
        return Answer(None, _since(started), problem=_said(problem))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _bounded(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, str]:
    async with asyncio.timeout(SECONDS):
        return await _post(address, body, headers)


async def _post(address: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str, str]:
    check_address(address)
    url = httpx.URL(address)
    ip = await _resolved(url)
    async with httpx.AsyncClient(
        verify=_trust(),
        trust_env=False,
        follow_redirects=False,
        timeout=SECONDS,
        headers={"Accept": "*/*"},
    ) as client:
        request = client.build_request(
            "POST",
            url.copy_with(host=ip),
            content=body,
            headers={
                "Host": url.netloc.decode(),
                "User-Agent": USER_AGENT,
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "Connection": "close",
                **headers,
            },
            # The certificate must be the name's, though the connection goes to its address.
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        response = await client.send(request, stream=True)
        try:
            excerpt = await _beginning(response)
        finally:
            await response.aclose()
    return response.status_code, excerpt, response.headers.get("retry-after", "")[:60]


@cache
def _trust() -> ssl.SSLContext:
    """Reading the certificates takes longer than most posts do, so it is done once."""
    return httpx.create_ssl_context(trust_env=False)


async def _resolved(url: httpx.URL) -> str:
    """An address of the name's, where all of them may be reached. Raises NotAllowed, gaierror."""
    port = url.port or (443 if url.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(
        url.raw_host.decode().strip("[]"), port, type=socket.SOCK_STREAM
    )
    ips = [str(address[0]) for *_rest, address in found]
    if not ips or not all(map(may_reach, ips)):
        raise NotAllowed("The name leads to an address that is not on the public internet.")
    return ips[0]


async def _beginning(response: httpx.Response) -> str:
    """The first of the answer's text, without what can't be shown."""
    data = b""
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) >= MOST_BYTES:
            break
    text = data[:MOST_BYTES].decode(errors="replace")
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(shown.split())[:LONGEST_EXCERPT]


def _said(problem: Exception) -> str:
    """Without the address, which may hold a secret."""
    if isinstance(problem, httpx.ConnectError):
        if _is_of_tls(problem):
            return "No certificate came that is the address’s and trusted."
        return "No connection could be made."
    if isinstance(problem, httpx.TimeoutException):
        return f"No answer within {SECONDS:.0f} seconds."
    return f"The connection broke off ({type(problem).__name__})."


def _is_of_tls(problem: BaseException | None) -> bool:
    while problem is not None and not isinstance(problem, ssl.SSLError):
        problem = problem.__cause__ or problem.__context__
    return problem is not None


def _since(started: float) -> int:
    return round((monotonic() - started) * 1000)
