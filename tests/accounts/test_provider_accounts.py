"""A key is kept only once it has opened a wallet, and a wallet is added only once."""

from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import gateway, operations
from accounts.models import (
    AuditEvent,
    Membership,
    ProviderAccount,
    ProviderKey,
    RequestCount,
)
from accounts.operations.errors import (
    KeyKnown,
    NameTaken,
    NotChecked,
    NotPossible,
    StillInUse,
    WrongKey,
)
from accounts.states import Role
from sandbox.core import Sandbox
from sandbox.providers import Provider
from tests.accounts.making import make_member, make_team
from tests.accounts.wallets import Known, add, other_wallet, rotate, wallet_id

pytestmark = pytest.mark.django_db


def test_a_key_is_checked_and_sealed(
    account: ProviderAccount, sandbox: Sandbox, known: Known
) -> None:
    key = sandbox.key(account.provider)
    account = ProviderAccount.objects.get()
    assert account.currency == {"smsgig": "USD", "smsvilla": "NGN"}[account.provider]
    assert account.balance == sandbox.balance(account.provider)
    assert account.server_prefix == {"smsgig": "s1", "smsvilla": ""}[account.provider]
    assert gateway.open_door(account).key == key
    assert key not in repr(gateway.open_door(account))
    sealed = ProviderKey.objects.get()
    assert key.encode() not in bytes(sealed.sealed)
    assert sealed.last_four == key[-4:]
    assert known.told == [account.pk]
    assert RequestCount.objects.get().count == 1
    added = AuditEvent.objects.get()
    assert (added.action, key in str(added.after)) == ("provider_account.added", False)


def test_pasted_blanks_around_a_key_do_no_harm(admin: Membership, sandbox: Sandbox) -> None:
    account = add(admin, f"  {sandbox.key('smsvilla')}\n")
    assert gateway.open_door(account).key == sandbox.key("smsvilla")


def test_a_wrong_key_says_so_and_nothing_is_kept(admin: Membership, sandbox: Sandbox) -> None:
    with pytest.raises(WrongKey, match="SMSGig does not accept this key"):
        add(admin, "no-such-key", provider="smsgig")
    with pytest.raises(WrongKey):
        add(admin, "two words")
    assert not ProviderAccount.objects.exists()
    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("fault", "options", "says"),
    [
        ("too-many-requests", {"retry_after": 7}, "asks to wait"),
        ("error", {"status": 500, "body": "html"}, "could not be asked"),
        ("error", {"status": 401, "body": "html"}, "did not let this key in"),
        ("error", {"status": 403}, "did not let this key in"),
        ("garbage", {}, "could not be asked"),
        ("cut", {}, "could not be asked"),
    ],
)
def test_a_provider_that_cannot_check_the_key_says_so(
    admin: Membership, sandbox: Sandbox, fault: str, options: dict[str, Any], says: str
) -> None:
    sandbox.switches.on(Provider.SMSVILLA, fault, endpoint="balance", **options)
    with pytest.raises(NotChecked, match=says):
        add(admin, sandbox.key("smsvilla"))
    assert not ProviderAccount.objects.exists()


def test_a_provider_that_is_away_says_so(admin: Membership, settings: Settings) -> None:
    settings.PROVIDER_BASE_URLS = {"smsvilla": "http://127.0.0.1:1/api/v1"}
    with pytest.raises(NotChecked):
        add(admin, "some-key")


def test_a_wallet_is_added_once_in_the_installation(
    account: ProviderAccount, sandbox: Sandbox
) -> None:
    key = sandbox.key(account.provider)
    for team in (make_member(account.team, Role.ADMIN), make_member(make_team(), Role.ADMIN)):
        with pytest.raises(KeyKnown) as caught:
            add(team, key, provider=account.provider, label="Again")
        assert account.team.name not in str(caught.value)
        assert account.label not in str(caught.value)
    assert ProviderAccount.objects.count() == 1


def test_a_label_is_once_a_team(account: ProviderAccount, sandbox: Sandbox) -> None:
    admin = make_member(account.team, Role.ADMIN)
    with pytest.raises(NameTaken):
        add(admin, other_wallet(sandbox, account), provider=account.provider)
    second = add(admin, other_wallet(sandbox, account), provider=account.provider, label="Two")
    with pytest.raises(NameTaken):
        operations.rename(account=second, label=account.label, actor=None)
    operations.rename(account=second, label="Spare", actor=None)
    assert ProviderAccount.objects.get(pk=second.pk).label == "Spare"


@pytest.mark.parametrize(
    ("provider", "prefix"), [("smsvilla", "s1"), ("smsgig", "../x"), ("nobody", "")]
)
def test_an_unknown_provider_or_prefix_is_refused(
    admin: Membership, provider: str, prefix: str
) -> None:
    with pytest.raises(NotPossible):
        operations.add_provider_account(
            team=admin.team,
            provider_code=provider,
            label="Main",
            key="some-key",
            server_prefix=prefix,
            actor=None,
            now=timezone.now(),
        )


def test_an_account_with_something_running_is_not_archived(
    account: ProviderAccount, known: Known
) -> None:
    known.running = "Two rentals are still live."
    with pytest.raises(StillInUse, match="Two rentals"):
        operations.archive(account=account, actor=None, now=timezone.now())
    assert ProviderAccount.objects.get().archived_at is None


def test_an_archived_account_has_no_key_and_frees_its_wallet(
    account: ProviderAccount, sandbox: Sandbox
) -> None:
    operations.archive(account=account, actor=None, now=timezone.now())
    with pytest.raises(gateway.NoKey):
        gateway.open_door(account)
    with pytest.raises(NotPossible):
        operations.archive(account=account, actor=None, now=timezone.now())
    with pytest.raises(NotPossible):
        operations.rename(account=account, label="New", actor=None)
    with pytest.raises(NotPossible):
        operations.rotate_hook_token(account=account, actor=None)
    with pytest.raises(NotPossible):
        rotate(account, other_wallet(sandbox, account))
    again = add(
        make_member(account.team, Role.ADMIN),
        sandbox.key(account.provider),
        provider=account.provider,
        label="Again",
    )
    assert gateway.open_door(again).key == sandbox.key(account.provider)


def test_a_check_reads_and_keeps_the_balance(account: ProviderAccount, sandbox: Sandbox) -> None:
    sandbox.top_up(wallet_id(sandbox, account), 5)
    read = operations.check(account=account, now=timezone.now())
    account.refresh_from_db()
    assert account.balance == read.amount == sandbox.balance(account.provider)
