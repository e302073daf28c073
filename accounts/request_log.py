"""The requests that went to a provider, written down for a week.

The log is for people who look for what goes wrong. What may still be asked rests on the request
counts, and what was rented on the answers that are kept with the rental: so a line that can't be
written is given up, and a worker that dies takes those of its last turn along.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import Error, connection

from accounts.models import SentRequest
from accounts.states import Lane
from providers.calls import Call, Reply
from providers.judging import Judged, Verdict, judge

log = structlog.get_logger(__name__)

KEPT_FOR: Final = timedelta(days=7)
AT_ONCE: Final = 10_000  # rows that are deleted together

_FORGET: Final = """
    DELETE FROM accounts_sentrequest WHERE id = ANY(ARRAY(
        SELECT id FROM accounts_sentrequest WHERE at < %s LIMIT %s
    ))
"""


def line[T](
    account_id: int,
    call: Call[T],
    reply: Reply,
    *,
    lane: Lane,
    at: datetime,
    judged: Judged[T] | None = None,
) -> SentRequest:
    """One request, not written yet; `judged` where the reply was read already."""
    judged = judged or judge(call, reply)
    return SentRequest(
        account_id=account_id,
        at=at,
        lane=lane,
        call=call.name,
        method=call.method,
        path=call.path[:200],
        status=reply.status,
        verdict=judged.verdict.value,
        detail=judged.detail[:300],
        milliseconds=round(reply.seconds * 1000),
        bytes=len(reply.body),
    )


def keep(lines: Sequence[SentRequest]) -> None:
    """Write lines in one statement. What was sent was sent, so this fails nobody."""
    if not lines:
        return
    try:
        SentRequest.objects.bulk_create(lines)
    except Error as problem:
        log.warning("requests_not_logged", lines=len(lines), problem=type(problem).__name__)


def gathered(lines: Iterable[SentRequest]) -> list[SentRequest]:
    """The lines of one turn, with those that were answered alike as one.

    Polls that went well are nearly all that there is, some ten thousand a day, and each says the
    same. An error is always a line of its own.
    """
    alike: defaultdict[tuple[str, str, str], list[SentRequest]] = defaultdict(list)
    alone = []
    for each in lines:
        if each.verdict == Verdict.DONE:
            alike[each.lane, each.call, each.path].append(each)
        else:
            alone.append(each)
    return [*map(_together, alike.values()), *alone]


def _together(lines: list[SentRequest]) -> SentRequest:
    first = lines[0]
    first.count = len(lines)
    first.milliseconds = round(sum(each.milliseconds for each in lines) / len(lines))
    first.bytes = sum(each.bytes for each in lines)
    return first


def forget(*, now: datetime) -> int:
    """Delete what is older than a week, some at a time; return how many rows."""
    gone = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(_FORGET, [now - KEPT_FOR, AT_ONCE])
            deleted: int = cursor.rowcount
            gone += deleted
            if deleted < AT_ONCE:
                return gone
