"""How people sign in: nobody signs up by themselves, an invitation's link makes the user."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Invitations make their users themselves (accounts/operations/invitations.py)."""
        return False
