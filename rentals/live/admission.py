"""Who may listen, and to which audience. Uses the ORM: for a thread."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.http import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Membership, User
from rentals import channels


class NotSignedIn(Exception):
    """No session, or none that still holds."""


class NotMember(Exception):
    """No such team, or not one of the user's."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a stream was opened with, so that it can be checked again, and what it may hear."""

    session_key: str
    user_id: int
    team_id: int
    password_digest: bytes  # a new password ends the sessions from before it
    audience: str


def session_key(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The session cookie's value, "" where there is none."""
    cookies = "; ".join(v.decode("latin-1") for k, v in headers if k == b"cookie")
    key = parse_cookie(cookies).get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() else ""


def admit(key: str, slug: str) -> Permit:
    """Check a session's user into a team's stream. Raises NotSignedIn, NotMember."""
    user = _user_of(SessionStore(key) if key else SessionStore())
    membership = (
        Membership.objects.select_related("team", "user").filter(team__slug=slug, user=user).first()
    )
    if membership is None:
        raise NotMember
    return _permit(key, membership)


def renew(permits: Sequence[Permit]) -> list[Permit | None]:
    """Check permits again, all at once: each as it is now, or None where it no longer holds."""
    sessions = set(
        Session.objects.filter(
            session_key__in={permit.session_key for permit in permits},
            expire_date__gt=timezone.now(),
        ).values_list("session_key", flat=True)
    )
    memberships = {
        (membership.user_id, membership.team_id): membership
        for membership in Membership.objects.select_related("team", "user").filter(
            user__in={permit.user_id for permit in permits},
            team__in={permit.team_id for permit in permits},
            user__is_active=True,
        )
    }
    return [
        _renewed(permit, memberships.get((permit.user_id, permit.team_id)))
        if permit.session_key in sessions
        else None
        for permit in permits
    ]


def _user_of(session: SessionStore) -> User:
    # As django.contrib.auth.get_user does, but it changes no session: a stream sets no cookie.
    try:
        user = User.objects.filter(pk=session.get(SESSION_KEY, ""), is_active=True).first()
    except (ValueError, ValidationError):
        user = None
    if user is None:
        raise NotSignedIn
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    if not any(constant_time_compare(session.get(HASH_SESSION_KEY, ""), h) for h in hashes):
        raise NotSignedIn
    return user


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
