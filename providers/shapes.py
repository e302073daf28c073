"""From JSON objects to our values, in the dialect that both documents share.

The two APIs differ in names (`service_code`, `service`, `code`), in case (`activation_id`,
`activationId`) and in how deep a rental is wrapped; each reader here takes all of them, so that
a field that moves or is renamed after the sister API costs nothing. Readers raise Unreadable
where what cannot be done without is missing.
"""

from collections.abc import Callable
from itertools import islice
from typing import Final

from providers.reading import (
    UNREADABLE,
    Document,
    Unreadable,
    first,
    flag,
    identifier,
    line,
    mapping,
    maybe,
    moment,
    money,
    phone,
    rows,
    text,
    whole,
)
from providers.values import (
    Activation,
    ActivationStatus,
    Balance,
    Done,
    Message,
    Page,
    Rented,
    Service,
    Transaction,
)

_ACTIVATION_ID: Final = ("activation_id", "activationId")
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
MESSAGE_IDS: Final = ("message_id", "messageId")
MESSAGE_TIMES: Final = ("received_at", "receivedAt")


def balance(source: Document) -> Balance:
    """Read a wallet's balance; the currency is upper case, "" where it is not told."""
    inner = _layers(source)[-1]
    currency = maybe(line, first(inner, "currency")) or ""
    return Balance(amount=money(first(inner, "balance")), currency=currency.upper())


def rented(source: Document) -> Rented:
    """Read the answer to a rent. All but the one activation id may be missing or odd."""
    inner = _layers(source)[-1]
    return Rented(
        activation_id=only_activation_id(*_layers(source)),
        phone_number=maybe(phone, first(inner, "phone_number", "phoneNumber")) or "",
        price=maybe(money, first(inner, "price")),
        ttl=maybe(whole, first(inner, "ttl")) or None,
        created_at=maybe(moment, first(inner, "created_at", "createdAt")),
        expires_at=maybe(moment, first(inner, "expires_at", "expiresAt")),
        service=service_code(inner),
    )


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


def page_of[T](
    *names: str, item: Callable[[object], T], asked: int, last: int | None = None
) -> Callable[[Document], Page[T]]:
    """Make the reader of a page of rows found under one of `names`.

    Unreadable rows are left out and counted; a page of nothing else is unreadable. `last` is
    the number of the last page where the answer does not say.
    """

    def take(source: Document) -> Page[T]:
        found = [name for name in names if name in source]
        if not found:
            raise Unreadable("the list is missing")
        given = rows(source[found[0]])
        items = tuple(read for read in (maybe(item, row) for row in given) if read is not None)
        if given and not items:
            raise Unreadable("no row of the list could be read")
        meta = source.get("meta")
        meta = meta if isinstance(meta, dict) else source
        total = maybe(whole, first(meta, "total"))
        return Page(
            items=items,
            number=maybe(whole, first(meta, "current_page")) or asked,
            last=_last_page(meta, total) or last,
            total=total,
            unreadable=len(given) - len(items),
        )

    return take


def service(value: object) -> Service:
    """Read a row of a catalogue; its code and price decide, and must be there."""
    row = mapping(value)
    code = service_code(row) or _missing("code")
    stock = first(row, "count", "stock")
    return Service(
        code=code,
        name=maybe(line, first(row, "name")) or code,
        price=money(first(row, "price")),
        ttl=maybe(whole, first(row, "ttl")) or 0,
        stock=maybe(whole, stock) if stock is not None else None,
        multiple_sms=flag(first(row, "multiple_sms", "multipleSms")),
    )


def transaction(value: object) -> Transaction:
    """Read a row of a statement; id, type and amount decide, and must be there."""
    row = mapping(value)
    return Transaction(
        id=identifier(first(row, "id", "transaction_id")),
        kind=line(first(row, "type")).lower() or _missing("type"),
        amount=money(first(row, "amount")),
        description=maybe(text, first(row, "description")) or "",
        created_at=maybe(moment, first(row, "created_at", "createdAt")),
    )


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


def only_activation_id(*sources: Document) -> str:
    """Give the one activation id that these objects name; none or two are Unreadable."""
    named = [value for source in sources if (value := first(source, *_ACTIVATION_ID)) is not None]
    ids = {read for value in named if (read := maybe(identifier, value)) is not None}
    if len(ids) != 1 or UNREADABLE in named:
        raise Unreadable("no activation id" if not ids else "more than one activation id")
    return ids.pop()


def service_code(source: Document) -> str:
    """Read the code of a service, "" where there is none."""
    return maybe(line, first(source, "service_code", "serviceCode", "service", "code")) or ""


def _activation(source: Document) -> Activation:
    inner = _layers(source)[-1]
    found = _messages_in(inner)
    return Activation(
        status=_status_in(inner, found, wrapped=inner is not source),
        messages=found,
        phone_number=maybe(phone, first(inner, "phone_number", "phoneNumber")) or "",
        price=maybe(money, first(inner, "price")),
        ttl=maybe(whole, first(inner, "ttl")) or None,
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
    named = maybe(lambda _: only_activation_id(*_layers(source)), None)
    if named is not None and named != activation_id:
        raise Unreadable("it is about another activation")


def _layers(source: Document) -> list[Document]:
    """Give the object and those that it wraps as its rental or its data, outermost first."""
    layers = [source]
    for name in ("data", "rental"):
        held = (layer[name] for layer in reversed(layers) if isinstance(layer.get(name), dict))
        layers.extend(mapping(inner) for inner in islice(held, 1))
    return layers


def _last_page(meta: Document, total: int | None) -> int | None:
    per_page = maybe(whole, first(meta, "per_page"))
    if last := maybe(whole, first(meta, "last_page")):
        return last
    return -(-total // per_page) if total and per_page else None


def _missing(what: str) -> str:
    raise Unreadable(f"no {what}")
