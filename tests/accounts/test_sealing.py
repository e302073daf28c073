"""A sealed value opens in its own place only, and outlives the key that sealed it."""

from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from accounts import audit, gateway
from accounts.actions import Action
from accounts.models import AuditEvent, ProviderAccount, ProviderKey
from accounts.operations.resealing import every_seal, reseal_all
from accounts.secrets import sealing
from accounts.secrets.hook_tokens import hook_address
from accounts.secrets.keyring import KeyringError, keyring
from accounts.secrets.sealing import Place, SealBroken, fingerprint, key_id, seal, unseal
from tests.accounts.conftest import Keyrings
from tests.accounts.making import add_key, make_provider_account

HERE = Place("ProviderKey", "7", "sealed")


def test_a_value_comes_back_whole() -> None:
    assert unseal(seal("kéy-ß", place=HERE), place=HERE) == "kéy-ß"


def test_two_seals_of_a_value_differ() -> None:
    assert seal("key", place=HERE) != seal("key", place=HERE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        Place("ProviderKey", "8", "sealed"),
        Place("ProviderKey", "7", "other"),
        Place("ProviderAccount", "7", "sealed"),
        Place("ProviderKey", "7\0sealed", ""),
    ],
)
def test_a_copy_does_not_open_elsewhere(elsewhere: Place) -> None:
    with pytest.raises(SealBroken):
        unseal(seal("key", place=HERE), place=elsewhere)


@pytest.mark.parametrize("position", [0, 1, 2, 5, -1])
def test_an_altered_value_does_not_open(position: int) -> None:
    sealed = bytearray(seal("key", place=HERE))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        unseal(bytes(sealed), place=HERE)


@pytest.mark.parametrize("cut", [0, 1, 10, 20])
def test_a_cut_value_does_not_open(cut: int) -> None:
    with pytest.raises(SealBroken):
        unseal(seal("key", place=HERE)[:cut], place=HERE)


def test_the_first_key_seals_and_all_open(use_keys: Keyrings) -> None:
    use_keys("old")
    sealed = seal("key", place=HERE)
    use_keys("new", "old")
    assert unseal(sealed, place=HERE) == "key"
    assert key_id(seal("key", place=HERE)) == "new"


def test_without_its_key_a_value_is_broken_and_says_which(use_keys: Keyrings) -> None:
    use_keys("old")
    sealed = seal("key", place=HERE)
    use_keys("new")
    with pytest.raises(SealBroken, match="old"):
        unseal(sealed, place=HERE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no-colon", "Entry 1 of KEYRING"),
        ("1:c2hvcnQ=", "Entry 1 of KEYRING"),
        ("1:not base64!", "Entry 1 of KEYRING"),
        ("?:" + "QUFB" * 11, "Entry 1 of KEYRING"),
        (f"1:{'A' * 43}= 1:{'A' * 43}=", "two keys"),
        (" , ", "empty"),
    ],
)
def test_a_broken_keyring_is_one_clear_line(settings: Settings, text: str, says: str) -> None:
    settings.KEYRING = text
    with pytest.raises(KeyringError, match=says) as caught:
        keyring()
    assert "c2hvcnQ" not in str(caught.value)


def test_a_missing_keyring_file_is_named(settings: Settings, tmp_path: Path) -> None:
    settings.KEYRING_FILE = str(tmp_path / "nowhere")
    with pytest.raises(KeyringError, match="nowhere"):
        keyring()


def test_a_keyring_file_may_hold_several_lines(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    file.write_text(f"b:{'B' * 43}=\n\na:{'A' * 43}=\n")
    settings.KEYRING_FILE = str(file)
    assert (keyring().current, set(keyring().keys)) == ("b", {"a", "b"})


def test_a_keyring_never_shows_its_keys(use_keys: Keyrings) -> None:
    use_keys("one")
    assert "bytes" not in repr(keyring())
    assert b"one---" not in repr(keyring()).encode()


@pytest.mark.django_db
def test_a_key_copied_to_another_row_does_not_open() -> None:
    mine, other = make_provider_account(key="key-of-mine"), make_provider_account()
    stolen = ProviderKey.objects.get(account=mine)
    ProviderKey.objects.filter(account=other).update(sealed=stolen.sealed)
    with pytest.raises(gateway.NoKey):
        gateway.open_door(other)
    assert gateway.open_door(mine).key == "key-of-mine"


@pytest.mark.django_db
def test_a_key_moved_to_another_account_does_not_open() -> None:
    mine, other = make_provider_account(), make_provider_account()
    ProviderKey.objects.filter(account=other).delete()
    ProviderKey.objects.filter(account=mine).update(account=other)
    with pytest.raises(gateway.NoKey):
        gateway.open_door(other)


@pytest.mark.django_db
def test_a_hook_token_copied_to_another_account_does_not_open() -> None:
    mine, other = make_provider_account(), make_provider_account()
    other.hook_token_sealed = mine.hook_token_sealed
    with pytest.raises(SealBroken):
        hook_address(other)


@pytest.mark.django_db
def test_a_fingerprint_tells_keys_and_providers_apart(use_keys: Keyrings) -> None:
    use_keys("old")
    known = fingerprint("key", "smsgig")
    assert fingerprint("key", "smsgig") == known
    assert len({known, fingerprint("kez", "smsgig"), fingerprint("key", "smsvilla")}) == 3
    assert sealing.keyed_hash("p", b"a", b"bc") != sealing.keyed_hash("p", b"ab", b"c")


@pytest.mark.django_db
def test_a_rotated_keyring_opens_everything_without_its_old_key(use_keys: Keyrings) -> None:
    use_keys("old")
    account = make_provider_account(key="the-key")
    known = fingerprint("the-key", account.provider)
    use_keys("new", "old")
    seals = len(list(every_seal()))
    assert reseal_all() == (seals, seals)
    assert reseal_all() == (0, seals)
    use_keys("new")
    account = ProviderAccount.objects.get()
    assert gateway.open_door(account).key == "the-key"
    assert hook_address(account).startswith("http://localhost/hooks/smsvilla/")
    assert fingerprint("the-key", account.provider) == known


@pytest.mark.django_db
def test_a_rotation_that_dies_before_it_is_on_record_has_done_nothing(
    use_keys: Keyrings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the next one would find nothing left to seal, and nothing to tell."""
    use_keys("old")
    make_provider_account()
    use_keys("new", "old")
    with monkeypatch.context() as dying:
        dying.setattr(audit, "record", Mock(side_effect=ConnectionAbortedError))
        with pytest.raises(ConnectionAbortedError):
            reseal_all()
    resealed, total = reseal_all()
    assert resealed == total > 0
    event = AuditEvent.objects.get(action=Action.KEYRING_ROTATED)
    assert event.after == {"key": "new", "resealed": total}


@pytest.mark.django_db
def test_a_rotation_that_meets_a_broken_seal_says_so_and_can_go_on(use_keys: Keyrings) -> None:
    use_keys("lost")
    broken = make_provider_account()
    use_keys("new", "old")
    with pytest.raises(CommandError, match="lost"):
        call_command("rotate_keyring")
    use_keys("new", "old", "lost")
    call_command("rotate_keyring")
    use_keys("new")
    assert gateway.open_door(broken).key


@pytest.mark.django_db
def test_a_seal_whose_key_is_lost_for_good_keeps_no_other_from_being_sealed_anew(
    use_keys: Keyrings,
) -> None:
    """Else the old key could never be taken away, because everything behind it still needs it."""
    use_keys("old", "lost")
    first, broken, last = (make_provider_account() for _ in range(3))
    use_keys("lost", "old")
    ProviderKey.objects.filter(account=broken).delete()
    add_key(broken, "sealed-with-what-is-lost")
    use_keys("new", "old")
    with pytest.raises(CommandError, match="lost") as told:
        call_command("rotate_keyring")
    assert "1 of " in str(told.value)
    use_keys("new")
    assert gateway.open_door(first).key
    assert gateway.open_door(last).key
    assert AuditEvent.objects.filter(action=Action.KEYRING_ROTATED).count() == 1
