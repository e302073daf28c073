"""The one door to a provider: the unsealed key, the request budget, and what the answers say
about the two.

Nothing here runs inside a transaction: a request can't be rolled back.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from accounts import budget, request_log
from accounts.budget import Grant, Usage
from accounts.budget.shares import share
from accounts.budget.windows import Windows
from accounts.models import ProviderAccount, ProviderKey
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken, key_place, unseal
from accounts.states import KeyState, Lane
from providers import transport
from providers.calls import Call, Reply
from providers.provider import Provider
from providers.reading import Unreadable, document
from providers.registry import provider
from providers.replies import retry_after
from providers.values import Limits

__all__ = [
    "Door",
    "Grant",
    "NoKey",
    "OverBudget",
    "Usage",
    "ask",
    "counting",
    "limits",
    "note",
    "open_door",
    "reserve",
    "room",
    "send",
    "spent",
    "transmit",
]

NOT_KEPT: Final = UUID(int=0)  # the id of a key that is not (yet) in the database
THROTTLE_DEFAULT: Final = 5.0  # seconds, where a 429 names none; twice as long each time again
MOST_THROTTLES: Final = 10  # by then the pause is the longest
THROTTLE_LONGEST: Final = 300.0  # seconds: beyond that it is asked whether it still holds


class NoKey(Exception):
    """The account has no key that opens."""


class OverBudget(Exception):
    """Our own share of the provider's limits is used up; ask again after `retry_after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__(f"The request budget is used up; it has room in {after:.0f} s.")
        self.retry_after = after


@dataclass(frozen=True, slots=True)
class Door:
    """All that a request to an account's provider needs. Its repr shows no key."""

    account_id: int  # 0 for an account that is not kept (yet)
    provider: Provider
    base_url: str
    key: str = field(repr=False)
    key_id: UUID = NOT_KEPT


def open_door(account: ProviderAccount) -> Door:
    """Unseal the account's current key. Raises NoKey, in words that say why."""
    key = ProviderKey.objects.filter(account=account, state=KeyState.CURRENT).first()
    if key is None:
        raise NoKey("The account has no current key.")
    try:
        return door_with(account, unseal(key.sealed, place=key_place(key)), key_id=key.pk)
    except (SealBroken, KeyringError) as error:
        raise NoKey(str(error)) from error


def door_with(account: ProviderAccount, key: str, *, key_id: UUID = NOT_KEPT) -> Door:
    """A door for a key that isn't, or needn't be, the account's own."""
    wire = provider(account.provider, account.server_prefix)
    return Door(account.pk or 0, wire, base_url(wire), key, key_id)


def base_url(wire: Provider) -> str:
    """The operator's address for the provider, else the documented one."""
    return str(settings.PROVIDER_BASE_URLS.get(wire.code, wire.base_url))


def reserve(account: ProviderAccount, lane: Lane, *, wanted: int = 1, now: datetime) -> Grant:
    """Count up to `wanted` requests, to be sent at once, and say how many may be.

    None may while the provider asks for patience, as `account` was last read. The minute and the
    day roll by `now`.
    """
    if account.throttled_until is not None and account.throttled_until > now:
        return Grant(0, retry_after=(account.throttled_until - now).total_seconds())
    return budget.reserve(account.pk, limits(account), lane, wanted=wanted, now=now)


def spent(account: ProviderAccount, now: datetime) -> Usage:
    """The requests that count against the provider's limits now."""
    return budget.spent(account.pk, limits(account), now=now)


def room(account: ProviderAccount, lane: Lane, now: datetime) -> int | None:
    """How many requests the lane may send now; None is without bound."""
    return counting(account, now).room(share(lane, limits(account)), lane)


def limits(account: ProviderAccount) -> Limits | None:
    """What the provider allows in a minute and a day, None where it names nothing."""
    return provider(account.provider, account.server_prefix).capabilities.limits


def counting(account: ProviderAccount, now: datetime) -> Windows:
    """The requests that count now, each until when."""
    return budget.counting(account.pk, now)


def transmit[T](door: Door, call: Call[T], *, timeout: float | None = None) -> Reply:
    """Send a request that is reserved already; `timeout` in seconds. Raises providers.BadKey."""
    with transaction.atomic(durable=True):
        pass  # raises where a transaction is open
    return transport.send(call, base_url=door.base_url, key=door.key, seconds=timeout)


def send[T](
    account: ProviderAccount,
    call: Call[T],
    *,
    lane: Lane,
    now: datetime,
    timeout: float | None = None,
    door: Door | None = None,
) -> Reply:
    """Reserve, send once, note what the reply says, and log it.

    Raises NoKey, OverBudget, BadKey.
    """
    door = door or open_door(account)
    grant = reserve(account, lane, now=now)
    if not grant.granted:
        raise OverBudget(grant.retry_after)
    reply = transmit(door, call, timeout=timeout)
    note(account, reply, now, door=door)
    request_log.keep([request_log.line(account.pk, call, reply, lane=lane, at=now)])
    return reply


def ask[T](
    account: ProviderAccount,
    call: Call[T],
    *,
    lane: Lane,
    now: datetime,
    timeout: float | None = None,
    door: Door | None = None,
) -> T:
    """`send`, and read the reply. Raises the same, and providers.ProviderError."""
    return call.read(send(account, call, lane=lane, now=now, timeout=timeout, door=door))


def note(
    account: ProviderAccount, reply: Reply, now: datetime, *, door: Door | None = None
) -> None:
    """Keep what a reply says about the key and the provider's patience.

    A refusal counts only for the current key, so that a late one of a replaced key, or one of a
    key that is only being tried, says nothing.
    """
    row = ProviderAccount.objects.filter(pk=account.pk)
    if door is not None:
        row = row.filter(keys__pk=door.key_id, keys__state=KeyState.CURRENT)
    if reply.status == 401 and _is_json(reply.body):
        row.filter(key_refused_at__isnull=True).update(key_refused_at=now)
    elif reply.status == 429:
        _note_throttle(account, reply, now)
    elif reply.status is not None and 200 <= reply.status < 300:
        row.filter(key_refused_at__lte=now).update(key_refused_at=None)
        ProviderAccount.objects.filter(pk=account.pk, throttled_until__lte=now).update(
            throttled_until=None, throttles=0
        )


def _note_throttle(account: ProviderAccount, reply: Reply, now: datetime) -> None:
    """Wait as long as the reply says, and longer where that was not enough the last times.

    Replies to requests that were under way together come in any order and are one refusal: the
    latest wish of theirs counts, and they make the next pause longer only once.
    """
    with transaction.atomic():
        row = ProviderAccount.objects.select_for_update().get(pk=account.pk)
        if row.throttled_until is None or row.throttled_until <= now:
            row.throttles = min(row.throttles + 1, MOST_THROTTLES)
        pause = throttle_pause(retry_after(reply), row.throttles)
        until = now + timedelta(seconds=pause)
        row.throttled_until = max(until, row.throttled_until or until)
        row.save(update_fields=["throttles", "throttled_until"])
    account.throttled_until = row.throttled_until


def throttle_pause(named: float | None, throttles: int) -> float:
    """Seconds to leave a provider alone after so many refusals without a success between."""
    grown = THROTTLE_DEFAULT * 2.0 ** (max(throttles, 1) - 1)
    if named is None:
        return min(grown, THROTTLE_LONGEST)
    return min(max(named, 1.0, grown if throttles > 1 else 0.0), THROTTLE_LONGEST)


def _is_json(body: bytes) -> bool:
    try:
        document(body)
    except Unreadable:
        return False
    return True
