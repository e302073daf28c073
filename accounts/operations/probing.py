"""A key is tried before it is kept: what does it open, and may it be used here?"""

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import gateway
from accounts.gateway import Door
from accounts.models import ProviderAccount, ProviderKey
from accounts.operations.errors import KeyKnown, KeyNotAccepted, NotChecked, WrongKey
from accounts.secrets.sealing import fingerprint
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.errors import BadKey, ProviderError, Refused, Throttled
from providers.replies import answered_on
from providers.transport import check_key
from providers.values import Balance

_NOT_LET_IN = (401, 403)  # as whatever stands before a provider answers, too


def clean_key(key: str) -> str:
    """Take off what a paste brings along. Raises WrongKey for what can't be a key."""
    key = key.strip()
    try:
        check_key(key)
    except BadKey as error:
        raise WrongKey(str(error)) from error
    return key


def refuse_known(account: ProviderAccount, key: str) -> None:
    """Raise KeyKnown where another account in use has this key, or had it once."""
    found = ProviderKey.objects.filter(fingerprint=fingerprint(key, account.provider))
    in_use = found.filter(account__archived_at__isnull=True)
    if in_use.exclude(account=account.pk).exists():
        # Not whose: another team's accounts are none of this one's business.
        raise KeyKnown(_("This key is in use already. A wallet can be added only once."))


def read_balance(account: ProviderAccount, door: Door) -> Balance:
    """What the key's wallet holds. Raises WrongKey, NotChecked, KeyNotAccepted."""
    balance, reply = _answered(account, door, door.provider.balance())
    account.balance_dated = answered_on(reply)
    return balance


def asked[T](account: ProviderAccount, door: Door, call: Call[T]) -> T:
    """Ask once, with the provider's no told in a person's words; counted once the account is
    kept. Raises WrongKey, NotChecked, KeyNotAccepted."""
    return _answered(account, door, call)[0]


def _answered[T](account: ProviderAccount, door: Door, call: Call[T]) -> tuple[T, Reply]:
    name = door.provider.name
    try:
        reply = _sent(account, door, call)
        return call.read(reply), reply
    except BadKey as error:
        raise WrongKey(
            _("%(provider)s does not accept this key. Copy it again from its dashboard.")
            % {"provider": name}
        ) from error
    except (Throttled, gateway.OverBudget) as error:
        raise NotChecked(
            _("%(provider)s asks to wait before the key can be checked. Try again in a minute.")
            % {"provider": name}
        ) from error
    except Refused as error:
        raise KeyNotAccepted(
            _("%(provider)s refused to answer to this key: %(why)s")
            % {"provider": name, "why": error.detail}
        ) from error
    except ProviderError as error:
        told = {"provider": name, "why": error.detail}
        if error.status in _NOT_LET_IN:
            words = _(
                "%(provider)s, or something before it, did not let this key in, so nothing was"
                " changed. Check the key, or try again later. (%(why)s)"
            )
        else:
            words = _(
                "%(provider)s could not be asked now, so nothing was changed. Try again. (%(why)s)"
            )
        raise NotChecked(words % told) from error


def _sent[T](account: ProviderAccount, door: Door, call: Call[T]) -> Reply:
    if account.pk is None:
        return gateway.transmit(door, call)
    return gateway.send(account, call, lane=Lane.CONTROL, now=timezone.now(), door=door)
