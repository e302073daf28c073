"""Provider accounts are added, named, checked and archived."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import announcements, audit, dependents, gateway
from accounts.actions import Action
from accounts.models import ProviderAccount, ProviderKey, Team, User
from accounts.operations.errors import (
    KeyKnown,
    NameTaken,
    NotChecked,
    NotPossible,
    StillInUse,
    WrongKey,
)
from accounts.operations.probing import clean_key, read_balance, refuse_known
from accounts.secrets.hook_tokens import set_token
from accounts.secrets.sealing import fingerprint, key_place, seal
from accounts.states import KeyState, Lane
from providers.errors import BadKey, ProviderError
from providers.registry import UnknownProvider, provider
from providers.values import Balance

LABEL_ONCE = "provider_account_label_once_a_team"
WALLET_ONCE = "one_account_a_wallet"


def add_provider_account(
    *,
    team: Team,
    provider_code: str,
    label: str,
    key: str,
    server_prefix: str = "",
    actor: User | None,
    now: datetime,
) -> ProviderAccount:
    """Read the balance with the key, and only then keep the account with its balance.

    Raises KeyNotAccepted (see errors.py), NameTaken, NotPossible.
    """
    account = _draft(team, provider_code, label, server_prefix)
    key = clean_key(key)
    refuse_known(account, key)
    _refuse_taken_label(account)
    keep_balance(account, read_balance(account, gateway.door_with(account, key)), now)
    try:
        with transaction.atomic():
            _keep(account, key, actor)
    except IntegrityError as error:
        raise in_words(error) from error
    gateway.reserve(account, Lane.BALANCE, now=now)  # counts the request that was made above
    dependents.tell_added(account)
    return account


def rename(*, account: ProviderAccount, label: str, actor: User | None) -> None:
    """Raises NameTaken, NotPossible."""
    label = _label(label)
    try:
        with transaction.atomic():
            locked = lock(account)
            before, locked.label = locked.label, label
            locked.save(update_fields=["label"])
            audit.record(
                team=locked.team,
                actor=actor,
                action=Action.ACCOUNT_RENAMED,
                object=locked,
                before={"label": before},
                after={"label": label},
            )
    except IntegrityError as error:
        raise in_words(error) from error


def archive(*, account: ProviderAccount, actor: User | None, now: datetime) -> None:
    """Take an account out of use; its history stays. Raises StillInUse, NotPossible.

    Its keys are retired, so that the wallet may be added again some day.
    """
    with transaction.atomic():
        locked = lock(account)
        if reasons := dependents.unfinished(locked):
            raise StillInUse(" ".join(reasons))
        locked.archived_at = now
        locked.save(update_fields=["archived_at"])
        unretired = ProviderKey.objects.filter(account=locked).exclude(state=KeyState.RETIRED)
        unretired.filter(retired_at__isnull=True).update(retired_at=now)
        unretired.update(state=KeyState.RETIRED)
        audit.record(team=locked.team, actor=actor, action=Action.ACCOUNT_ARCHIVED, object=locked)


def check(*, account: ProviderAccount, now: datetime) -> Balance:
    """Read the balance with the current key, and keep it. Raises WrongKey, NotChecked."""
    name = provider(account.provider, account.server_prefix).name
    try:
        door = gateway.open_door(account)
        read = gateway.ask(account, door.provider.balance(), lane=Lane.BALANCE, now=now, door=door)
    except BadKey as error:
        raise WrongKey(
            _("%(provider)s does not accept this account’s key. Replace it.") % {"provider": name}
        ) from error
    except (gateway.OverBudget, gateway.NoKey, ProviderError) as error:
        raise NotChecked(str(error)) from error
    ProviderAccount.objects.filter(
        Q(balance_read_at__isnull=True) | Q(balance_read_at__lt=now), pk=account.pk
    ).update(balance=read.amount, balance_read_at=now)
    announcements.wallets_read(account.team_id)
    return read


def lock(account: ProviderAccount) -> ProviderAccount:
    """Lock an account that is in use, inside the caller's transaction. Raises NotPossible."""
    # Without its key: rows that refer to it, such as a webhook's, can be written meanwhile.
    locked = ProviderAccount.objects.select_for_update(no_key=True).get(pk=account.pk)
    if locked.archived_at is not None:
        raise NotPossible(_("This provider account is archived."))
    return locked


def keep_balance(account: ProviderAccount, balance: Balance, now: datetime) -> None:
    account.currency = balance.currency or account.currency
    account.balance, account.balance_read_at = balance.amount, now


def new_key(account: ProviderAccount, key: str) -> ProviderKey:
    """A key's row, sealed to itself; not saved. Raises KeyringError."""
    row = ProviderKey(account=account, last_four=key[-4:])
    row.sealed = seal(key, place=key_place(row))
    row.fingerprint = fingerprint(key, account.provider)
    return row


def _draft(team: Team, code: str, label: str, prefix: str) -> ProviderAccount:
    try:
        wire = provider(code, prefix)
    except UnknownProvider as error:
        raise NotPossible(_("Choose one of the providers in the list.")) from error
    except ValueError as error:
        raise NotPossible(str(error)) from error
    return ProviderAccount(
        team=team,
        provider=wire.code,
        label=_label(label),
        server_prefix=prefix or next(iter(wire.capabilities.server_prefixes), ""),
        currency=wire.currency,
    )


def _keep(account: ProviderAccount, key: str, actor: User | None) -> None:
    refuse_known(account, key)
    set_token(account)
    account.save(force_insert=True)
    row = new_key(account, key)
    row.save(force_insert=True)
    dependents.tell_adding(account)
    audit.record(
        team=account.team,
        actor=actor,
        action=Action.ACCOUNT_ADDED,
        object=account,
        after={"provider": account.provider, "label": account.label, "key": row.last_four},
    )


def _label(label: str) -> str:
    label = label.strip()
    if not 1 <= len(label) <= 60 or not label.isprintable():
        raise NotPossible(_("Give the account a label of 1 to 60 characters."))
    return label


def _refuse_taken_label(account: ProviderAccount) -> None:
    if ProviderAccount.objects.filter(team=account.team, label=account.label).exists():
        raise NameTaken(_taken())


def in_words(error: IntegrityError) -> Exception:
    """What a unique constraint noticed that the checks before could not see yet."""
    if LABEL_ONCE in str(error):
        return NameTaken(_taken())
    if WALLET_ONCE in str(error):
        return KeyKnown(_("This key is in use already. A wallet can be added only once."))
    return error


def _taken() -> str:
    return _("The team has a provider account with this label already.")
