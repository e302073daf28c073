"""People who are signed in, by the hundred: cookies to open streams with."""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Membership, Team, User  # noqa: E402
from accounts.states import Role  # noqa: E402

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
STREAMS = 20  # of one person: what the lane allows


def make_team() -> Team:
    name = f"bench-{secrets.token_hex(4)}"
    return Team.objects.create(name=name, slug=name)


def cookies(team: Team, count: int, *roles: Role) -> list[str]:
    """So many people of the team, each with a session: their cookies."""
    users = User.objects.bulk_create(
        User(email=f"{secrets.token_hex(8)}@example.com", password=f"!{secrets.token_hex(8)}")
        for _ in range(count)
    )
    Membership.objects.bulk_create(
        Membership(team=team, user=user, roles=list(roles or (Role.ADMIN,))) for user in users
    )
    return sign_in(users)


def sign_in(users: Sequence[User]) -> list[str]:
    """Their cookies."""
    sessions = [_session(user) for user in users]
    Session.objects.bulk_create(sessions)
    return [f"sessionid={session.session_key}" for session in sessions]


def _session(user: User) -> Session:
    store = SessionStore()
    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: BACKEND,
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    return Session(
        session_key=secrets.token_hex(16),
        session_data=store.encode(data),
        expire_date=timezone.now() + timedelta(hours=1),
    )
