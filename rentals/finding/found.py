"""All that is found for some words, in groups."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from rentals.finding import pages, people, rentals, services
from rentals.finding.hits import Group, Hit
from rentals.finding.known import known

__all__ = ["Found", "Group", "Hit", "find", "wanted"]

LONGEST = 100  # signs
MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Found:
    words: str
    groups: list[Group]  # none of them empty

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)


def wanted(text: str) -> str:
    """What somebody typed, fit for looking: without what no name has, and not too much of it."""
    return " ".join(text.replace("\0", " ")[:LONGEST].split()[:MOST_WORDS])


def find(membership: Membership, words: str, *, now: datetime) -> Found:
    """What fits every one of the words; without any, the pages that there are."""
    each = words.split()
    groups = [Group("pages", _("Pages"), pages.find(membership, each))]
    if each:
        there = known(membership)
        groups += [
            Group("services", _("Services"), services.find(membership, each, there)),
            Group("rentals", _("Rentals"), rentals.find(membership, each, there, now=now)),
            Group("people", _("People"), people.find(membership, each, there)),
        ]
    return Found(words, [group for group in groups if group.hits])
