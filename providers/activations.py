"""What a read says of a rental: its state and its messages; and what a cancel or finish says."""

from collections.abc import Callable
from typing import Final

from providers.reading import (
    Document,
    Unreadable,
    first,
    identifier,
    lifetime,
    line,
    mapping,
    maybe,
    moment,
    money,
    phone,
    rows,
    text,
    word,
)
from providers.shapes import activation_ids, layers
from providers.values import Activation, ActivationStatus, Done, Message

MAX_CODE_LENGTH: Final = 40
MESSAGE_IDS: Final = ("message_id", "messageId")
MESSAGE_TIMES: Final = ("received_at", "receivedAt")

_STATUSES: Final = {
    "waiting": ActivationStatus.WAITING,
    "pending": ActivationStatus.WAITING,
    "received": ActivationStatus.RECEIVED,
    "finished": ActivationStatus.FINISHED,
    "completed": ActivationStatus.FINISHED,
    "cancelled": ActivationStatus.CANCELLED,
    "canceled": ActivationStatus.CANCELLED,
    "expired": ActivationStatus.EXPIRED,
}
_AFFIRMATIVE: Final = frozenset({"success", "ok", "true"})
_DONE: Final = _AFFIRMATIVE | {"finished", "completed", "cancelled", "canceled"}


def activation_of(activation_id: str) -> Callable[[Document], Activation]:
    """Make the reader of a rental's state, which refuses an answer about another activation."""

    def take(source: Document) -> Activation:
        _check_same(source, activation_id)
        return _activation(source)

    return take


def done_with(activation_id: str) -> Callable[[Document], Done]:
    """Make the reader of a cancel's or a finish's answer, likewise for that activation alone."""

    def take(source: Document) -> Done:
        _check_same(source, activation_id)
        said = first(source, "status", "success")
        if said is not None and str(said).strip().lower() not in _DONE:
            raise Unreadable("it does not say that it was done")
        return Done(message=maybe(line, first(source, "message")) or "")

    return take


def message(
    value: object, *, ids: tuple[str, ...] = MESSAGE_IDS, times: tuple[str, ...] = MESSAGE_TIMES
) -> Message:
    """Read one SMS: a code, a text, or both. What is too long for a code is its text instead.

    `ids` and `times` name the fields of the message's own id and time of receipt: beside a
    rental's fields a plain `id` or `created_at` would be the rental's.
    """
    row = {"text": value} if isinstance(value, str) else mapping(value)
    words = maybe(text, first(row, "text")) or ""
    code = _printable(maybe(text, first(row, "code")) or "").strip()
    if not words.strip() and not code:
        raise Unreadable("a message without code and text")
    if len(code) > MAX_CODE_LENGTH:
        words, code = words if words.strip() else code, ""
    return Message(
        code=code,
        text=words,
        id=maybe(identifier, first(row, *ids)),
        received_at=maybe(moment, first(row, *times)),
    )


def _printable(code: str) -> str:
    """Without invisible characters: one that turns the reading direction shows another code."""
    if code.isprintable():
        return code
    return "".join(sign for sign in code if sign.isprintable())


def _activation(source: Document) -> Activation:
    inner = layers(source)[-1]
    found = _messages_in(inner)
    return Activation(
        status=_status_in(inner, found, wrapped=inner is not source),
        messages=found,
        phone_number=maybe(phone, first(inner, "phone_number", "phoneNumber")) or "",
        price=maybe(money, first(inner, "price")),
        ttl=maybe(lifetime, first(inner, "ttl")),
        created_at=maybe(moment, first(inner, "created_at", "createdAt")),
        service=maybe(word, first(inner, "service_code", "serviceCode", "service")) or "",
    )


def _status_in(inner: Document, found: tuple[Message, ...], *, wrapped: bool) -> ActivationStatus:
    status = inner.get("status")
    said = status.strip().lower() if isinstance(status, str) else ""
    told = _STATUSES.get(said, ActivationStatus.UNKNOWN)
    if found and told in (ActivationStatus.UNKNOWN, ActivationStatus.WAITING):
        return ActivationStatus.RECEIVED
    says_nothing = said in _AFFIRMATIVE or not said
    if says_nothing and not found and not wrapped and _listed_in(inner) is None:
        raise Unreadable("no status and no message")
    return told


def _messages_in(inner: Document) -> tuple[Message, ...]:
    listed = _listed_in(inner)
    if listed is not None:
        given = rows(inner[listed])
        found = tuple(m for row in given if (m := maybe(_listed_message, row)) is not None)
        if given and not found:
            raise Unreadable("no message of the list could be read")
        if found:
            return found
    lone = maybe(message, inner)
    return (lone,) if lone is not None else ()


def _listed_in(inner: Document) -> str | None:
    """What its list of messages is called, if it has one: as the lists of services, also `data`."""
    if "messages" in inner:
        return "messages"
    return "data" if isinstance(inner.get("data"), list) else None


def _listed_message(value: object) -> Message:
    return message(value, ids=(*MESSAGE_IDS, "id"), times=(*MESSAGE_TIMES, "created_at"))


def _check_same(source: Document, activation_id: str) -> None:
    if not activation_ids(*layers(source)) <= {activation_id}:
        raise Unreadable("it is about another activation")
