"""How people sign in: nobody signs up by themselves, an invitation's link makes the user.

Whatever django-allauth does to a person's way in is written into the audit log here.
"""

from collections.abc import Sequence
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.http import HttpRequest

from accounts.actions import Action
from accounts.announcements import revoke
from accounts.audit import record_of_person
from accounts.models import User
from accounts.pages.addresses import client_address
from accounts.password_mail import ask_for_link


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Invitations make their users themselves (accounts/operations/invitations.py)."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """By which sign-ins are counted, as the audit log has it; that of the connection where a
        proxy says nothing of use, which must keep nobody from signing in."""
        return client_address(request) or str(request.META["REMOTE_ADDR"])

    def send_password_reset_mail(self, user: User, email: str, context: Any) -> None:
        """In our words, with an address of the portal's own and not of whatever host was asked."""
        ask_for_link(user)

    def login(self, request: HttpRequest, user: User) -> None:
        """Begin the session: after the second factor, where the user has one."""
        with transaction.atomic():
            super().login(request, user)
            _record(Action.SIGNED_IN, user)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Whom it was tried for is kept only where somebody signs in so: what was typed may be a
        password in the wrong field."""
        typed = str(credentials.get("email", ""))
        _record_failure(User.objects.filter(email__iexact=typed).first())

    def logout(self, request: HttpRequest) -> None:
        """End the session, and at once what streams by it."""
        # The request's own user is nobody afterwards.
        person = User.objects.filter(pk=request.user.pk or 0).first()
        with transaction.atomic():
            super().logout(request)
            if person is not None:
                _record(Action.SIGNED_OUT, person)
        if person is not None:
            revoke(user_id=person.pk)

    def set_password(self, user: User, password: str) -> Any:
        """Set it; the user's other sessions end by that, and so do their streams."""
        with transaction.atomic():
            done = super().set_password(user, password)
            _record(Action.PASSWORD_SET, user)
        revoke(user_id=user.pk)
        return done


class SessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """Sign a person's other devices out."""
        with transaction.atomic():
            super().end_sessions(sessions)
            if sessions:
                _record(Action.SESSIONS_ENDED, sessions[0].user, sessions=len(sessions))


def watch_factors() -> None:
    """Have each change of a second factor written down.

    By signals, because allauth has no hook for it. The model's own and not allauth's, of which
    some come after the commit: so it is one transaction (accounts/pages/middleware.py opens it).
    """
    post_save.connect(_factor_saved, Authenticator, dispatch_uid="audit")
    post_delete.connect(_factor_deleted, Authenticator, dispatch_uid="audit")
    authentication_failed.connect(_factor_failed, dispatch_uid="audit")


def _factor_saved(instance: Authenticator, *, created: bool, **_: Any) -> None:
    if not created:  # its use is noted in the row
        return
    renewed = instance.type == Authenticator.Type.RECOVERY_CODES
    action = Action.RECOVERY_CODES_RENEWED if renewed else Action.FACTOR_ADDED
    _record(action, instance.user, factor=str(instance.type))


def _factor_deleted(instance: Authenticator, **_: Any) -> None:
    _record(Action.FACTOR_REMOVED, instance.user, factor=str(instance.type))


def _factor_failed(user: User, **_: Any) -> None:
    _record_failure(user, factor="second")


def _record(action: Action, person: User, **more: Any) -> None:
    after = {"email": person.email, **more}
    with transaction.atomic():
        record_of_person(person=person, actor=person, action=action, after=after)


def _record_failure(person: User | None, **more: Any) -> None:
    """Nobody is shown to be who they say they are: the event has an object and no actor."""
    after = {"email": person.email, **more} if person else more
    with transaction.atomic():
        record_of_person(person=person, actor=None, action=Action.SIGN_IN_FAILED, after=after)
