"""Who may listen, and to which audience: asked for many at once, because streams come in floods.

A session is judged as django.contrib.auth does it, but never changed: a stream sets no cookie.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from hashlib import sha256

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Membership, Team, User
from rentals import channels
from rentals.lanes.link import Link


class Refused(Enum):
    NOT_SIGNED_IN = auto()  # no session, or none that still holds
    NOT_MEMBER = auto()  # no such team, or not one of the user's


@dataclass(frozen=True, slots=True)
class Permit:
    """What a stream was opened with, so that it can be checked again, and what it may hear."""

    session_key: str
    user_id: int
    team_id: int
    password_digest: bytes  # a new password ends the sessions from before it
    audience: str


@dataclass(frozen=True, slots=True)
class Request:
    """The session cookie's value, "" where there is none, and the slug of the wanted team."""

    session_key: str
    slug: str


def session_key(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The session cookie's value, "" where there is none or what can't be one."""
    cookies = "; ".join(v.decode("latin-1") for k, v in headers if k == b"cookie")
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() else ""


class Admission:
    """Reads sessions and memberships over a connection of its own. Raises psycopg.Error."""

    def __init__(self) -> None:
        self._link = Link()

    async def close(self) -> None:
        await self._link.close()

    async def admit(self, requests: list[Request]) -> list[Permit | Refused]:
        """Give a permit, or why there is none, for each request."""
        signed_in = await self._signed_in({request.session_key for request in requests})
        users = {user.pk for user in signed_in.values()}
        slugs = {request.slug for request in requests}
        memberships = {
            (membership.user_id, membership.team.slug): membership
            for membership in await self._memberships(user__in=users, team__slug__in=slugs)
        }

        def answer(request: Request) -> Permit | Refused:
            user = signed_in.get(request.session_key)
            if user is None:
                return Refused.NOT_SIGNED_IN
            membership = memberships.get((user.pk, request.slug))
            if membership is None:
                return Refused.NOT_MEMBER
            return _permit(request.session_key, membership)

        return [answer(request) for request in requests]

    async def renew(self, permits: list[Permit]) -> list[Permit | None]:
        """Give each permit as it is now, or None where it no longer holds."""
        sessions = await self._sessions({permit.session_key for permit in permits})
        memberships = {
            (membership.user_id, membership.team_id): membership
            for membership in await self._memberships(
                user__in={permit.user_id for permit in permits},
                team__in={permit.team_id for permit in permits},
            )
        }
        return [
            _renewed(permit, memberships.get((permit.user_id, permit.team_id)))
            if permit.session_key in sessions
            else None
            for permit in permits
        ]

    async def _signed_in(self, keys: set[str]) -> dict[str, User]:
        """The user of each session that holds, with no more than an id and a password."""
        sessions = {
            key: SessionStore().decode(data) for key, data in (await self._sessions(keys)).items()
        }
        ids = {s[SESSION_KEY] for s in sessions.values() if str(s.get(SESSION_KEY)).isdecimal()}
        active = User.objects.filter(pk__in=ids, is_active=True)
        rows = await self._link.select(active.values_list("pk", "password")) if ids else []
        users = {str(pk): User(pk=pk, password=password) for pk, password in rows}
        found = {key: users.get(str(session.get(SESSION_KEY))) for key, session in sessions.items()}
        return {
            key: user
            for key, user in found.items()
            if user is not None and _holds(sessions[key].get(HASH_SESSION_KEY, ""), user)
        }

    async def _sessions(self, keys: set[str]) -> dict[str, str]:
        """The data of those sessions that are not over."""
        live = Session.objects.filter(session_key__in=keys, expire_date__gt=timezone.now())
        return dict(await self._link.select(live.values_list("session_key", "session_data")))

    async def _memberships(self, **wanted: object) -> list[Membership]:
        """Memberships of active users, with what an audience depends on."""
        if not all(wanted.values()):
            return []
        found = Membership.objects.filter(user__is_active=True, **wanted).values_list(
            "user_id", "user__password", "team_id", "team__slug", "team__shares_board", "roles"
        )
        return [
            Membership(
                user=User(pk=user_id, password=password),
                team=Team(pk=team_id, slug=slug, shares_board=shares_board),
                roles=roles,
            )
            for user_id, password, team_id, slug, shares_board, roles in (
                await self._link.select(found)
            )
        ]


def _holds(session_hash: str, user: User) -> bool:
    """Whether a session was begun with the user's password of now."""
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(session_hash, known) for known in hashes)


def _permit(key: str, membership: Membership) -> Permit:
    return Permit(
        session_key=key,
        user_id=membership.user_id,
        team_id=membership.team_id,
        password_digest=_digest(membership.user),
        audience=channels.audience(membership),
    )


def _renewed(permit: Permit, membership: Membership | None) -> Permit | None:
    if membership is None or _digest(membership.user) != permit.password_digest:
        return None
    audience = channels.audience(membership)
    return permit if audience == permit.audience else replace(permit, audience=audience)


def _digest(user: User) -> bytes:
    return sha256(user.password.encode()).digest()[:16]
