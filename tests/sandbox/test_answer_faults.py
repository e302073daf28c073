"""Each fault in an answer does what it says, over the real socket."""

import time
from decimal import Decimal

import httpx
import pytest

from sandbox.core import Sandbox
from sandbox.faults import FAULTS, build
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, body

CHARGED, UNCHARGED = Decimal("49.42"), Decimal("50.00")


def test_latency_comes_before_the_work(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "latency", ms=300, times=1)
    started = time.monotonic()
    gig.rented()
    assert time.monotonic() - started >= 0.3
    started = time.monotonic()
    gig.rented()
    assert time.monotonic() - started < 0.3


def test_too_many_requests(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "too-many-requests", retry_after=7, times=1)
    sandbox.switches.on(SMSGIG, "too-many-requests", times=1, endpoint="rent")
    first, second = gig.get("/balance"), gig.rent()
    assert (first.status_code, first.headers["retry-after"]) == (429, "7")
    assert (second.status_code, "retry-after" in second.headers) == (429, False)
    assert first.json()["status"] == "error"
    assert gig.balance() == UNCHARGED


@pytest.mark.parametrize("done", [True, False])
def test_error_with_and_without_having_charged(gig: Caller, sandbox: Sandbox, done: bool) -> None:
    sandbox.switches.on(SMSGIG, "error", done=done, times=1)
    sandbox.switches.on(SMSGIG, "error", done=done, body="html", status=502, times=1)
    first = gig.rent()
    assert first.status_code == 500
    assert first.json()["status"] == "error"
    assert len(sandbox.activations.all()) == done
    assert gig.balance() == (CHARGED if done else UNCHARGED)


def test_statuses_and_bodies(gig: Caller, sandbox: Sandbox) -> None:
    for status, kind, start in (
        (409, "html", b"<!doctype"),
        (408, "empty", b""),
        (404, "json", b"{"),
    ):
        sandbox.switches.on(SMSGIG, "error", status=status, body=kind, times=1)
        answer = gig.rent()
        assert answer.status_code == status
        assert answer.content.startswith(start)
        assert answer.headers["content-type"].startswith("text/html") == (kind == "html")
    assert not sandbox.activations.all()


def test_redirect(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "redirect", status=307, location="/elsewhere", done=True)
    answer = gig.rent()
    assert (answer.status_code, answer.headers["location"]) == (307, "/elsewhere")
    assert gig.balance() == CHARGED


def test_charged_and_garbage(gig: Caller, sandbox: Sandbox) -> None:
    for kind in ("garbage", "html", "empty"):
        sandbox.switches.on(SMSGIG, "garbage", body=kind, times=1)
        answer = gig.rent()
        assert answer.status_code == 200
        with pytest.raises(ValueError):
            answer.json()
    assert gig.balance() == UNCHARGED - 3 * Decimal("0.58")


def test_charged_without_an_activation_id(sandbox: Sandbox) -> None:
    for provider in (SMSGIG, SMSVILLA):
        sandbox.switches.on(provider, "no-activation-id", times=1)
        rental = body(Caller(sandbox, provider).rent())["rental"]
        assert "activation_id" not in rental
        assert rental["status"] == "waiting"
    assert len(sandbox.activations.all()) == 2


@pytest.mark.parametrize("before_any_byte", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_cut(gig: Caller, sandbox: Sandbox, done: bool, before_any_byte: bool) -> None:
    sandbox.switches.on(SMSGIG, "cut", done=done, before_any_byte=before_any_byte, times=1)
    with pytest.raises(httpx.RemoteProtocolError) as cut:
        gig.rent()
    assert ("without sending a response" in str(cut.value)) == before_any_byte
    assert gig.balance() == (CHARGED if done else UNCHARGED)
    assert sandbox.journal.requests(path="/rent")[0].note == "cut"


@pytest.mark.parametrize("done", [True, False])
def test_cut_cancel(gig: Caller, sandbox: Sandbox, done: bool) -> None:
    activation_id = gig.rented()
    sandbox.switches.on(SMSGIG, "cut", endpoint="cancel", done=done, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        gig.cancel(activation_id)
    assert gig.balance() == (UNCHARGED if done else CHARGED)
    assert sandbox.activations.get(SMSGIG, activation_id).live != done


@pytest.mark.parametrize("done", [True, False])
def test_silence(gig: Caller, sandbox: Sandbox, done: bool) -> None:
    sandbox.switches.on(SMSGIG, "silence", done=done, times=1)
    with pytest.raises(httpx.ReadTimeout):
        gig.http.post("/s1/rent", json={"service_code": "whatsapp"}, timeout=0.3)
    assert gig.balance() == (CHARGED if done else UNCHARGED)
    logged = sandbox.journal.requests(path="/rent")[0]
    assert (logged.status, logged.note) == (None, "silence")


def test_late_answer_to_a_client_that_gave_up(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "late-answer", seconds=1, times=1)
    with pytest.raises(httpx.ReadTimeout):
        gig.http.post("/s1/rent", json={"service_code": "whatsapp"}, timeout=0.2)
    assert gig.balance() == CHARGED
    sandbox.switches.on(SMSGIG, "late-answer", seconds=1, times=1)
    started = time.monotonic()
    assert gig.rented() == sandbox.activations.all()[0].id
    assert time.monotonic() - started >= 1


def test_slow_bytes(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "slow-bytes", pause_ms=5, times=1)
    with gig.http.stream("GET", "/balance") as answer:
        pieces = list(answer.iter_raw())
    assert b"".join(pieces) == b'{"status": "success", "balance": 50.00, "currency": "USD"}'
    assert len(pieces) > 10


def test_broken_json(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "broken-json", times=1)
    answer = gig.get("/balance")
    assert answer.content == b'{"status": "success", "balance": 50.00, "currency": "USD",}'
    with pytest.raises(ValueError):
        answer.json()


def test_numbers_as_text(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "numbers-as-text", times=1)
    rental = gig.rent().json()
    assert rental["notice"]
    assert rental["rental"]["price"] == "0.58"
    assert rental["rental"]["activation_id"] == str(sandbox.activations.all()[0].id)


def test_times_as_numbers(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "unix-times")
    seconds = gig.rent().json()["rental"]["created_at"]
    assert abs(seconds * 1000 - sandbox.clock.now_ms()) < 60_000


def test_ignored_page(gig: Caller, sandbox: Sandbox) -> None:
    for path in ("/s1/services", "/transactions"):
        first = body(gig.get(path, page=1))
        assert body(gig.get(path, page=2))["data"] != first["data"]
        switch = sandbox.switches.on(SMSGIG, "ignore-page")
        assert body(gig.get(path, page=2)) == first
        sandbox.switches.off(switch.id)


def test_a_fault_of_one_wallet_spares_the_others(gig: Caller, sandbox: Sandbox) -> None:
    other = sandbox.wallets.open(provider=SMSGIG, name="other", deposit=9_000, keys=())
    sandbox.switches.on(SMSGIG, "error", wallet_id=other.id)
    assert gig.rent().status_code == 200
    assert Caller(sandbox, SMSGIG, sandbox.key(other.id)).rent().status_code == 500


def test_faults_add_up_in_order(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "garbage", times=1)
    sandbox.switches.on(SMSGIG, "cut", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        gig.rent()
    assert gig.balance() == CHARGED
    assert sandbox.journal.requests(path="/rent")[0].note == "garbage, cut"


def test_times_run_out_and_off_is_off(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "error", times=2)
    assert [gig.rent().status_code for _ in range(3)] == [500, 500, 200]
    assert sandbox.switches.all() == []
    switch = sandbox.switches.on(SMSGIG, "error")
    assert [gig.rent().status_code for _ in range(3)] == [500, 500, 500]
    assert sandbox.switches.off(switch.id)
    assert not sandbox.switches.off(switch.id)
    assert gig.rent().status_code == 200


def test_every_fault_can_be_built_and_says_what_it_does() -> None:
    for name, kind in FAULTS.items():
        assert isinstance(build(name, {}), kind)
        assert kind.title


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("no-such-fault", {}),
        ("latency", {"seconds": 1}),
        ("latency", {"ms": "soon"}),
        ("latency", {"ms": -1}),
        ("latency", {"endpoint": "rentals"}),
        ("error", {"body": "xml"}),
        ("error", {"status": 99}),
        ("cut", {"done": "perhaps"}),
    ],
)
def test_options_that_are_wrong(name: str, options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        build(name, options)
