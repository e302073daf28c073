"""A history, drawn by a seed: the wallet's setting and the steps, as plain data.

A step names its rental by a share (0.4: the one at two fifths of the list), so that a history of
which steps are left out is still a history.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

Options = dict[str, Any]
Fault = tuple[str, Options]

SERVICES: Final = ("whatsapp", "telegram", "ebay", "discord")
PRICES: Final = {
    "smsgig": ("0.50", "0.50", "0.75", "0.58", "0.585", "1.20"),
    "smsvilla": ("500", "500", "800", "650", "1200", "612.5"),
}
RENT_FAULTS: Final[list[Fault]] = [
    ("cut", {}),
    ("cut", {}),
    ("cut", {"before_any_byte": True}),
    ("cut", {"done": False, "before_any_byte": True}),
    ("cut", {"done": False, "before_any_byte": True}),
    ("error", {"status": 500, "done": True}),
    ("error", {"status": 500, "done": True, "body": "html"}),
    ("error", {"status": 500, "body": "html"}),
    ("error", {"status": 400}),
    ("garbage", {}),
    ("no-activation-id", {}),
    ("silence", {}),
    ("silence", {"done": False}),
    ("too-many-requests", {"endpoint": "rent"}),
    ("other-price", {"percent": 90}),
    ("other-price", {"percent": 120}),
]
CANCEL_FAULTS: Final[list[Fault]] = [
    ("cut", {"endpoint": "cancel"}),
    ("cut", {"endpoint": "cancel"}),
    ("cut", {"endpoint": "cancel", "done": False}),
    ("error", {"endpoint": "cancel", "status": 500, "done": True}),
    ("error", {"endpoint": "cancel", "status": 400}),
    ("error", {"endpoint": "LOOK", "status": 500}),
    ("cut", {"endpoint": "LOOK"}),
    ("too-many-requests", {"endpoint": "*", "retry_after": 7}),
]
REFUND_FAULTS: Final[list[Fault]] = [
    ("no-refund", {}),
    ("short-refund", {"percent": 90}),
    ("pro-rata-refund", {}),
    ("late-refund", {"seconds": 700}),
    ("late-refund", {"seconds": 8000}),
]
SURPRISING_REFUNDS: Final[list[Fault]] = [
    ("short-refund", {"percent": 110}),
    ("double-refund", {"seconds": 1}),
    ("double-refund", {"seconds": 4000}),
]
STATEMENT_FAULTS: Final[list[Fault]] = [
    ("small-pages", {"rows": 3}),
    ("small-pages", {"rows": 4}),
    ("ignore-page", {"endpoint": "transactions"}),
    ("pages-shift", {}),
    ("rows-shuffled", {}),
    ("rows-late", {"seconds": 40}),
    ("rows-late", {"seconds": 200}),
    ("row-gone", {"row": 1}),
    ("row-changed", {"row": 0, "reading": "amount"}),
    ("row-changed", {"row": 1, "reading": "description"}),
    ("row-changed", {"row": 2, "reading": "type"}),
    ("row-changed", {"row": 0, "reading": "time"}),
    ("cut", {"endpoint": "transactions"}),
    ("error", {"endpoint": "transactions", "status": 500}),
    ("too-many-requests", {"endpoint": "transactions"}),
    ("numbers-as-text", {"endpoint": "transactions"}),
    ("garbage", {"endpoint": "balance"}),
    ("error", {"endpoint": "balance", "status": 500}),
]


@dataclass(frozen=True)
class Setting:
    """A wallet at a provider. `numbers`: what its statement's descriptions carry; `apart`: how far
    activation ids are from rental numbers, few apart being the trap; `expiry_refund`: how many
    seconds after an empty end one comes, None for never.

    `surprising`: money moves that nothing of ours explains. Where there is no statement, it may
    undo in the balance just what ours has done, and nobody could tell who was charged for what.
    """

    provider: str
    surprising: bool
    begins: datetime
    services: dict[str, Decimal]
    auto_cancel: bool
    numbers: str
    apart: int
    expiry_refund: int | None
    time_zone: str


@dataclass(frozen=True)
class Step:
    """`dies`: in front of which of its statements the worker dies; None where it lives."""

    what: str
    options: Options = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    dies: int | None = None

    def __str__(self) -> str:
        words = [self.what, *(f"{name} {value}" for name, value in self.options.items())]
        words += [f"[{_told(fault)}]" for fault in self.faults]
        if self.dies is not None:
            words.append(f"(dies at statement {self.dies})")
        return " ".join(words)


@dataclass(frozen=True)
class Scenario:
    seed: int
    setting: Setting
    steps: tuple[Step, ...]


def draw(seed: int) -> Scenario:
    """The same seed, the same history."""
    chance = random.Random(seed)  # noqa: S311
    setting = _setting(chance)
    kinds = [each for each in _KINDS if setting.surprising or each[0] not in _SURPRISES]
    chosen = chance.choices(
        [make for make, _ in kinds], [weight for _, weight in kinds], k=chance.randint(3, 20)
    )
    steps = [make(chance) for make in [_rent, *chosen]]
    if not setting.surprising:
        steps = [replace(step, faults=_unsurprising(step.faults)) for step in steps]
    return Scenario(seed, setting, tuple(steps))


def _unsurprising(faults: tuple[Fault, ...]) -> tuple[Fault, ...]:
    return tuple(fault for fault in faults if fault not in SURPRISING_REFUNDS)


def _setting(chance: random.Random) -> Setting:
    provider = chance.choice(["smsgig", "smsgig", "smsvilla"])
    known = list(SERVICES[:3] if provider == "smsvilla" else SERVICES)
    services = chance.sample(known, chance.choice([1, 2, 2, 3]))
    begins = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(60 * 86400))
    return Setting(
        provider=provider,
        surprising=provider == "smsgig" or chance.random() < 0.3,
        begins=begins,
        services={code: Decimal(chance.choice(PRICES[provider])) for code in services},
        auto_cancel=chance.random() < 0.5,
        numbers=chance.choice(["rental", "rental", "activation", "none"]),
        apart=chance.choice([0, 1, 2, 3, 100_000]),
        expiry_refund=chance.choice([None, None, 0, 30, 5000]),
        time_zone=chance.choice(["", "Africa/Lagos", "Pacific/Auckland"]),
    )


def _rent(chance: random.Random) -> Step:
    return Step(
        "rent",
        {"service": _share(chance), "now": chance.random() < 0.8, "form twice": _rarely(chance)},
        _some(chance, RENT_FAULTS, 0.4),
        _death(chance, 0.12, 30),
    )


def _sms(chance: random.Random) -> Step:
    how = chance.choice(["webhook", "webhook stored", "poll", "both", "unseen"])
    return Step("sms", {"rental": _share(chance), "by": how, "late": chance.random() < 0.2})


def _cancel(chance: random.Random) -> Step:
    return Step(
        "cancel",
        {"rental": _share(chance), "now": chance.random() < 0.85},
        _some(chance, CANCEL_FAULTS, 0.35) + _some(chance, REFUND_FAULTS + SURPRISING_REFUNDS, 0.4),
        _death(chance, 0.15, 30),
    )


def _finish(chance: random.Random) -> Step:
    return Step("finish", {"rental": _share(chance)}, (), _death(chance, 0.1, 15))


def _outside(chance: random.Random) -> Step:
    return Step("outside", {"service": _share(chance), "ours": chance.random() < 0.6})


def _outside_cancel(chance: random.Random) -> Step:
    return Step("outside cancel", {"rental": _share(chance)})


def _deposit(chance: random.Random) -> Step:
    return Step("deposit", {"amount": chance.choice(["10", "25", "50", "1"])})


def _price(chance: random.Random) -> Step:
    return Step("price", {"service": _share(chance), "to": _share(chance), "told": _share(chance)})


def _pass(chance: random.Random) -> Step:
    seconds = chance.choice([1, 5, 31, 61, 130, 500, 650, 3700, 90_000])
    return Step("time", {"seconds": seconds})


def _beat(chance: random.Random) -> Step:
    return Step("beat", {}, (), _death(chance, 0.1, 40))


def _tasks(chance: random.Random) -> Step:
    return Step("tasks", {"order": chance.randrange(1000)}, (), _death(chance, 0.1, 40))


def _reconcile(chance: random.Random) -> Step:
    return Step("reconcile", {}, _some(chance, STATEMENT_FAULTS, 0.5, 2), _death(chance, 0.15, 90))


def _balance(chance: random.Random) -> Step:
    faults = [fault for fault in STATEMENT_FAULTS if fault[1].get("endpoint") == "balance"]
    return Step("balance", {}, _some(chance, faults, 0.1), _death(chance, 0.1, 25))


def _finance(chance: random.Random) -> Step:
    return Step("finance", {"which": _share(chance), "decision": _share(chance)})


_KINDS: list[tuple[Callable[[random.Random], Step], int]] = [
    (_rent, 26),
    (_sms, 10),
    (_cancel, 20),
    (_finish, 2),
    (_outside, 4),
    (_outside_cancel, 2),
    (_deposit, 2),
    (_price, 2),
    (_pass, 16),
    (_beat, 8),
    (_tasks, 6),
    (_reconcile, 10),
    (_balance, 6),
    (_finance, 3),
]
_SURPRISES: Final = (_outside, _outside_cancel)


def _share(chance: random.Random) -> float:
    return min(round(chance.random(), 3), 0.999)


def _rarely(chance: random.Random) -> bool:
    return chance.random() < 0.1


def _some(
    chance: random.Random, faults: list[Fault], share: float, most: int = 1
) -> tuple[Fault, ...]:
    if chance.random() >= share:
        return ()
    return tuple(chance.choice(faults) for _ in range(chance.randint(1, most)))


def _death(chance: random.Random, share: float, within: int) -> int | None:
    return chance.randrange(within) if chance.random() < share else None


def _told(fault: Fault) -> str:
    name, options = fault
    return " ".join([name, *(f"{key}={value}" for key, value in options.items())])
