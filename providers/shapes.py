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
    lifetime,
    line,
    mapping,
    maybe,
    moment,
    money,
    paid_out,
    phone,
    rows,
    text,
    whole,
    word,
)
from providers.values import Balance, Page, Rented, Service, Transaction

_ACTIVATION_ID: Final = ("activation_id", "activationId")


def balance(source: Document) -> Balance:
    """Read a wallet's balance; the currency is upper case, "" where it is not told."""
    inner = layers(source)[-1]
    currency = maybe(word, first(inner, "currency")) or ""
    return Balance(amount=money(first(inner, "balance")), currency=currency.upper())


def rented(source: Document) -> Rented:
    """Read the answer to a rent. All but the one activation id may be missing or odd."""
    inner = layers(source)[-1]
    return Rented(
        activation_id=only_activation_id(*layers(source)),
        phone_number=maybe(phone, first(inner, "phone_number", "phoneNumber")) or "",
        price=maybe(money, first(inner, "price")),
        ttl=maybe(lifetime, first(inner, "ttl")),
        created_at=maybe(moment, first(inner, "created_at", "createdAt")),
        expires_at=maybe(moment, first(inner, "expires_at", "expiresAt")),
        service=service_code(inner),
    )


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
        ttl=maybe(lifetime, first(row, "ttl")) or 0,
        stock=maybe(whole, stock) if stock is not None else None,
        multiple_sms=flag(first(row, "multiple_sms", "multipleSms")),
    )


def transaction(value: object) -> Transaction:
    """Read a row of a statement; id, type and amount decide, and must be there.

    A purchase may have a minus before its amount: its type says the direction already.
    """
    row = mapping(value)
    kind = word(first(row, "type")).lower() or _missing("type")
    amount = paid_out if kind == "purchase" else money
    return Transaction(
        id=identifier(first(row, "id", "transaction_id")),
        kind=kind,
        amount=amount(first(row, "amount")),
        description=maybe(text, first(row, "description")) or "",
        created_at=maybe(moment, first(row, "created_at", "createdAt")),
    )


def only_activation_id(*sources: Document) -> str:
    """Give the one activation id that these objects name; none or two are Unreadable."""
    ids = activation_ids(*sources)
    if len(ids) != 1:
        raise Unreadable("more than one activation id" if ids else "no activation id")
    return ids.pop()


def activation_ids(*sources: Document) -> set[str]:
    """Give all the activation ids that these objects name; contradicting ones are Unreadable."""
    named = [value for source in sources if (value := first(source, *_ACTIVATION_ID)) is not None]
    if any(value is UNREADABLE for value in named):
        raise Unreadable("an activation id that contradicts itself")
    return {read for value in named if (read := maybe(identifier, value)) is not None}


def service_code(source: Document) -> str:
    """Read the code of a service, "" where there is none."""
    return maybe(word, first(source, "service_code", "serviceCode", "service", "code")) or ""


def layers(source: Document) -> list[Document]:
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
