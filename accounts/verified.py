"""Where our users meet django-allauth's own book of e-mail addresses and its links."""

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User


def vouch_for_email(user: User) -> None:
    """Note the user's address as verified: an admin or an operator gave it."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )


def set_password_address(user: User) -> str:
    """A link with which the user chooses a password: once, and as long as a reset link holds."""
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    to = {"uidb36": user_pk_to_url_str(user), "key": token}
    return f"{settings.PUBLIC_URL}{reverse('account_reset_password_from_key', kwargs=to)}"


def sign_in(request: HttpRequest, user: User) -> None:
    """Begin a session for a user who has just been made, and so has no second factor."""
    get_adapter(request).login(request, user)
