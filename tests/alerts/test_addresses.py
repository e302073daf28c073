"""A webhook never leads into our own network, whatever its address says or its name means."""

import asyncio
import socket
from asyncio.base_events import BaseEventLoop
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from alerts.outgoing.addresses import NotAllowed, check_address, may_reach
from alerts.outgoing.post import post
from tests.alerts.receiver import receiver

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - nothing is bound to it
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:1::",
    "2001:db8::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("ip", PRIVATE)
def test_addresses_that_are_not_public(ip: str) -> None:
    assert not may_reach(ip)


@pytest.mark.parametrize("ip", ["8.8.8.8", "1.1.1.1", "2001:4860:4860::8888"])
def test_addresses_that_are(ip: str) -> None:
    assert may_reach(ip)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "https://[::1/",
        "https://example.com\\@10.0.0.1/",
        "https://example.com/\n",
        "https://exämple.com/",
        "https://a..b/",
        f"https://{'a' * 64}.example/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://10.0.0.1:8443/alerts",
        "javascript:alert(1)",
        "https://example.com/" + "a" * 500,
        "",
    ],
)
def test_what_is_no_address_of_a_webhook(url: str) -> None:
    with pytest.raises(NotAllowed):
        check_address(url)


def test_what_is() -> None:
    check_address("https://example.com/alerts?key=1")
    check_address("https://[2001:4860:4860::8888]:8443/")


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.1", "0"])
def test_a_name_of_ours_is_not_connected_to(host: str) -> None:
    with receiver() as ours:
        answer = post(f"https://{host}:{ours.port}/", b"{}", {})
        assert answer.status is None
        assert ours.connections == 0
    assert "not on the public internet" in answer.problem or "not known" in answer.problem


def names(monkeypatch: pytest.MonkeyPatch, *ips: str) -> list[object]:
    """Have every name mean these addresses; returns what was asked for."""
    asked: list[object] = []

    async def told(self: BaseEventLoop, host: object, port: int, **_: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ips]

    monkeypatch.setattr(BaseEventLoop, "getaddrinfo", told)
    return asked


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver() as ours:
        names(monkeypatch, "8.8.8.8", "127.0.0.1")
        answer = post(f"https://mixed.example:{ours.port}/", b"{}", {})
        assert ours.connections == 0
    assert "not on the public internet" in answer.problem


def test_a_name_is_asked_once_and_connected_to_as_it_was_checked(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as ours:
        asked = names(monkeypatch, "127.0.0.1")
        answer = post(f"http://rebinding.example:{ours.port}/x?y=1", b"{}", {})
        assert answer.status == 200
        assert ours.got[0].headers["host"] == f"rebinding.example:{ours.port}"
        assert ours.got[0].path == "/x?y=1"
    assert asked == ["rebinding.example"]


def test_a_name_server_that_hangs_is_waited_for_no_longer_than_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hangs(self: BaseEventLoop, *args: object, **named: object) -> list[Any]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(BaseEventLoop, "getaddrinfo", hangs)
    monkeypatch.setattr("alerts.outgoing.post.SECONDS", 0.3)
    answer = post("https://hangs.example/", b"{}", {})
    assert answer.problem.startswith("No answer within")
    assert 300 <= answer.ms < 3000


def test_a_redirect_is_not_followed(settings: Settings) -> None:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as ours, receiver() as other:
        ours.status, ours.sends = 307, {"Location": other.url}
        answer = post(ours.url, b"{}", {})
        assert answer.status == 307
        assert not answer.is_success
        assert other.connections == 0


def test_little_of_an_endless_answer_is_read(settings: Settings) -> None:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as ours:
        ours.answer = b"<b>no</b>\x00\x1b[31m " + b"a" * 5_000_000
        answer = post(ours.url, b"{}", {})
    assert answer.status == 200
    assert answer.excerpt.startswith("<b>no</b> [31m aaa")
    assert len(answer.excerpt) == 500


def test_a_certificate_that_nobody_trusts_is_no_answer(settings: Settings) -> None:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as ours:  # speaks no TLS at all
        answer = post(ours.url.replace("http://", "https://"), b"{}", {})
        assert ours.got == []
    assert answer.problem == "No certificate came that is the address’s and trusted."


def test_nobody_at_the_address_is_told_from_a_bad_certificate(settings: Settings) -> None:
    settings.PRIVATE_WEBHOOKS = True
    with receiver() as ours:
        nobody = ours.url.replace(str(ours.port), "1")
    for address in (nobody, nobody.replace("http://", "https://")):
        assert post(address, b"{}", {}).problem == "No connection could be made."
