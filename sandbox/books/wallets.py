"""Wallets, the keys that open them, and every movement of their money."""

import secrets
import sqlite3

from sandbox.books.records import ApiKey, Entry, EntryType, Wallet
from sandbox.books.store import Store, Value
from sandbox.clock import Clock
from sandbox.money import from_mills
from sandbox.providers import Provider

# SMS Villa's document: 100 requests a minute and 5,000 a day. SMSGig's names no figure.
_LIMITS = {Provider.SMSGIG: (0, 0), Provider.SMSVILLA: (100, 5000)}


class UnknownWallet(LookupError):
    """No wallet has this id."""


class KeyTaken(ValueError):
    """The key already opens a wallet of this provider."""


class InsufficientFunds(Exception):
    """The wallet holds less than the charge."""


class Wallets:
    """All amounts taken by methods are in thousandths."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def open(self, *, provider: Provider, name: str, deposit: int, keys: tuple[str, ...]) -> Wallet:
        """A new wallet with its first deposit; without `keys` one is made at random."""
        per_minute, per_day = _LIMITS[provider]
        with self._store.transaction():
            wallet_id = self._store.insert(
                "wallet",
                provider=provider,
                name=name,
                opening=deposit,
                balance=0,
                per_minute=per_minute,
                per_day=per_day,
            )
            for secret in keys or ("",):
                self.add_key(wallet_id, secret=secret)
            self._deposit_opening(wallet_id)
        return self.get(wallet_id)

    def start_over(self) -> None:
        """Every wallet holds what it was opened with; their entries must have been deleted."""
        with self._store.transaction():
            self._store.run("UPDATE wallet SET balance = 0")
            for wallet in self.all():
                self._deposit_opening(wallet.id)

    def close_all(self) -> None:
        """No wallet and no key any more; nothing may refer to one."""
        with self._store.transaction():
            self._store.run("DELETE FROM api_key")
            self._store.run("DELETE FROM wallet")

    def all(self) -> list[Wallet]:
        return [_wallet(row) for row in self._store.rows("SELECT * FROM wallet ORDER BY id")]

    def get(self, wallet_id: int) -> Wallet:
        row = self._store.row("SELECT * FROM wallet WHERE id = ?", wallet_id)
        if row is None:
            raise UnknownWallet(f"There is no wallet {wallet_id}.")
        return _wallet(row)

    def opened_by(self, provider: Provider, secret: str) -> Wallet | None:
        """The wallet that this key opens, if it is known and not revoked."""
        row = self._store.row(
            "SELECT wallet.* FROM wallet JOIN api_key ON api_key.wallet_id = wallet.id "
            "WHERE api_key.provider = ? AND api_key.secret = ? AND NOT api_key.revoked",
            provider,
            secret,
        )
        return _wallet(row) if row else None

    def keys(self, wallet_id: int) -> list[ApiKey]:
        """Oldest first."""
        rows = self._store.rows("SELECT * FROM api_key WHERE wallet_id = ? ORDER BY id", wallet_id)
        return [
            ApiKey(id=row["id"], secret=row["secret"], revoked=bool(row["revoked"])) for row in rows
        ]

    def current_key(self, wallet_id: int) -> str:
        """The newest key that is not revoked, or an empty string."""
        return next((k.secret for k in reversed(self.keys(wallet_id)) if not k.revoked), "")

    def add_key(self, wallet_id: int, *, secret: str = "") -> str:
        """Another key for the same wallet, the current one from now on; raises `KeyTaken`."""
        secret = secret or f"demo_{secrets.token_hex(20)}"
        provider = self.get(wallet_id).provider
        try:
            self._store.insert("api_key", provider=provider, wallet_id=wallet_id, secret=secret)
        except sqlite3.IntegrityError as error:
            raise KeyTaken(f"This key already opens a wallet at {provider.label}.") from error
        return secret

    def revoke_key(self, key_id: int) -> bool:
        """False where there is no such key."""
        return bool(self._store.run("UPDATE api_key SET revoked = 1 WHERE id = ?", key_id))

    def set_webhook(self, wallet_id: int, url: str) -> None:
        self.get(wallet_id)
        self._store.run("UPDATE wallet SET webhook_url = ? WHERE id = ?", url, wallet_id)

    def set_limits(self, wallet_id: int, *, per_minute: int, per_day: int) -> None:
        self.get(wallet_id)
        self._store.run(
            "UPDATE wallet SET per_minute = ?, per_day = ? WHERE id = ?",
            per_minute,
            per_day,
            wallet_id,
        )

    def charge(
        self, wallet_id: int, amount: int, *, description: str, activation_id: int | None
    ) -> None:
        """Takes `amount` for a purchase; raises `InsufficientFunds` and takes nothing."""
        with self._store.transaction():
            paid = self._store.run(
                "UPDATE wallet SET balance = balance - ? WHERE id = ? AND balance >= ?",
                amount,
                wallet_id,
                amount,
            )
            if not paid:
                raise InsufficientFunds("Insufficient balance.")
            self._record(wallet_id, amount, "purchase", description, activation_id)

    def credit(
        self,
        wallet_id: int,
        amount: int,
        *,
        kind: EntryType,
        description: str,
        activation_id: int | None = None,
    ) -> None:
        """Adds a refund or a deposit of `amount`, which is more than 0."""
        with self._store.transaction():
            self._store.run(
                "UPDATE wallet SET balance = balance + ? WHERE id = ?", amount, wallet_id
            )
            self._record(wallet_id, amount, kind, description, activation_id)

    def entries(
        self, wallet_id: int, *, kind: str | None = None, limit: int = -1, skip: int = 0
    ) -> list[Entry]:
        """Newest first, of one kind or all; `limit` -1 is without limit."""
        where, values = _of_kind(wallet_id, kind)
        rows = self._store.rows(
            f"SELECT * FROM entry WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?",  # noqa: S608
            *values,
            limit,
            skip,
        )
        return [_entry(row) for row in rows]

    def count_entries(self, wallet_id: int, *, kind: str | None = None) -> int:
        where, values = _of_kind(wallet_id, kind)
        return self._store.number(f"SELECT count(*) FROM entry WHERE {where}", *values)  # noqa: S608

    def _deposit_opening(self, wallet_id: int) -> None:
        deposit = self._store.number("SELECT opening FROM wallet WHERE id = ?", wallet_id)
        if deposit:
            self.credit(wallet_id, deposit, kind="deposit", description="Deposit")

    def _record(
        self,
        wallet_id: int,
        amount: int,
        kind: EntryType,
        description: str,
        activation_id: int | None,
    ) -> None:
        provider = self.get(wallet_id).provider
        self._store.insert(
            "entry",
            provider=provider,
            id=self._store.next(f"{provider}.entry", start=1021),
            wallet_id=wallet_id,
            type=kind,
            amount=amount,
            description=description,
            activation_id=activation_id,
            created=self._clock.now_ms(),
        )


def _of_kind(wallet_id: int, kind: str | None) -> tuple[str, tuple[Value, ...]]:
    if kind is None:
        return "wallet_id = ?", (wallet_id,)
    return "wallet_id = ? AND type = ?", (wallet_id, kind)


def _wallet(row: sqlite3.Row) -> Wallet:
    return Wallet(
        id=row["id"],
        provider=Provider(row["provider"]),
        name=row["name"],
        balance=from_mills(row["balance"]),
        webhook_url=row["webhook_url"],
        per_minute=row["per_minute"],
        per_day=row["per_day"],
    )


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        id=row["id"],
        type=row["type"],
        amount=from_mills(row["amount"]),
        description=row["description"],
        activation_id=row["activation_id"],
        created=row["created"],
    )
