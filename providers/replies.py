"""From what the wire gave to a value or to the typed error: the one place that decides.

| the reply                                   | rent      | read        | cancel, finish |
|---------------------------------------------|-----------|-------------|----------------|
| never sent                                  | Refused   | Unavailable | Unavailable    |
| 429, whatever its body                      | Throttled | Throttled   | Throttled      |
| 2xx that holds what was asked for           | the value | the value   | the value      |
| 2xx that calls itself a failure             | as above  | Unavailable | Refused        |
| any other 2xx                               | Ambiguous | Unavailable | Unavailable    |
| documented 4xx with a JSON object           | Refused   | Refused     | Refused        |
| … and of these 401 is BadKey, 404 NotFound  |           |             |                |
| … and a rent's that names an activation     | Ambiguous |             |                |
| anything else: 3xx, 5xx, HTML, cut          | Ambiguous | Unavailable | Unavailable    |

A rent's 2xx is judged by the activation id alone, because an id is a number paid for whatever
the words around it say. A cancel that is answered with `"status": "error"` is the provider
saying that it did nothing. A read that is so answered proves nothing at all.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from providers.calls import Delivered, Effect, Reply
from providers.errors import (
    Ambiguous,
    BadKey,
    NotFound,
    ProviderError,
    Refused,
    Throttled,
    Unavailable,
)
from providers.reading import Document, Unreadable, document, first, mapping, parse_text
from providers.repair import repaired
from providers.wording import safe_words

LONGEST_RETRY_AFTER: Final = timedelta(days=1).total_seconds()
_FAILURES: Final = frozenset({"error", "fail", "failed", "failure"})


def reader[T](
    effect: Effect, take: Callable[[Document], T], documented: frozenset[int]
) -> Callable[[Reply], T]:
    """Make the reader of a call: `take` picks the value out of a JSON object or raises Unreadable.

    `documented` holds the 4xx statuses that the provider's document names for a refusal.
    """

    def read(reply: Reply) -> T:
        if reply.delivered is Delivered.NEVER_SENT:
            raise _never_sent(reply, effect)
        if reply.status == 429:
            raise Throttled("The provider asks to wait (429).", retry_after=retry_after(reply))
        if reply.delivered is not Delivered.ANSWERED or reply.status is None:
            raise _doubt(effect, reply, reply.problem or "The answer was cut off.")
        if 200 <= reply.status < 300:
            return _accepted(reply, effect, take)
        raise _turned_down(reply, effect, take, documented)

    return read


def retry_after(reply: Reply) -> float | None:
    """Read Retry-After in seconds, at most a day; None where it is missing or unreadable.

    A date counts from the answer's own Date header where it has one, so that neither our clock
    nor the time at which a stored answer is read again changes the result.
    """
    given = reply.headers.get("retry-after", "").strip()
    if given.isascii() and given.replace(".", "", 1).isdigit() and len(given) < 20:
        seconds = float(given)
    else:
        until = _http_date(given)
        if until is None:
            return None
        sent = _http_date(reply.headers.get("date", "")) or datetime.now(UTC)
        seconds = (until - sent).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def says_failure(source: Document) -> bool:
    """Whether a JSON object calls itself a failure: by status, success or error."""
    status = source.get("status")
    if isinstance(status, str) and status.strip().lower() in _FAILURES:
        return True
    return source.get("success") is False or bool(source.get("error")) or status is False


def _accepted[T](reply: Reply, effect: Effect, take: Callable[[Document], T]) -> T:
    try:
        source = _document_or_repaired(reply.body)
    except Unreadable as problem:
        raise _unread(effect, reply, problem) from None
    failed = says_failure(source)
    if failed and effect is Effect.REPEATABLE:
        raise Refused(_explained("The provider did not do it", source), status=reply.status)
    try:
        if effect is Effect.ONCE or not failed:
            return take(source)
    except Unreadable as problem:
        if not failed:
            raise _unread(effect, reply, problem) from None
    raise _doubt(effect, reply, _explained("The provider answered with a failure", source))


def _document_or_repaired(body: bytes) -> Document:
    try:
        return document(body)
    except Unreadable:
        mended = repaired(body.decode("utf-8-sig", errors="replace"))
        if mended is None:
            raise
        return mapping(parse_text(mended))


def _turned_down[T](
    reply: Reply, effect: Effect, take: Callable[[Document], T], documented: frozenset[int]
) -> ProviderError:
    if reply.status not in documented:
        detail = _explained("The provider did not answer as it documents", _readable(reply.body))
        return _doubt(effect, reply, detail)
    try:
        source = document(reply.body)
    except Unreadable:
        return _doubt(effect, reply, "Something other than the provider seems to have answered.")
    if effect is Effect.ONCE and _gives(take, source):
        return _doubt(effect, reply, "The provider refused and yet named an activation.")
    if reply.status == 401:
        return BadKey("The provider does not accept the key (401).", status=401)
    kind = NotFound if reply.status == 404 else Refused
    return kind(_explained(f"The provider refused ({reply.status})", source), status=reply.status)


def _gives[T](take: Callable[[Document], T], source: Document) -> bool:
    try:
        take(source)
    except Unreadable:
        return False
    return True


def _readable(body: bytes) -> Document:
    """The JSON object that a body is, or an empty one."""
    try:
        return document(body)
    except Unreadable:
        return {}


def _explained(lead: str, source: Document) -> str:
    """The lead, and what the provider wrote: beside the status, or in an object named error."""
    said = first(source, "message", "error", "detail")
    words = safe_words(first(said, "message", "detail") if isinstance(said, dict) else said)
    return f"{lead}: {words}" if words else f"{lead}."


def _never_sent(reply: Reply, effect: Effect) -> ProviderError:
    kind = Refused if effect is Effect.ONCE else Unavailable
    return kind(reply.problem or "The provider could not be reached.")


def _unread(effect: Effect, reply: Reply, problem: Unreadable) -> ProviderError:
    return _doubt(effect, reply, f"The answer could not be read: {problem}.")


def _doubt(effect: Effect, reply: Reply, detail: str) -> ProviderError:
    kind = Ambiguous if effect is Effect.ONCE else Unavailable
    status = f" ({reply.status})" if reply.status is not None else ""
    return kind(f"{detail.rstrip('.')}{status}.", status=reply.status)


def answered_on(reply: Reply) -> datetime | None:
    """When the answer was written, by the provider's own clock; None where it does not say."""
    return _http_date(reply.headers.get("date", ""))


def _http_date(value: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(value)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
