"""The e-mail with the link for whoever forgot their password.

A worker writes and sends it, so that the page answers alike for every address, and as fast, whether
somebody signs in with it or not and however the mail server is.
"""

from contextlib import suppress
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.nudges import nudge, register
from accounts.pages.languages import written_for
from accounts.verified import set_password_address

log = structlog.get_logger(__name__)

TASK: Final = "accounts.mail_password_link"
register({TASK: "bulk"})


def ask_for_link(user: User) -> None:
    """Have it sent soon; by this process, where no worker can be told."""
    transaction.on_commit(lambda: _hand_over(user.pk))


def mail_link(user_id: int) -> None:
    """Send it. Raises OSError where the mail server does not take it now."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    with written_for(user):
        message = _message(user)
    try:
        message.send()
    except OSError as problem:  # of SMTP, too
        log.warning("mail_not_sent", user=user.pk, problem=type(problem).__name__)
        raise


def _hand_over(user_id: int) -> None:
    if not nudge(TASK, user_id):
        with suppress(OSError):  # whoever gets none asks again
            mail_link(user_id)


def _message(user: User) -> EmailMessage:
    told = {
        "email": user.email,
        "address": set_password_address(user),
        "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
    }
    body = render_to_string("accounts/password_mail.txt", told)
    return EmailMessage(_("SMS Portal: choose a new password"), body, to=[user.email])
