"""Links that let one person, known by e-mail address, into a team: once, and for a week."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Invitation, Membership, Team, User
from accounts.operations.errors import AlreadyMember, InvitationGone, NotInvited
from accounts.operations.people import create_user, join, ordered
from accounts.states import Role

LASTS: Final = timedelta(days=7)
TOKEN_BYTES: Final = 32


def invite(
    *, team: Team, email: str, roles: Iterable[Role], actor: User, now: datetime
) -> tuple[Invitation, str]:
    """Make an invitation and the token of its link, which is kept nowhere.

    An earlier one for the same address that is still open ends. Raises AlreadyMember, NotPossible.
    """
    email, wanted = email.strip().lower(), ordered(roles)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        locked = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        if Membership.objects.filter(team=locked, user__email__iexact=email).exists():
            raise AlreadyMember(_("%(email)s is in the team already.") % {"email": email})
        for earlier in open_at(now).filter(team=locked, email=email):
            _revoke(earlier, actor, now)
        invitation = Invitation.objects.create(
            team=locked,
            email=email,
            roles=wanted,
            token_hash=_hash(token),
            invited_by=actor,
            expires_at=now + LASTS,
        )
        audit.record(
            team=locked,
            actor=actor,
            action=Action.INVITATION_CREATED,
            object=invitation,
            after={"email": email, "roles": wanted},
        )
    return invitation, token


def revoke_invitation(*, invitation: Invitation, actor: User, now: datetime) -> None:
    """End an invitation that nobody has accepted. Raises InvitationGone."""
    with transaction.atomic():
        _revoke(_claimed(Invitation.objects.filter(pk=invitation.pk), now), actor, now)


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """The open invitation of a link. Raises InvitationGone."""
    found = (
        open_at(now).select_related("team", "invited_by").filter(token_hash=_hash(token)).first()
    )
    if found is None:
        raise InvitationGone(_gone())
    return found


def open_invitations(*, team: Team, now: datetime) -> list[Invitation]:
    """The team's invitations that may still be accepted, newest first."""
    return list(open_at(now).filter(team=team).select_related("invited_by").order_by("-created_at"))


def open_at(now: datetime) -> QuerySet[Invitation]:
    """Those that may still be accepted, of every team."""
    return Invitation.objects.filter(
        accepted_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )


def invited_user(invitation: Invitation) -> User | None:
    """Who signs in with the invited address, if anybody does yet."""
    return User.objects.filter(email__iexact=invitation.email).first()


def accept_invitation(*, token: str, user: User, now: datetime) -> Membership:
    """Let a signed-in user in. Raises NotInvited for another's link, InvitationGone."""
    with transaction.atomic():
        return _accept(_claimed(Invitation.objects.filter(token_hash=_hash(token)), now), user, now)


def accept_as_new_user(*, token: str, name: str, password: str, now: datetime) -> Membership:
    """Make the invited user and let them in. Raises InvitationGone, PasswordTooWeak, NotPossible
    where somebody signs in with that address by now."""
    with transaction.atomic():
        invitation = _claimed(Invitation.objects.filter(token_hash=_hash(token)), now)
        user = create_user(email=invitation.email, password=password, name=name)
        return _accept(invitation, user, now)


def _accept(invitation: Invitation, user: User, now: datetime) -> Membership:
    if user.email.lower() != invitation.email:
        raise NotInvited(
            _("This invitation is for %(email)s, and you are signed in as %(own)s.")
            % {"email": invitation.email, "own": user.email}
        )
    invitation.accepted_at, invitation.accepted_by = now, user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    known = Membership.objects.filter(team=invitation.team, user=user).first()
    audit.record(
        team=invitation.team, actor=user, action=Action.INVITATION_ACCEPTED, object=invitation
    )
    roles = [Role(role) for role in invitation.roles]
    return known or join(team=invitation.team, user=user, roles=roles, actor=user)


def _claimed(invitations: QuerySet[Invitation], now: datetime) -> Invitation:
    """Lock the team and the one open invitation. Raises InvitationGone."""
    found = invitations.first()
    if found is not None:
        Team.objects.select_for_update(no_key=True).get(pk=found.team_id)
        found = open_at(now).select_related("team").filter(pk=found.pk).first()
    if found is None:
        raise InvitationGone(_gone())
    return found


def _revoke(invitation: Invitation, actor: User, now: datetime) -> None:
    invitation.revoked_at = now
    invitation.save(update_fields=["revoked_at"])
    audit.record(
        team=invitation.team,
        actor=actor,
        action=Action.INVITATION_REVOKED,
        object=invitation,
        before={"email": invitation.email},
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _gone() -> str:
    return _("This invitation is not valid any more. Ask an admin of the team for a new link.")
