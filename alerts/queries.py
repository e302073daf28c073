"""Page-shaped reads, and who sees which alerts: the one place where that is decided."""

from datetime import datetime

from django.db.models import Min, Q, QuerySet

from accounts.models import Membership
from alerts.models import Alert, Letter, Watch
from alerts.states import OWN, READERS, Kind
from rentals.visibility import may_rent


def kinds_of(membership: Membership) -> list[Kind]:
    """What a membership reads by its roles, whoever it is about."""
    return [kind for kind in Kind if membership.has(*READERS[kind])]


def reads(membership: Membership, alert: Alert) -> bool:
    """Whether an alert of the member's team is there for them."""
    return membership.has(*READERS[Kind(alert.kind)]) or alert.member_id == membership.user_id


def kinds_that_may_come(membership: Membership) -> list[Kind]:
    """What a member may be told of at all."""
    own = OWN if may_rent(membership) else frozenset[Kind]()
    return [kind for kind in Kind if kind in own or membership.has(*READERS[kind])]


def visible_alerts(membership: Membership) -> QuerySet[Alert]:
    """The team's alerts that are there for this member. Any other is a 404."""
    read = Q(kind__in=kinds_of(membership)) | Q(member=membership.user_id)
    return Alert.objects.filter(read, team=membership.team_id)


def acknowledgeable(membership: Membership) -> QuerySet[Alert]:
    """Those that a member may take on: by a role, and not because it is about themselves."""
    return Alert.objects.filter(team=membership.team_id, kind__in=kinds_of(membership))


def unanswered(membership: Membership) -> int:
    """How many are open and nobody has taken on."""
    waiting = visible_alerts(membership).filter(closed_at__isnull=True)
    return waiting.filter(acknowledged_at__isnull=True).count()


def troubled_letter(membership: Membership) -> Letter | None:
    """The last one to this person, where it could not be sent."""
    tried = Letter.objects.filter(membership=membership).exclude(sent_at__isnull=True, problem="")
    last = tried.order_by("-made_at", "-pk").first()
    return last if last is not None and last.problem else None


def last_looked() -> datetime | None:
    """When all that can be wrong was last looked for; None before the first time."""
    at: datetime | None = Watch.objects.aggregate(at=Min("looked_at"))["at"]
    return at
