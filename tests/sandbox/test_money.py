"""Wallets are charged and refunded to the cent, and stock follows."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sandbox.core import Sandbox
from sandbox.money import BadAmount, from_mills, to_mills
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller, body


def test_a_cancel_pays_all_back_at_once(gig: Caller) -> None:
    activation_id = gig.rented()
    assert gig.balance() == Decimal("49.42")
    gig.cancel(activation_id)
    assert gig.balance() == Decimal("50.00")


def test_villa_pays_back_later(villa: Caller, sandbox: Sandbox) -> None:
    villa.cancel(villa.rented("gmail"))
    assert villa.balance() == 49400
    sandbox.advance(19.999)
    assert villa.balance() == 49400
    sandbox.advance(0.001)
    assert villa.balance() == 50000


@pytest.mark.parametrize("provider", [SMSGIG, SMSVILLA])
def test_no_refund_after_an_sms(sandbox: Sandbox, provider: str) -> None:
    caller = Caller(sandbox, SMSGIG if provider == SMSGIG else SMSVILLA)
    activation_id = caller.rented()
    charged = sandbox.balance(provider)
    sandbox.send_sms(provider, activation_id)
    assert caller.cancel(activation_id).status_code == 400
    sandbox.advance(60)
    assert sandbox.balance(provider) == charged
    assert sandbox.activations.get(caller.provider, activation_id).state == "received"


def test_price_with_three_decimals(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.catalogue.change(SMSGIG, "gmail", price=to_mills("0.585"))
    assert body(gig.rent("gmail"))["rental"]["price"] == Decimal("0.585")
    assert gig.balance() == Decimal("49.415")
    row = body(gig.get("/transactions", limit=1))["data"][0]
    assert (row["amount"], row["type"]) == (Decimal("0.585"), "purchase")


def test_too_little_money(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.catalogue.change(SMSGIG, "gmail", price=to_mills("50.01"))
    assert gig.rent("gmail").status_code == 400
    assert gig.balance() == Decimal("50.00")
    sandbox.top_up(sandbox.wallet(SMSGIG).id, Decimal("0.01"))
    assert gig.rent("gmail").status_code == 200
    assert gig.balance() == Decimal("0.00")


@pytest.mark.parametrize(("provider", "status"), [(SMSGIG, 422), (SMSVILLA, 400)])
def test_stock_goes_down_and_up(sandbox: Sandbox, provider: str, status: int) -> None:
    caller = Caller(sandbox, SMSGIG if provider == SMSGIG else SMSVILLA)
    sandbox.catalogue.change(caller.provider, "gmail", stock=1)
    activation_id = caller.rented("gmail")
    before = sandbox.balance(provider)
    assert caller.rent("gmail").status_code == status
    assert sandbox.balance(provider) == before
    caller.cancel(activation_id)
    caller.rented("gmail")
    sandbox.advance(3600)
    assert sandbox.catalogue.get(caller.provider, "gmail").stock == 1


def test_numbers_of_an_area_run_out_and_the_next_one_serves(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.catalogue.change(SMSGIG, "gmail", price=10)
    wallet = sandbox.wallet(SMSGIG)
    for _ in range(100):
        sandbox.rent(wallet, service_code="gmail", area_code="212")
    phones = {activation.phone for activation in sandbox.activations.all()}
    assert len(phones) == 100
    assert all(phone.startswith("21255501") for phone in phones)
    other = body(gig.rent("gmail", area_code="212"))["rental"]["phone_number"]
    assert not other.startswith("1212")


def test_purchases_from_elsewhere(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.buy_outside(sandbox.wallet(SMSGIG).id, service_code="whatsapp")
    assert gig.balance() == Decimal("49.42")
    assert body(gig.get("/transactions", type="purchase"))["meta"]["total"] == 1


def test_many_at_once_lose_no_cent(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.catalogue.change(SMSGIG, "gmail", price=to_mills("0.37"))

    def work(caller: Caller) -> None:
        for _ in range(5):
            caller.cancel(caller.rented("gmail"))
            caller.rented("gmail")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [Caller(sandbox, SMSGIG) for _ in range(8)]))
    rented = [a for a in sandbox.activations.all() if a.state == "waiting"]
    assert len(rented) == 40
    assert gig.balance() == Decimal("35.20")
    entries = sandbox.wallets.entries(sandbox.wallet(SMSGIG).id)
    signed = (e.amount if e.type != "purchase" else -e.amount for e in entries)
    assert sum(signed) == gig.balance()
    assert len({a.phone for a in rented}) == len(rented)


@pytest.mark.parametrize(
    ("fault", "options", "back"),
    [
        ("no-refund", {}, "0.00"),
        ("short-refund", {"percent": 50}, "0.29"),
        ("short-refund", {"percent": 110}, "0.63"),
        ("pro-rata-refund", {}, "0.43"),
    ],
)
def test_refunds_that_differ(
    gig: Caller, sandbox: Sandbox, fault: str, options: dict[str, int], back: str
) -> None:
    sandbox.switches.on(SMSGIG, fault, times=1, **options)
    activation_id = gig.rented()
    sandbox.advance(150)
    assert gig.cancel(activation_id).status_code == 200
    assert gig.balance() == Decimal("49.42") + Decimal(back)
    gig.cancel(gig.rented())
    assert gig.balance() == Decimal("49.42") + Decimal(back)


def test_expiry_is_refunded_only_by_a_fault(villa: Caller, sandbox: Sandbox) -> None:
    villa.rented()
    sandbox.advance(3600)
    assert villa.balance() == 49500
    sandbox.switches.on(SMSVILLA, "expiry-refund", seconds=30)
    villa.rented()
    with_sms = villa.rented()
    sandbox.send_sms(SMSVILLA, with_sms)
    sandbox.advance(420)
    assert villa.balance() == 48500
    sandbox.advance(30)
    assert villa.balance() == 49000


def test_a_refund_paid_late(gig: Caller, sandbox: Sandbox) -> None:
    sandbox.switches.on(SMSGIG, "late-refund", seconds=600)
    gig.cancel(gig.rented())
    assert gig.balance() == Decimal("49.42")
    sandbox.advance(600)
    assert gig.balance() == Decimal("50.00")


def test_amounts_that_are_none() -> None:
    for amount in ("0.0001", "x", "NaN", "1e20", ""):
        with pytest.raises(BadAmount):
            to_mills(amount)


def test_amounts_keep_their_digits() -> None:
    written = [str(from_mills(to_mills(text))) for text in ("10", "0.5", "0.585", "2919.2")]
    assert written == ["10.00", "0.50", "0.585", "2919.20"]
