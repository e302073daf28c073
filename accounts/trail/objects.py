"""What audit events are about: its name for people, and its page.

Imports go one way, so applications above this one register what is theirs in their AppConfig's
ready().
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise

from accounts.models import AuditEvent, Team


@dataclass(frozen=True, slots=True)
class Kind:
    """`page` is a route below a team's, which takes the object's number as `argument`, if any.

    `retold` puts the name that an event keeps into a person's words; "" where its kind and number
    say as much.
    """

    title: str | Promise
    page: str = ""
    argument: str = ""
    retold: Callable[[str], str] = str


_kinds: dict[str, Kind] = {}


def register(label: str, kind: Kind) -> None:
    """`label` is the model's, such as "rentals.rental"."""
    _kinds[label] = kind


def kinds() -> list[tuple[str, str]]:
    """For a choice, by title."""
    return sorted(
        ((label, str(kind.title)) for label, kind in _kinds.items()), key=lambda each: each[1]
    )


def title(event: AuditEvent) -> str:
    """Such as "Rental #42"; "" for an event about nothing in particular."""
    if not event.object_type:
        return ""
    kind = _kinds.get(event.object_type)
    name = str(kind.title) if kind else event.object_type.rpartition(".")[2]
    return f"{name} #{event.object_id}"


def named(event: AuditEvent) -> str:
    """What it is called, such as "WhatsApp #42"; else its title."""
    kind = _kinds.get(event.object_type)
    return (kind.retold(event.label) if kind else event.label) or title(event)


def nameless(_label: str) -> str:
    """For a kind whose name says no more than its title."""
    return ""


def address(event: AuditEvent, team: Team) -> str:
    """Of the object's page; "" where it has none."""
    kind = _kinds.get(event.object_type)
    if kind is None or not kind.page:
        return ""
    if kind.argument and not event.object_id.isdecimal():
        return ""
    number = {kind.argument: int(event.object_id)} if kind.argument else {}
    return reverse(kind.page, kwargs={"team": team.slug, **number})
