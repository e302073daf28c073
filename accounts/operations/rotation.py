"""An account's secrets are replaced: its API key, and the token in its webhook address."""

from datetime import datetime
from itertools import islice
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit, dependents, gateway
from accounts.actions import Action
from accounts.gateway import Door
from accounts.models import ProviderAccount, ProviderKey, User
from accounts.operations.errors import KeyNotAccepted, NotPossible, OtherWallet
from accounts.operations.probing import asked, clean_key, read_balance, refuse_known
from accounts.operations.provider_accounts import in_words, keep_balance, lock, new_key
from accounts.secrets.hook_tokens import set_token
from accounts.secrets.sealing import fingerprint
from accounts.states import KeyState
from providers.errors import Refused
from providers.values import Balance

PROOFS: Final = 5  # activations that are tried: a provider may have forgotten the older ones

REPLACED_FIELDS: Final = (
    "currency",
    "balance",
    "balance_read_at",
    "key_refused_at",
    "throttled_until",
)


def rotate_key(*, account: ProviderAccount, key: str, actor: User | None, now: datetime) -> None:
    """Replace the key by another of the same wallet, which must be shown to be the same.

    The replaced key still verifies webhooks for a day. Raises KeyNotAccepted (see errors.py),
    NotPossible; then the old key stays.
    """
    key = clean_key(key)
    refuse_known(account, key)
    current = ProviderKey.objects.filter(account=account, state=KeyState.CURRENT).first()
    if current is None or account.archived_at is not None:
        raise NotPossible(_("This provider account is archived."))
    if bytes(current.fingerprint) == fingerprint(key, account.provider):
        raise NotPossible(_("This is the key that the account has already."))
    door = gateway.door_with(account, key)
    balance = read_balance(account, door)
    _prove_same_wallet(account, door, balance)
    try:
        with transaction.atomic():
            _replace(account, current, key, balance, actor, now)
    except IntegrityError as error:
        raise in_words(error) from error


def rotate_hook_token(*, account: ProviderAccount, actor: User | None) -> None:
    """Give the account a new webhook address; the old one stops at once. Raises NotPossible."""
    with transaction.atomic():
        locked = lock(account)
        set_token(locked)
        locked.save(update_fields=["hook_token_hash", "hook_token_sealed"])
        audit.record(
            team=locked.team,
            actor=actor,
            action=Action.HOOK_ROTATED,
            object=locked,
        )


def _prove_same_wallet(account: ProviderAccount, door: Door, balance: Balance) -> None:
    """Raise OtherWallet unless the new key opens the account's wallet.

    Proof is an activation of ours that the new key reads. One that it does not know speaks
    against it, if the old key still knows it. Where no activation tells, because the provider
    has forgotten them all or the old key is dead, the balances must agree. An account that has
    never rented has nothing to lose.
    """
    if balance.currency and balance.currency != account.currency:
        raise OtherWallet(
            _("This key opens a wallet in %(new)s, and the account’s is in %(old)s.")
            % {"new": balance.currency, "old": account.currency}
        )
    known = list(islice(dependents.activations(account), PROOFS))
    if not known or any(_knows(account, door, activation) for activation in known):
        return
    old = _old_door(account)
    if old is not None and any(_knew(account, old, activation) for activation in known):
        raise _other_wallet()
    if balance.amount != _old_balance(account, old):
        raise _other_wallet()


def _knows(account: ProviderAccount, door: Door, activation: str) -> bool:
    """Whether the new key reads the activation. Raises KeyNotAccepted where that can't be told."""
    try:
        asked(account, door, door.provider.status(activation))
    except KeyNotAccepted as error:
        if isinstance(error.__cause__, Refused):
            return False
        raise
    return True


def _knew(account: ProviderAccount, door: Door, activation: str) -> bool:
    try:
        asked(account, door, door.provider.status(activation))
    except KeyNotAccepted:
        return False
    return True


def _old_door(account: ProviderAccount) -> Door | None:
    try:
        return gateway.open_door(account)
    except gateway.NoKey:
        return None


def _old_balance(account: ProviderAccount, old: Door | None) -> object:
    """What the old key's wallet holds now; as it was last read, where that key is dead."""
    try:
        return read_balance(account, old).amount if old else account.balance
    except KeyNotAccepted:
        return account.balance


def _replace(
    account: ProviderAccount,
    current: ProviderKey,
    key: str,
    balance: Balance,
    actor: User | None,
    now: datetime,
) -> None:
    locked = lock(account)
    replaced = ProviderKey.objects.filter(pk=current.pk, state=KeyState.CURRENT).update(
        state=KeyState.PREVIOUS, retired_at=now
    )
    if not replaced:
        raise NotPossible(_("Somebody has just replaced this key. Look again."))
    row = new_key(locked, key)
    # A key that was replaced once may come back.
    ProviderKey.objects.filter(account=locked, fingerprint=row.fingerprint).update(
        state=KeyState.RETIRED
    )
    row.save(force_insert=True)
    keep_balance(locked, balance, now)
    locked.key_refused_at = locked.throttled_until = None
    locked.save(update_fields=REPLACED_FIELDS)
    audit.record(
        team=locked.team,
        actor=actor,
        action=Action.KEY_ROTATED,
        object=locked,
        before={"key": current.last_four},
        after={"key": row.last_four},
    )


def _other_wallet() -> OtherWallet:
    return OtherWallet(
        _(
            "This key was not shown to open the same wallet: it does not know what this account "
            "rented. Add it as a provider account of its own."
        )
    )
