"""What a provider's answers say about the key and about its patience is kept."""

import pytest
from django.utils import timezone

from accounts import gateway, operations
from accounts.models import (
    ProviderAccount,
)
from accounts.operations.errors import (
    WrongKey,
)
from accounts.states import Lane
from providers.calls import Delivered, Reply
from sandbox.core import Sandbox
from sandbox.providers import Provider
from tests.accounts.wallets import Known, rented, rotate, wallet_id

pytestmark = pytest.mark.django_db


def test_a_refused_key_is_noted_until_the_provider_takes_it_again(
    account: ProviderAccount, sandbox: Sandbox
) -> None:
    provider = Provider(account.provider)
    sandbox.switches.on(provider, "error", status=401, endpoint="balance", times=1)
    with pytest.raises(WrongKey):
        operations.check(account=account, now=timezone.now())
    account.refresh_from_db()
    assert account.key_refused_at is not None
    operations.check(account=account, now=timezone.now())
    account.refresh_from_db()
    assert account.key_refused_at is None


def test_a_refusal_of_a_replaced_key_says_nothing(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    door = gateway.open_door(account)
    known.ids = [rented(sandbox, account)]
    rotate(account, sandbox.wallets.add_key(wallet_id(sandbox, account)))
    sandbox.wallets.revoke_key(sandbox.wallets.keys(wallet_id(sandbox, account))[0].id)
    reply = gateway.send(
        account, door.provider.balance(), lane=Lane.BALANCE, now=timezone.now(), door=door
    )
    assert reply.status == 401
    account.refresh_from_db()
    assert account.key_refused_at is None


@pytest.mark.parametrize(("asked", "seconds"), [(7, 7), (0, 5), (100_000, 300)])
def test_a_throttled_account_waits_as_long_as_it_was_told(
    account: ProviderAccount, sandbox: Sandbox, asked: int, seconds: int
) -> None:
    now = timezone.now()
    sandbox.switches.on(Provider(account.provider), "too-many-requests", retry_after=asked, times=1)
    call = gateway.open_door(account).provider.balance()
    assert gateway.send(account, call, lane=Lane.BALANCE, now=now).status == 429
    account.refresh_from_db()
    assert account.throttled_until is not None
    assert (account.throttled_until - now).total_seconds() == seconds
    with pytest.raises(gateway.OverBudget):
        gateway.send(account, call, lane=Lane.RENT, now=now)
    assert gateway.send(account, call, lane=Lane.RENT, now=account.throttled_until).status == 200
    account.refresh_from_db()
    assert account.throttled_until is None


def test_a_provider_that_goes_on_refusing_is_left_alone_ever_longer(
    account: ProviderAccount, sandbox: Sandbox
) -> None:
    """Each pause ends with one try; a success makes the next refusal a first one again."""
    now = timezone.now()
    sandbox.switches.on(Provider(account.provider), "too-many-requests", retry_after=0, times=4)
    call = gateway.open_door(account).provider.balance()
    pauses = []
    for _ in range(4):
        gateway.send(account, call, lane=Lane.BALANCE, now=now)
        account.refresh_from_db()
        assert account.throttled_until is not None
        pauses.append((account.throttled_until - now).total_seconds())
        now = account.throttled_until
    assert pauses == [5, 10, 20, 40]
    assert gateway.send(account, call, lane=Lane.BALANCE, now=now).status == 200
    account.refresh_from_db()
    assert (account.throttles, account.throttled_until) == (0, None)


def test_refusals_of_requests_that_were_under_way_together_are_one(
    account: ProviderAccount,
) -> None:
    now = timezone.now()
    refused = Reply(Delivered.ANSWERED, status=429, body=b"{}")
    for _ in range(20):
        gateway.note(account, refused, now)
    account.refresh_from_db()
    assert account.throttled_until is not None
    assert (account.throttles, (account.throttled_until - now).total_seconds()) == (1, 5)


@pytest.mark.parametrize(
    ("named", "throttles", "seconds"),
    [(None, 1, 5), (None, 3, 20), (None, 10, 300), (7, 1, 7), (7, 2, 10), (60, 2, 60), (0, 1, 1)],
)
def test_the_pause_is_what_was_named_or_grows(
    named: float | None, throttles: int, seconds: float
) -> None:
    assert gateway.throttle_pause(named, throttles) == seconds
