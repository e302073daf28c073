"""Every sealed value of the database, opened and sealed again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import models, transaction

from accounts import audit
from accounts.actions import Action
from accounts.models import ProviderAccount, ProviderKey, SealedSecret
from accounts.secrets.keyring import keyring
from accounts.secrets.sealing import (
    Place,
    SealBroken,
    hook_token_place,
    key_id,
    key_place,
    seal,
    secret_place,
    unseal,
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed value, and how to write it."""

    place: Place
    value: bytes
    write: Callable[[bytes], int]


_more: list[Callable[[], Iterator[Sealed]]] = []


def register(sealed_values: Callable[[], Iterator[Sealed]]) -> None:
    """Have another application's sealed values counted among all; it imports this one."""
    _more.append(sealed_values)


def every_seal() -> Iterator[Sealed]:
    """All sealed values of the database."""
    for sealed_values in _more:
        yield from sealed_values()
    for secret in SealedSecret.objects.order_by("pk"):
        yield sealed(secret, "sealed", secret_place(secret.name))
    for account in ProviderAccount.objects.order_by("pk"):
        yield sealed(account, "hook_token_sealed", hook_token_place(account))
    for key in ProviderKey.objects.order_by("created_at", "pk"):
        yield sealed(key, "sealed", key_place(key))


def reseal_all() -> tuple[int, int]:
    """Seal what another key than the first has sealed; return how many of how many.

    Whole or not at all, with its trace: it may be cut off and repeated. One that does not open
    keeps no other from it: then it raises SealBroken at the end. Raises KeyringError.
    """
    current, resealed, total = keyring().current, 0, 0
    broken: list[SealBroken] = []
    with transaction.atomic():
        for each in every_seal():
            total += 1
            try:
                if key_id(each.value) != current:
                    plain = unseal(each.value, place=each.place)
                    resealed += each.write(seal(plain, place=each.place))
            except SealBroken as problem:
                broken.append(problem)
        if resealed:
            audit.record(
                team=None,
                actor=None,
                action=Action.KEYRING_ROTATED,
                after={"key": current, "resealed": resealed},
            )
    if broken:
        raise SealBroken(f"{len(broken)} of {total} don't open. The first one: {broken[0]}")
    return resealed, total


def sealed(row: models.Model, field: str, place: Place) -> Sealed:
    """A row's field that holds a sealed value."""
    value = bytes(getattr(row, field))
    # Written only over what was read: a token that was replaced meanwhile is sealed anew already.
    same = type(row)._default_manager.filter(pk=row.pk, **{field: value})
    return Sealed(place, value, partial(_write, same, field))


def _write(same: models.QuerySet[models.Model], field: str, value: bytes) -> int:
    return same.update(**{field: value})
