"""Rolling windows: SMS Villa's 100 a minute and 5,000 a day, none at SMSGig until set."""

from sandbox.core import Sandbox
from tests.sandbox.tools import SMSGIG, SMSVILLA, Caller


def test_villa_allows_a_hundred_a_minute(villa: Caller, sandbox: Sandbox) -> None:
    sandbox.advance(30)
    for _ in range(60):
        assert villa.get("/balance").status_code == 200
    sandbox.advance(20)
    for _ in range(40):
        assert villa.get("/balance").status_code == 200
    refused = villa.rent()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "40")
    assert refused.json()["status"] == "error"
    assert not sandbox.activations.all()
    sandbox.advance(39)
    assert villa.get("/balance").headers["retry-after"] == "1"
    sandbox.advance(1)
    assert [villa.get("/balance").status_code for _ in range(61)] == [200] * 60 + [429]


def test_a_days_window(villa: Caller, sandbox: Sandbox) -> None:
    wallet = sandbox.wallet(SMSVILLA)
    assert (wallet.per_minute, wallet.per_day) == (100, 5000)
    sandbox.wallets.set_limits(wallet.id, per_minute=0, per_day=3)
    assert [villa.get("/balance").status_code for _ in range(4)] == [200, 200, 200, 429]
    sandbox.advance(24 * 3600 - 1)
    assert villa.get("/balance").status_code == 429
    sandbox.advance(1)
    assert villa.get("/balance").status_code == 200


def test_two_keys_of_a_wallet_share_its_limit(villa: Caller, sandbox: Sandbox) -> None:
    wallet = sandbox.wallet(SMSVILLA)
    sandbox.wallets.set_limits(wallet.id, per_minute=2, per_day=0)
    newer = Caller(sandbox, SMSVILLA, sandbox.wallets.add_key(wallet.id))
    statuses = [c.get("/balance").status_code for c in (villa, newer, villa, newer)]
    assert statuses == [200, 200, 429, 429]


def test_smsgig_has_a_limit_when_set(gig: Caller, sandbox: Sandbox) -> None:
    for _ in range(150):
        assert gig.get("/balance").status_code == 200
    sandbox.wallets.set_limits(sandbox.wallet(SMSGIG).id, per_minute=1, per_day=0)
    assert [gig.get("/balance").status_code for _ in range(2)] == [200, 429]


def test_a_wrong_key_uses_nothing_up(villa: Caller, sandbox: Sandbox) -> None:
    sandbox.wallets.set_limits(sandbox.wallet(SMSVILLA).id, per_minute=1, per_day=0)
    assert Caller(sandbox, SMSVILLA, "wrong").get("/balance").status_code == 401
    assert villa.get("/balance").status_code == 200
