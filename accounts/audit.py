"""The trail of who did what: written with what it records, or not at all."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.db import models, transaction

from accounts.actions import Action
from accounts.models import AuditEvent, Team, User
from accounts.pages.addresses import current_address

_NO_WORD: Final = re.compile(r"[\W_]+")
_WORDS: Final = 2000  # characters that a search looks through


def record(
    *,
    team: Team | None,
    actor: User | None,
    action: Action,
    object: models.Model | None = None,  # noqa: A002 - the field's own name
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Write an audit event inside the caller's transaction.

    `actor` is None for the portal itself and for an operator at the command line. `before` and
    `after` are JSON values and hold no secret, nor does the object's own name. The address is that
    of the request that is being served. Raises ValueError for a word that is no Action.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An audit event belongs in the transaction of what it records.")
    known = Action(action)
    label = str(object)[:200] if object else ""
    return AuditEvent.objects.create(
        team=team,
        actor=actor,
        address=current_address(),
        action=known,
        family=known.family,
        is_money=known.is_money,
        object_type=object._meta.label_lower if object else "",
        object_id=str(object.pk) if object else "",
        label=label,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
        words=_words([label, reason, *_values(before or {}), *_values(after or {})]),
    )


def record_of_person(
    *,
    person: User | None,
    actor: User | None,
    action: Action,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write what concerns a person and no team, such as a sign-in, for each team that they are in.

    Of somebody who is in none, or whom nobody knows, the installation's log tells.
    """
    teams: list[Team | None] = []
    if person is not None:
        teams.extend(Team.objects.filter(memberships__user=person).order_by("pk"))
    for team in teams or [None]:
        record(team=team, actor=actor, action=action, object=person, before=before, after=after)


def plain(text: str) -> str:
    """Text as it is searched: words of letters and digits, in small letters."""
    return _NO_WORD.sub(" ", text).strip().lower()


def _words(texts: Iterable[str]) -> str:
    return plain(" ".join(texts))[:_WORDS]


def _values(value: Any) -> Iterator[str]:
    """All that is said in a JSON value, without the names of its fields."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _values(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
