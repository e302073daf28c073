"""What a condition is, and what it finds."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from accounts.models import Team
from alerts.states import Kind, Severity

type Subject = tuple[int, str]  # a team's id, and what of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Something that is wrong now, in the words of Alert's fields."""

    team_id: int
    subject: str
    severity: Severity
    title: str
    detail: str
    link: str
    member_id: int | None = None

    @property
    def key(self) -> Subject:
        return self.team_id, self.subject


@dataclass(frozen=True, slots=True)
class Condition:
    """`holding` gets the time and the subjects whose alert is open, for which a limit may be
    wider than for the others, so that an alert does not come and go with every cent.

    `calm`: an alert is closed when it has not held for that long.
    """

    kind: Kind
    holding: Callable[[datetime, Collection[Subject]], Iterator[Holding]]
    calm: timedelta = timedelta()


def page(route: str, team: Team, **parts: Any) -> str:
    """The path of a team's page."""
    return reverse(route, kwargs={"team": team.slug, **parts})
