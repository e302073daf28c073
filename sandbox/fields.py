"""Named values as a JSON body, a form or an address carries them, read by type."""

import re
from collections.abc import Mapping
from decimal import Decimal

from sandbox.money import BadAmount
from sandbox.providers import Provider

_WORDS = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}


class Fields:
    """Text stands for any type, as forms have it; empty text and null stand for "not given".

    Every reader raises `ValueError` with the field's name where the value is of another type, or
    is missing and has no default.
    """

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = {n: v for n, v in values.items() if v is not None and v != ""}

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text.")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError(f"{name} has half a character in it.")
        return value

    def number(
        self, name: str, default: int | None = None, *, least: int = 0, most: int = 10**12
    ) -> int:
        value = self._value(name, default)
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,15}", str(value)):
            raise ValueError(f"{name} must be a whole number.")
        if not least <= int(str(value)) <= most:
            raise ValueError(f"{name} must be from {least} to {most}.")
        return int(str(value))

    def maybe_number(self, name: str, *, least: int = 0, most: int = 10**12) -> int | None:
        return self.number(name, least=least, most=most) if self.has(name) else None

    def amount(self, name: str) -> Decimal:
        value = self._value(name, None)
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", str(value)):
            raise BadAmount(f"{name} must be an amount such as 12.50.")
        return Decimal(str(value))

    def seconds(self, name: str) -> float:
        return float(self.amount(name))

    def flag(self, name: str, default: bool) -> bool:
        value = str(self._value(name, default)).lower()
        if value not in _WORDS:
            raise ValueError(f"{name} must be true or false.")
        return _WORDS[value]

    def maybe_flag(self, name: str) -> bool | None:
        return self.flag(name, False) if self.has(name) else None

    def provider(self) -> Provider:
        value = self.text("provider")
        if value not in tuple(Provider):
            raise ValueError(f"provider must be one of {', '.join(Provider)}.")
        return Provider(value)

    def others(self, *names: str) -> dict[str, object]:
        """Every field but these."""
        return {name: value for name, value in self._values.items() if name not in names}

    def _value(self, name: str, default: object) -> object:
        value = self._values.get(name, default)
        if value is None:
            raise ValueError(f"{name} is missing.")
        return value
