"""The HTTP control and the page: all that is offered works, and bad input is told why."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox.actions import ACTIONS
from sandbox.core import Sandbox
from sandbox.faults import FAULTS
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, Receiver, body
from tests.trust import TRUST


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.url, trust_env=False, verify=TRUST) as client:
        yield client


def posted(control: httpx.Client, path: str, **fields: object) -> dict[str, Any]:
    answer = control.post(f"/control{path}", json=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_state(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    sandbox.send_sms(SMSGIG, activation_id, code="4711")
    state = control.get("/control/state").json()
    assert state["providers"] == {"smsgig": sandbox.smsgig_url, "smsvilla": sandbox.smsvilla_url}
    wallet = state["wallets"][0]
    assert (wallet["provider"], wallet["balance"], wallet["currency"]) == ("smsgig", "49.42", "USD")
    assert wallet["key"] == sandbox.key(SMSGIG)
    assert [entry["type"] for entry in wallet["entries"]] == ["purchase", "deposit"]
    activation = state["activations"][0]
    assert (activation["id"], activation["state"]) == (activation_id, "received")
    assert activation["messages"][0]["code"] == "4711"
    assert activation["price"] == "0.58"
    one = control.get(f"/control/smsgig/activations/{activation_id}").json()
    assert one == activation


def test_request_log_counts(control: httpx.Client, gig: Caller, villa: Caller) -> None:
    gig.rented()
    gig.rent("nothing")
    villa.rented()
    gig.get("/balance")
    log = control.get("/control/requests", params={"method": "POST", "path": "/rent"}).json()
    assert log["total"] == 3
    assert [r["status"] for r in log["requests"]] == [200, 422, 200]
    only: dict[str, str | int] = {"provider": "smsgig", "path": "/s1/rent", "limit": 1}
    log = control.get("/control/requests", params=only).json()
    assert (log["total"], len(log["requests"])) == (2, 1)
    assert log["requests"][0]["path"] == "/smsgig/api/v1/s1/rent"


def test_the_log_keeps_four_characters_of_a_key(
    control: httpx.Client, gig: Caller, sandbox: Sandbox
) -> None:
    gig.get("/balance")
    log = control.get("/control/requests")
    assert log.json()["requests"][0]["key_last4"] == sandbox.key(SMSGIG)[-4:]
    assert sandbox.key(SMSGIG) not in log.text


def test_send_sms(
    control: httpx.Client, villa: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    activation_id = villa.rented()
    path = f"/smsvilla/activations/{activation_id}/sms"
    sent = posted(control, path, text="Code 9876, please", copies=2)["messages"]
    assert [message["code"] for message in sent] == ["9876", "9876"]
    assert {receiver.next().fields["messageId"] for _ in sent} == {int(m["id"]) for m in sent}
    posted(control, path, code="1", webhook=False)
    assert len(body(villa.get("/get-sms", activation_id=activation_id))["messages"]) == 3
    assert sandbox.outbox.next_due() is None


def test_one_sms_where_the_service_allows_one(
    control: httpx.Client, gig: Caller, sandbox: Sandbox
) -> None:
    sandbox.catalogue.change(SMSGIG, "gmail", multiple_sms=False)
    activation_id = gig.rented("gmail")
    path = f"/smsgig/activations/{activation_id}/sms"
    posted(control, path)
    refused = control.post(f"/control{path}", json={})
    assert refused.status_code == 409
    assert "one SMS" in refused.json()["error"]
    posted(control, path, force=True)
    assert len(sandbox.activations.messages(sandbox.activations.get(SMSGIG, activation_id))) == 2


def test_wallets_keys_and_money(control: httpx.Client, sandbox: Sandbox) -> None:
    new = posted(control, "/wallets", provider="smsgig", name="second", balance=12.5, key="k-1234")
    assert (new["balance"], new["key"]) == ("12.50", "k-1234")
    path = f"/wallets/{new['id']}"
    assert posted(control, f"{path}/top-up", amount="0.505")["balance"] == "13.005"
    assert posted(control, f"{path}/keys", key="k-5678")["key"] == "k-5678"
    key_id = sandbox.wallets.keys(new["id"])[0].id
    posted(control, f"/keys/{key_id}/revoke")
    assert Caller(sandbox, SMSGIG, "k-1234").get("/balance").status_code == 401
    outside = posted(control, f"{path}/purchase", service_code="whatsapp")
    assert outside["outside"]
    assert str(Caller(sandbox, SMSGIG, "k-5678").balance()) == "12.425"
    limits = posted(control, f"{path}/limits", per_minute=3)
    assert (limits["per_minute"], limits["per_day"]) == (3, 0)
    url = "http://127.0.0.1:9/hooks/x"
    assert posted(control, f"{path}/webhook", url=url)["webhook_url"] == url
    assert posted(control, f"{path}/webhook", url=None)["webhook_url"] == ""


def test_expire_forge_and_service(
    control: httpx.Client, gig: Caller, sandbox: Sandbox, receiver: Receiver
) -> None:
    path = f"/smsgig/activations/{gig.rented()}"
    message_id = posted(control, f"{path}/forge", code="0000")["message_id"]
    assert receiver.next().fields["message_id"] == message_id
    assert posted(control, f"{path}/expire")["state"] == "expired"
    assert control.post(f"/control{path}/expire").status_code == 409
    service = posted(control, "/smsgig/services/gmail", price="0.585", stock=3, ttl=5)
    assert (service["price"], service["stock"], service["ttl"]) == ("0.585", 3, 5)


def test_faults(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    assert {f["fault"] for f in control.get("/control/faults").json()["faults"]} == set(FAULTS)
    beside = posted(
        control, "/faults", provider="smsgig", fault="error", status=502, body="html", times=1
    )
    assert (beside["times"], beside["options"]["status"]) == (1, 502)
    inside = {"ms": 1, "endpoint": "rent"}
    switch = posted(control, "/faults", provider="smsvilla", fault="latency", options=inside)
    assert switch["options"] == inside
    assert gig.rent().status_code == 502
    posted(control, f"/faults/{switch['id']}/off")
    assert control.get("/control/faults").json()["on"] == []
    posted(control, "/faults", provider="smsgig", fault="no-refund")
    posted(control, "/faults/off")
    assert sandbox.switches.all() == []


def test_json_that_calls_itself_a_form(control: httpx.Client, sandbox: Sandbox) -> None:
    answer = control.post(
        "/control/faults",
        content=b'{"provider": "smsgig", "fault": "cut"}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["fault"] == "cut"
    assert sandbox.switches.all()[0].name == "cut"


def test_clock(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    activation_id = gig.rented()
    moved = posted(control, "/clock/advance", seconds=600.5)
    assert moved == {"now": "2026-01-31T02:50:00.750Z"}
    assert sandbox.activations.get(SMSGIG, activation_id).state == "expired"


def test_reset(control: httpx.Client, gig: Caller, villa: Caller, sandbox: Sandbox) -> None:
    before = gig.rented()
    villa.cancel(villa.rented())
    sandbox.top_up(1, 5)
    sandbox.switches.on(SMSGIG, "error")
    sandbox.wallets.set_limits(sandbox.wallet(SMSVILLA).id, per_minute=1, per_day=0)
    assert villa.get("/balance").status_code == 429
    state = posted(control, "/reset")
    assert [wallet["balance"] for wallet in state["wallets"]] == ["50.00", "50000.00"]
    assert all(len(wallet["entries"]) == 1 for wallet in state["wallets"])
    assert (state["activations"], state["faults"], state["requests"]) == ([], [], [])
    sandbox.advance(3600)
    assert villa.balance() == 50000
    assert gig.rented() == before + 1


def test_reset_of_wallets_too(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    now = sandbox.clock.now_ms()
    sandbox.advance(60)
    posted(control, "/wallets", provider="smsgig")
    state = posted(control, "/reset", wallets=True)
    assert [wallet["balance"] for wallet in state["wallets"]] == ["50.00", "50000.00"]
    assert gig.get("/balance").status_code == 401
    assert Caller(sandbox, SMSGIG).balance() == 50
    assert sandbox.clock.now_ms() == now


def test_bad_input_is_told_why(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    activation = f"/smsgig/activations/{gig.rented()}"
    cases: list[tuple[str, dict[str, object], int]] = [
        ("/wallets", {"provider": "other"}, 400),
        ("/wallets", {"provider": "smsgig", "balance": "-1"}, 400),
        ("/wallets", {"provider": "smsgig", "key": sandbox.key(SMSGIG)}, 409),
        ("/wallets/99/top-up", {"amount": "1"}, 404),
        ("/wallets/x/top-up", {"amount": "1"}, 400),
        ("/wallets/1/top-up", {}, 400),
        ("/wallets/1/top-up", {"amount": "0"}, 400),
        ("/wallets/1/top-up", {"amount": "0.0001"}, 400),
        ("/wallets/1/purchase", {"service_code": "nothing"}, 404),
        ("/wallets/1/webhook", {"url": "ftp://x"}, 400),
        ("/wallets/1/webhook", {"url": "http://["}, 400),
        ("/wallets/1/limits", {"per_minute": -1}, 400),
        ("/keys/99/revoke", {}, 404),
        (f"{activation}/sms", {"copies": 0}, 400),
        (f"{activation}/sms", {"text": 5.5}, 400),
        (f"{activation}/sms", {"text": "\ud800"}, 400),
        (f"{activation}/forge", {}, 409),
        ("/smsgig/activations/1/sms", {}, 404),
        ("/other/activations/1/sms", {}, 400),
        ("/smsgig/services/nothing", {"price": 1}, 404),
        ("/smsgig/services/gmail", {"ttl": 0}, 400),
        ("/smsgig/services/gmail", {"price": 0}, 400),
        ("/smsgig/services/gmail", {"stock": -1}, 400),
        ("/smsgig/services/gmail", {"ttl": 10**14}, 400),
        ("/faults", {"provider": "smsgig", "fault": "nothing"}, 400),
        ("/faults", {"provider": "smsgig", "fault": "cut", "options": {"provider": "x"}}, 400),
        ("/faults", {"provider": "smsgig", "fault": "cut", "times": 0}, 400),
        ("/faults", {"provider": "smsgig", "fault": "cut", "wallet_id": 2}, 400),
        ("/faults/99/off", {}, 404),
        ("/clock/advance", {"seconds": 0}, 400),
        ("/clock/advance", {"seconds": "-5"}, 400),
        ("/clock/advance", {"seconds": 10**11}, 400),
    ]
    before = sandbox.wallets.all()
    for path, fields, status in cases:
        answer = control.post(f"/control{path}", content=json.dumps(fields))
        assert answer.status_code == status, (path, fields, answer.text)
        assert answer.json()["error"]
    for content in (b"{", b"[]", b"\xff", b"[" * 100_000):
        assert control.post("/control/wallets", content=content).status_code == 400
    assert sandbox.wallets.all() == before
    assert sandbox.switches.all() == []


def test_the_page_shows_and_does(control: httpx.Client, gig: Caller, sandbox: Sandbox) -> None:
    empty = control.get("/")
    assert "No number has been rented yet" in empty.text
    activation_id = gig.rented()
    sent = control.post(
        f"/control/smsgig/activations/{activation_id}/sms", data={"code": "4711<b>"}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, "/#activations")
    on = {"provider": "smsgig", "fault": "cut", "done": "true", "endpoint": "rent", "times": ""}
    switched = control.post("/control/faults", data=on)
    assert (switched.status_code, switched.headers["location"]) == (303, "/#faults")
    page = control.get("/").text
    assert "4711&lt;b&gt;" in page
    assert "until switched off" in page
    assert sandbox.key(SMSGIG) in page
    assert sandbox.switches.all()[0].name == "cut"


def test_a_wrong_form_leads_to_the_page_with_the_reason(
    control: httpx.Client, sandbox: Sandbox
) -> None:
    answer = control.post("/control/wallets/1/top-up", data={"amount": "ten"})
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert "amount must be an amount" in answer.text
    assert str(sandbox.balance(SMSGIG)) == "50.00"


def test_the_page_needs_nothing_inline(control: httpx.Client, gig: Caller) -> None:
    gig.rented()
    page = control.get("/")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for forbidden in ("<script", "style=", "<style", "onclick", "https://"):
        assert forbidden not in page.text
    assert control.get("/static/sandbox.css").headers["content-type"].startswith("text/css")
    assert control.get("/static/icon.svg").status_code == 200


def test_every_form_of_the_page_leads_to_an_action(control: httpx.Client) -> None:
    assert all(path.startswith("/control/") for path in ACTIONS)
    page = control.get("/?watch=on")
    assert '<meta http-equiv="refresh"' in page.text
    for kind in FAULTS:
        assert f'value="{kind}"' in page.text


def test_another_site_can_not_write(control: httpx.Client, sandbox: Sandbox) -> None:
    for site in ("cross-site", "same-site"):
        refused = control.post(
            "/control/wallets/1/top-up", data={"amount": "1"}, headers={"Sec-Fetch-Site": site}
        )
        assert refused.status_code == 403
    assert str(sandbox.balance(SMSGIG)) == "50.00"
