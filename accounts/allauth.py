"""How people sign in: nobody signs up by themselves, an invitation's link makes the user."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.announcements import revoke
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Invitations make their users themselves (accounts/operations/invitations.py)."""
        return False

    def logout(self, request: HttpRequest) -> None:
        """End the session, and at once what streams by it."""
        user_id = request.user.pk
        super().logout(request)
        if user_id is not None:
            revoke(user_id=user_id)

    def set_password(self, user: User, password: str) -> Any:
        """Set it; the user's other sessions end by that, and so do their streams."""
        done = super().set_password(user, password)
        revoke(user_id=user.pk)
        return done
