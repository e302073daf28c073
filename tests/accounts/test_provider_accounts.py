"""A key is kept only once it has opened a wallet, and replaced only by one of the same wallet."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts import dependents, gateway, operations
from accounts.hook_tokens import hook_address, token_hash
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
    OtherWallet,
    StillInUse,
    WrongKey,
)
from accounts.states import KeyState, Lane, Role
from sandbox.core import Sandbox
from sandbox.money import to_mills
from sandbox.providers import Provider
from tests.accounts.making import make_member, make_team

pytestmark = pytest.mark.django_db


class Known:
    """What stands for the rentals of an account."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.running = ""
        self.told: list[int] = []

    def added(self, account: ProviderAccount) -> None:
        self.told.append(account.pk)

    def unfinished(self, account: ProviderAccount) -> str:
        return self.running

    def activations(self, account: ProviderAccount) -> list[str]:
        return self.ids


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    dependent = Known()
    monkeypatch.setattr(dependents, "_dependents", [dependent])
    return dependent


@pytest.fixture
def admin() -> Membership:
    return make_member(make_team(), Role.ADMIN)


@pytest.fixture(params=["smsgig", "smsvilla"])
def account(
    request: pytest.FixtureRequest, admin: Membership, sandbox: Sandbox, known: Known
) -> Iterator[ProviderAccount]:
    yield add(admin, sandbox.key(request.param), provider=request.param)


def add(
    admin: Membership, key: str, *, provider: str = "smsvilla", label: str = "Main"
) -> ProviderAccount:
    return operations.add_provider_account(
        team=admin.team,
        provider_code=provider,
        label=label,
        key=key,
        actor=admin.user,
        now=timezone.now(),
    )


def rotate(account: ProviderAccount, key: str) -> None:
    operations.rotate_key(account=account, key=key, actor=None, now=timezone.now())


def wallet_id(sandbox: Sandbox, account: ProviderAccount) -> int:
    return sandbox.wallet(account.provider).id


def rented(sandbox: Sandbox, account: ProviderAccount) -> str:
    wallet = sandbox.wallet(account.provider)
    return str(sandbox.rent(wallet, service_code="whatsapp").id)


def other_wallet(sandbox: Sandbox, account: ProviderAccount, balance: str = "7") -> str:
    wallet = sandbox.wallets.open(
        provider=Provider(account.provider), name="other", deposit=to_mills(balance), keys=()
    )
    return sandbox.key(wallet.id)


def states(account: ProviderAccount) -> list[str]:
    return list(account.keys.order_by("created_at").values_list("state", flat=True))


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
        ("error", {"status": 401, "body": "html"}, "could not be asked"),
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
