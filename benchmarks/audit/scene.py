"""A team with five years of audit events behind it."""

from typing import Any, Final

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.actions import FAMILIES, Action  # noqa: E402
from accounts.models import AuditEvent, Membership, Team, User  # noqa: E402
from accounts.states import Role  # noqa: E402
from accounts.trail.entries import Place as At  # noqa: E402
from benchmarks.indexes import without_indexes  # noqa: E402
from benchmarks.pages.asking import Page  # noqa: E402
from benchmarks.pages.scene import Place  # noqa: E402

PEOPLE: Final = 200
YEARS: Final = 5

# Rentals are nine of ten events; the others are spread over all the other actions.
_EVENTS: Final = """
    INSERT INTO accounts_auditevent (team_id, at, actor_id, address, action, family, is_money,
        object_type, object_id, label, before, after, reason, words)
    SELECT %(team)s, %(until)s::timestamptz - make_interval(secs => (%(events)s - n) * %(gap)s),
        (%(people)s::bigint[])[1 + floor(power(random(), 2) * %(persons)s)::int],
        ('10.0.' || n %% 50 || '.' || n %% 200)::inet, a.action, a.family, a.money,
        'rentals.rental', (n / 3)::text, 'Service ' || n %% 40 || ' #' || n / 3,
        '{}', jsonb_build_object('service', 'Service ' || n %% 40, 'price', '0.45'),
        CASE WHEN n %% 20 = 0 THEN 'Ticket ' || n %% 9973 ELSE '' END,
        'service ' || n %% 40 || ' ' || n / 3 || ' 0 45 usd' ||
            CASE WHEN n %% 20 = 0 THEN ' ticket ' || n %% 9973 ELSE '' END
    FROM generate_series(1, %(events)s) n
    CROSS JOIN LATERAL (SELECT CASE WHEN random() < 0.9 THEN 1 + n %% 3
        ELSE 1 + floor(random() * %(actions)s + 0 * n)::int END AS number) chosen
    JOIN unnest(%(words)s::text[], %(families)s::text[], %(money)s::boolean[]) WITH ORDINALITY
        a(action, family, money, place) ON a.place = chosen.number
"""


def filled(events: int) -> Place:
    """A new team with so many events, and an admin and a finance user of it."""
    number = Team.objects.count() + 1
    team = Team.objects.create(name=f"Team {number}", slug=f"audit-{number}", time_zone="UTC")
    people = [_person(f"person-{number}-{each}", team, Role.MEMBER) for each in range(PEOPLE)]
    admin = _person(f"auditor-{number}", team, Role.ADMIN)
    finance = _person(f"books-{number}", team, Role.FINANCE)
    _write(team, people, events)
    return Place(0, team, admin, finance, [])


def pages(place: Place) -> list[Page]:
    """`own` is asked for by finance, the others by an admin."""
    busy = str(Membership.objects.filter(team=place.team).order_by("pk")[0].user_id)
    middle = _in_the_middle(place.team)
    kind = ("kind", "rentals.rental")
    return [
        Page("audit", "audit_log"),
        Page("audit_far_down", "audit_log", (("before", middle),)),
        Page("audit_of_person", "audit_log", (("person", busy),)),
        Page("audit_of_family", "audit_log", (("family", "codes"),)),
        Page("audit_of_action", "audit_log", (("action", Action.MONTH_CLOSED.value),)),
        Page("audit_of_address", "audit_log", (("address", "10.0.7.7"),)),
        Page("audit_of_rental", "audit_log", (kind, ("number", "3000"))),
        Page("audit_of_person_and_family", "audit_log", (("person", busy), ("family", "codes"))),
        Page("audit_of_days", "audit_log", (("since", "2026-01-01"), ("until", "2026-03-31"))),
        Page("audit_search_rare", "audit_log", (("q", "ticket 4321"),)),
        Page("audit_search_common", "audit_log", (("q", "service"),)),
        Page("audit_search_unknown", "audit_log", (("q", "nowhere"),)),
        Page("audit_of_money", "audit_log", own=True),
    ]


def _in_the_middle(team: Team) -> str:
    events = AuditEvent.objects.filter(team=team)
    first, last = (events.order_by(order)[0] for order in ("pk", "-pk"))
    return str(At(first.at + (last.at - first.at) / 2, 0))


def _person(name: str, team: Team, role: Role) -> User:
    user = User.objects.create(email=f"{name}@example.com", name=name, password=make_password(None))
    Membership.objects.create(user=user, team=team, roles=[role])
    return user


def _write(team: Team, people: list[User], events: int) -> None:
    rentals = [Action.RENTAL_REQUESTED, Action.RENTAL_CANCELLED, Action.RENTAL_FINISHED]
    actions = [*rentals, *(action for action in Action if action not in rentals)]
    values: dict[str, Any] = {
        "team": team.pk,
        "until": timezone.now(),
        "events": events,
        "gap": YEARS * 365 * 86_400 / events,
        "people": [user.pk for user in people],
        "persons": len(people),
        "actions": len(actions),
        "words": [action.value for action in actions],
        "families": [FAMILIES[action].value for action in actions],
        "money": [action.is_money for action in actions],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows that fit each other by the way they are made need no look at each foreign key.
        cursor.execute("SET LOCAL session_replication_role = replica")
        with without_indexes(cursor, "accounts_auditevent"):
            cursor.execute(_EVENTS, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE accounts_auditevent")
        cursor.execute("CHECKPOINT")
