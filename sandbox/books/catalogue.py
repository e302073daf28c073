"""What each provider sells: 360 services at SMSGig, 48 at SMS Villa."""

import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sandbox.books.records import Service
from sandbox.books.store import Store
from sandbox.money import from_mills
from sandbox.providers import Provider

_NAMES = Path(__file__).parents[1] / "data" / "services.txt"
_VILLA_SERVICES = 48


class _Offer(NamedTuple):
    price: int
    ttl: int
    stock: int
    multiple_sms: bool


# The services and figures that the providers' documents show.
_DOCUMENTED = {
    (Provider.SMSGIG, "whatsapp"): _Offer(580, 600, 6989, True),
    (Provider.SMSVILLA, "gmail"): _Offer(600_000, 420, 100, True),
    (Provider.SMSVILLA, "whatsapp"): _Offer(500_000, 420, 100, True),
    (Provider.SMSVILLA, "telegram"): _Offer(800_000, 600, 100, True),
}


class UnknownService(LookupError):
    """The provider sells no service with this code."""


class Catalogue:
    def __init__(self, store: Store) -> None:
        self._store = store

    def fill(self) -> None:
        """Puts every service on sale; to be called once for new books."""
        with self._store.transaction():
            for provider in Provider:
                for position, (code, name, offer) in enumerate(_assortment(provider)):
                    self._store.insert(
                        "service",
                        provider=provider,
                        code=code,
                        position=position,
                        name=name,
                        **offer._asdict(),
                    )

    def all(self, provider: Provider) -> list[Service]:
        rows = self._store.rows(
            "SELECT * FROM service WHERE provider = ? ORDER BY position", provider
        )
        return [_service(row) for row in rows]

    def get(self, provider: Provider, code: str) -> Service:
        row = self._store.row(
            "SELECT * FROM service WHERE provider = ? AND code = ?", provider, code
        )
        if row is None:
            raise UnknownService("Unknown service.")
        return _service(row)

    def change(
        self,
        provider: Provider,
        code: str,
        *,
        price: int | None = None,
        ttl: int | None = None,
        stock: int | None = None,
        multiple_sms: bool | None = None,
    ) -> Service:
        """Sets what is given; price in thousandths, ttl in seconds. Raises `UnknownService`."""
        self.get(provider, code)
        self._store.run(
            "UPDATE service SET price = coalesce(?, price), ttl = coalesce(?, ttl), "
            "stock = coalesce(?, stock), multiple_sms = coalesce(?, multiple_sms) "
            "WHERE provider = ? AND code = ?",
            price,
            ttl,
            stock,
            multiple_sms,
            provider,
            code,
        )
        return self.get(provider, code)

    def take_one(self, provider: Provider, code: str) -> bool:
        """One number less in stock; False where there is none."""
        return bool(
            self._store.run(
                "UPDATE service SET stock = stock - 1 WHERE provider = ? AND code = ? AND stock",
                provider,
                code,
            )
        )

    def put_back(self, provider: Provider, code: str) -> None:
        self._store.run(
            "UPDATE service SET stock = stock + 1 WHERE provider = ? AND code = ?", provider, code
        )


def _assortment(provider: Provider) -> Iterator[tuple[str, str, _Offer]]:
    names = _NAMES.read_text(encoding="utf-8").splitlines()
    for name in names if provider is Provider.SMSGIG else names[:_VILLA_SERVICES]:
        code = re.sub(r"[^a-z0-9]", "", name.lower())
        yield code, name, _DOCUMENTED.get((provider, code)) or _invented(provider, code)


def _invented(provider: Provider, code: str) -> _Offer:
    chance = random.Random(f"{provider} {code}")  # noqa: S311
    if provider is Provider.SMSVILLA:
        price, stock = chance.randrange(200_000, 1_500_000, 50_000), 100
        return _Offer(price, chance.choice([420, 600]), stock, True)
    price, stock = chance.randrange(200, 1_500, 10), chance.randrange(20, 7_000)
    return _Offer(price, chance.choice([600, 900, 1200]), stock, chance.random() < 0.5)


def _service(row: sqlite3.Row) -> Service:
    return Service(
        provider=Provider(row["provider"]),
        code=row["code"],
        name=row["name"],
        price=from_mills(row["price"]),
        ttl=row["ttl"],
        stock=row["stock"],
        multiple_sms=bool(row["multiple_sms"]),
    )
