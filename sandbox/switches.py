"""Which faults are on, for which provider or wallet, and for how many times."""

import dataclasses
import json
import sqlite3
from dataclasses import dataclass

from sandbox.books.records import Wallet
from sandbox.books.store import Store
from sandbox.faults import FAULTS, AnswerFault, Fault, build
from sandbox.providers import Provider


@dataclass(frozen=True, kw_only=True)
class Switch:
    """`wallet_id` None: every wallet of the provider. `remaining` None: until switched off."""

    id: int
    provider: Provider
    wallet_id: int | None
    name: str
    fault: Fault
    remaining: int | None


class Switches:
    """Faults strike in the order in which they were switched on, the first the outermost."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._on = [_switch(row) for row in store.rows("SELECT * FROM fault ORDER BY id")]

    def all(self) -> list[Switch]:
        return list(self._on)

    def on(
        self,
        provider: Provider | str,
        name: str,
        *,
        wallet_id: int | None = None,
        times: int | None = None,
        **options: object,
    ) -> Switch:
        """Switches a fault on for the next `times` that it strikes. Raises `ValueError`."""
        fault = build(name, options)
        if times is not None and times < 1:
            raise ValueError("times must be at least 1.")
        with self._store.transaction():
            switch_id = self._store.insert(
                "fault",
                provider=Provider(provider),
                wallet_id=wallet_id,
                name=name,
                remaining=times,
                options=json.dumps(dataclasses.asdict(fault)),
            )
            self._reload()
        return next(switch for switch in self._on if switch.id == switch_id)

    def off(self, switch_id: int) -> bool:
        """False where it was not on."""
        with self._store.transaction():
            found = self._store.run("DELETE FROM fault WHERE id = ?", switch_id)
            self._reload()
        return bool(found)

    def all_off(self) -> None:
        with self._store.transaction():
            self._store.run("DELETE FROM fault")
            self._reload()

    def take[F: Fault](self, kind: type[F], wallet: Wallet, *, endpoint: str = "") -> list[F]:
        """The faults of this kind that strike now; each has one time less from here on."""
        struck = [s for s in self._on if _strikes(s, kind, wallet, endpoint)]
        for switch in struck:
            if switch.remaining is not None:
                self._use_up(switch.id)
        return [switch.fault for switch in struck if isinstance(switch.fault, kind)]

    def _use_up(self, switch_id: int) -> None:
        with self._store.transaction():
            self._store.run("UPDATE fault SET remaining = remaining - 1 WHERE id = ?", switch_id)
            self._store.run("DELETE FROM fault WHERE remaining < 1")
            self._reload()

    def _reload(self) -> None:
        self._on = [_switch(row) for row in self._store.rows("SELECT * FROM fault ORDER BY id")]


def name_of(fault: Fault) -> str:
    return next(name for name, kind in FAULTS.items() if kind is type(fault))


def _strikes(switch: Switch, kind: type[Fault], wallet: Wallet, endpoint: str) -> bool:
    if not isinstance(switch.fault, kind) or switch.provider is not wallet.provider:
        return False
    if isinstance(switch.fault, AnswerFault) and switch.fault.endpoint not in ("*", endpoint):
        return False
    return switch.wallet_id in (None, wallet.id)


def _switch(row: sqlite3.Row) -> Switch:
    return Switch(
        id=row["id"],
        provider=Provider(row["provider"]),
        wallet_id=row["wallet_id"],
        name=row["name"],
        fault=build(row["name"], json.loads(row["options"])),
        remaining=row["remaining"],
    )
