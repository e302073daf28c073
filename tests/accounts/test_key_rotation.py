"""A key is replaced only by one of the same wallet."""

from decimal import Decimal

import pytest
from django.utils import timezone

from accounts import gateway, operations
from accounts.models import (
    AuditEvent,
    ProviderAccount,
)
from accounts.operations.errors import (
    KeyKnown,
    NotChecked,
    NotPossible,
    OtherWallet,
    WrongKey,
)
from accounts.secrets.hook_tokens import hook_address, token_hash
from accounts.states import KeyState, Role
from sandbox.core import Sandbox
from sandbox.providers import Provider
from tests.accounts.making import make_member, make_team
from tests.accounts.wallets import Known, add, other_wallet, rented, rotate, states, wallet_id

pytestmark = pytest.mark.django_db


def test_a_new_key_that_reads_a_known_activation_replaces_the_old(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    old = sandbox.key(account.provider)
    known.ids = [rented(sandbox, account)]
    ProviderAccount.objects.update(key_refused_at=timezone.now())
    key = sandbox.wallets.add_key(wallet_id(sandbox, account))
    rotate(account, key)
    account.refresh_from_db()
    assert gateway.open_door(account).key == key
    assert account.key_refused_at is None
    assert account.balance == sandbox.balance(account.provider)
    assert states(account) == [KeyState.PREVIOUS, KeyState.CURRENT]
    previous = account.keys.get(state=KeyState.PREVIOUS)
    assert previous.last_four == old[-4:]
    assert previous.retired_at is not None
    told = AuditEvent.objects.order_by("-pk")[0]
    assert (told.action, told.after) == ("provider_account.key_rotated", {"key": key[-4:]})


def test_a_key_of_another_wallet_is_refused(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    known.ids = [rented(sandbox, account)]
    with pytest.raises(OtherWallet, match="own"):
        rotate(account, other_wallet(sandbox, account, str(sandbox.balance(account.provider))))
    assert gateway.open_door(account).key == sandbox.key(account.provider)
    assert states(account) == [KeyState.CURRENT]


def test_a_dead_old_key_does_not_help_another_wallet_in(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    known.ids = [rented(sandbox, account)]
    sandbox.wallets.revoke_key(sandbox.wallets.keys(wallet_id(sandbox, account))[0].id)
    with pytest.raises(OtherWallet):
        rotate(account, other_wallet(sandbox, account))
    assert states(account) == [KeyState.CURRENT]


def test_where_the_provider_has_forgotten_the_rentals_the_balance_decides(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    known.ids = ["999000111"]
    with pytest.raises(OtherWallet):
        rotate(account, other_wallet(sandbox, account))
    key = sandbox.wallets.add_key(wallet_id(sandbox, account))
    rotate(account, key)
    assert gateway.open_door(account).key == key


def test_an_account_that_never_rented_takes_any_key_of_its_currency(
    account: ProviderAccount, sandbox: Sandbox
) -> None:
    key = other_wallet(sandbox, account, "3.5")
    rotate(account, key)
    account.refresh_from_db()
    assert account.balance == Decimal("3.5")


def test_a_wrong_new_key_changes_nothing(account: ProviderAccount, sandbox: Sandbox) -> None:
    with pytest.raises(WrongKey):
        rotate(account, "no-such-key")
    with pytest.raises(NotPossible):
        rotate(account, sandbox.key(account.provider))
    assert states(account) == [KeyState.CURRENT]
    assert ProviderAccount.objects.get().key_refused_at is None


def test_a_proof_that_fails_to_come_changes_nothing(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    known.ids = [rented(sandbox, account)]
    key = sandbox.wallets.add_key(wallet_id(sandbox, account))
    sandbox.switches.on(Provider(account.provider), "error", status=500, endpoint="status")
    with pytest.raises(NotChecked):
        rotate(account, key)
    assert states(account) == [KeyState.CURRENT]


def test_a_replaced_key_may_come_back_and_belongs_to_its_account(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    first = sandbox.key(account.provider)
    known.ids = [rented(sandbox, account)]
    second = sandbox.wallets.add_key(wallet_id(sandbox, account))
    rotate(account, second)
    with pytest.raises(KeyKnown):
        add(make_member(make_team(), Role.ADMIN), first, provider=account.provider)
    rotate(account, first)
    assert gateway.open_door(account).key == first
    assert states(account) == [KeyState.RETIRED, KeyState.PREVIOUS, KeyState.CURRENT]


def test_a_new_webhook_address_ends_the_old_one(account: ProviderAccount) -> None:
    before = hook_address(account)
    operations.rotate_hook_token(account=account, actor=None)
    account.refresh_from_db()
    after = hook_address(account)
    assert before != after
    assert bytes(account.hook_token_hash) == token_hash(after.rpartition("/")[2])
