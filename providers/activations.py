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
)
from providers.shapes import activation_ids, layers
from providers.values import Activation, ActivationStatus, Done, Message

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
        word = first(source, "status", "success")
        if word is not None and str(word).strip().lower() not in _DONE:
            raise Unreadable("it does not say that it was done")
        return Done(message=maybe(line, first(source, "message")) or "")

    return take


def message(
    value: object, *, ids: tuple[str, ...] = MESSAGE_IDS, times: tuple[str, ...] = MESSAGE_TIMES
) -> Message:
    """Read one SMS: a code, a text, or both; neither is ever cut short.

    `ids` and `times` name the fields of the message's own id and time of receipt: beside a
    rental's fields a plain `id` or `created_at` would be the rental's.
    """
    row = {"text": value} if isinstance(value, str) else mapping(value)
    words, code = maybe(text, first(row, "text")) or "", maybe(text, first(row, "code")) or ""
    if not words.strip() and not code.strip():
        raise Unreadable("a message without code and text")
    return Message(
        code=code.strip(),
        text=words,
        id=maybe(identifier, first(row, *ids)),
        received_at=maybe(moment, first(row, *times)),
    )


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
        service=maybe(line, first(inner, "service_code", "serviceCode", "service")) or "",
    )


def _status_in(inner: Document, found: tuple[Message, ...], *, wrapped: bool) -> ActivationStatus:
    word = inner.get("status")
    word = word.strip().lower() if isinstance(word, str) else ""
    told = _STATUSES.get(word, ActivationStatus.UNKNOWN)
    if found and told in (ActivationStatus.UNKNOWN, ActivationStatus.WAITING):
        return ActivationStatus.RECEIVED
    says_nothing = word in _AFFIRMATIVE or not word
    if says_nothing and not found and not wrapped and "messages" not in inner:
        raise Unreadable("no status and no message")
    return told


def _messages_in(inner: Document) -> tuple[Message, ...]:
    if "messages" in inner:
        given = rows(inner["messages"])
        found = tuple(m for row in given if (m := maybe(_listed_message, row)) is not None)
        if given and not found:
            raise Unreadable("no message of the list could be read")
        if found:
            return found
    lone = maybe(message, inner)
    return (lone,) if lone is not None else ()


def _listed_message(value: object) -> Message:
    return message(value, ids=(*MESSAGE_IDS, "id"), times=(*MESSAGE_TIMES, "created_at"))


def _check_same(source: Document, activation_id: str) -> None:
    if not activation_ids(*layers(source)) <= {activation_id}:
        raise Unreadable("it is about another activation")
