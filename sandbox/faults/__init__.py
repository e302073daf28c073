"""The faults that can be switched on, one small class each, and the register of them."""

import dataclasses
import re

from sandbox.faults.answers import (
    BODIES,
    BrokenJson,
    Cut,
    ErrorStatus,
    Garbage,
    IgnorePage,
    LateAnswer,
    Latency,
    NoActivationId,
    NumbersAsText,
    OtherPrice,
    OtherZone,
    Redirect,
    Silence,
    SlowBytes,
    TooManyRequests,
    UnixTimes,
)
from sandbox.faults.base import ENDPOINTS, AnswerFault, EndedIsRead, Fault, Proceed
from sandbox.faults.refunds import (
    DoubleRefund,
    ExpiryRefund,
    LateRefund,
    NoRefund,
    ProRataRefund,
    RefundFault,
    ShortRefund,
)
from sandbox.faults.statements import (
    NUMBERS,
    READINGS,
    CountWrong,
    Descriptions,
    PagesShift,
    RowChanged,
    RowGone,
    RowsLate,
    RowsShuffled,
    SignedAmounts,
    SmallPages,
)
from sandbox.faults.webhooks import (
    DuplicateWebhook,
    ForgedWebhook,
    LateWebhook,
    LostWebhook,
    Posting,
    ReorderedWebhook,
    WebhookFault,
    WebhookOvertakesRent,
)

__all__ = [
    "BODIES",
    "ENDPOINTS",
    "FAULTS",
    "NUMBERS",
    "READINGS",
    "AnswerFault",
    "DoubleRefund",
    "EndedIsRead",
    "ExpiryRefund",
    "Fault",
    "LateRefund",
    "Posting",
    "Proceed",
    "RefundFault",
    "WebhookFault",
    "build",
]

FAULTS: dict[str, type[Fault]] = {
    "latency": Latency,
    "too-many-requests": TooManyRequests,
    "error": ErrorStatus,
    "redirect": Redirect,
    "garbage": Garbage,
    "no-activation-id": NoActivationId,
    "cut": Cut,
    "silence": Silence,
    "late-answer": LateAnswer,
    "broken-json": BrokenJson,
    "slow-bytes": SlowBytes,
    "numbers-as-text": NumbersAsText,
    "unix-times": UnixTimes,
    "other-zone": OtherZone,
    "ignore-page": IgnorePage,
    "other-price": OtherPrice,
    "ended-is-read": EndedIsRead,
    "small-pages": SmallPages,
    "pages-shift": PagesShift,
    "rows-shuffled": RowsShuffled,
    "rows-late": RowsLate,
    "row-gone": RowGone,
    "count-wrong": CountWrong,
    "row-changed": RowChanged,
    "descriptions": Descriptions,
    "signed-amounts": SignedAmounts,
    "no-refund": NoRefund,
    "pro-rata-refund": ProRataRefund,
    "short-refund": ShortRefund,
    "late-refund": LateRefund,
    "double-refund": DoubleRefund,
    "expiry-refund": ExpiryRefund,
    "webhook-duplicate": DuplicateWebhook,
    "webhook-reordered": ReorderedWebhook,
    "webhook-late": LateWebhook,
    "webhook-lost": LostWebhook,
    "webhook-forged": ForgedWebhook,
    "webhook-overtakes-rent": WebhookOvertakesRent,
}


def build(name: str, options: dict[str, object]) -> Fault:
    """The fault of this name. An option may come as its own type or as text; `ValueError` says
    which name or option is wrong."""
    kind = FAULTS.get(name)
    if kind is None:
        raise ValueError(f"There is no fault {name!r}; there are: {', '.join(FAULTS)}.")
    defaults = {field.name: field.default for field in dataclasses.fields(kind)}
    unknown = set(options) - set(defaults)
    if unknown:
        raise ValueError(f"{name} has no option {', '.join(sorted(unknown))}.")
    return kind(**{key: _like(key, value, defaults[key]) for key, value in options.items()})


def _like(name: str, value: object, default: object) -> object:
    if isinstance(default, bool):
        words = {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}
        if isinstance(value, bool) or str(value).lower() in words:
            return words[str(value).lower()]
        raise ValueError(f"{name} must be true or false.")
    if isinstance(default, int):
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", str(value)):
            raise ValueError(f"{name} must be a whole number from 0.")
        return int(str(value))
    return str(value)
