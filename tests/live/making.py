"""People with sessions in teams, and rentals of theirs that changed."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from accounts.models import Membership, Team, User
from accounts.states import Role
from rentals import channels
from rentals.models import Rental


@dataclass
class Person:
    user: User
    session: SessionStore

    @property
    def cookie(self) -> str:
        return f"sessionid={self.session.session_key}"


def make_team(**fields: bool) -> Team:
    name = f"team-{secrets.token_hex(4)}"
    return Team.objects.create(name=name, slug=name, **fields)


def make_person(*memberships: tuple[Team, Role]) -> Person:
    """Somebody who is signed in, and a member with these roles."""
    user = User.objects.create_user(f"{secrets.token_hex(4)}@example.com", "a long password")
    for team, role in memberships:
        Membership.objects.create(team=team, user=user, roles=[role])
    return Person(user, sign_in(user))


def sign_in(user: User, *, expires_in: timedelta = timedelta(hours=1)) -> SessionStore:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(timezone.now() + expires_in)
    session.create()
    return session


def change(team: Team, person: Person, rental_id: int) -> None:
    """What follows the commit of a change to a rental of the person's."""
    channels.publish(Rental(pk=rental_id, team=team, member=person.user))
