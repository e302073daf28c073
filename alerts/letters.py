"""The mails: what they say, in plain text and in HTML."""

import hashlib
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership
from accounts.pages.languages import written_for
from accounts.pages.zones import first_zone
from alerts.models import Letter
from alerts.queries import unanswered
from alerts.states import How
from ledger.retelling import retold

LISTED: Final = 50  # alerts in one mail; of the others it says how many


def compose(membership: Membership, how: How, letters: Sequence[Letter]) -> EmailMultiAlternatives:
    """One mail about all of these letters. The same letters make the same Message-ID."""
    newest = sorted(letters, key=lambda each: (-each.alert.severity, -each.pk))
    context = {
        "team": membership.team,
        "letters": newest[:LISTED],
        "more": len(newest) - LISTED if len(newest) > LISTED else 0,
        "open": unanswered(membership),
        "is_digest": how == How.DIGEST,
        "base": settings.PUBLIC_URL,
        "alerts": _address(membership, "alert_list"),
        "choices": _address(membership, "alert_mail"),
    }
    zone = first_zone(membership.user.time_zone, membership.team.time_zone)
    with written_for(membership.user), timezone.override(zone):
        text = render_to_string("alerts/mail.txt", context)
        page = render_to_string("alerts/mail.html", context)
        subject = _subject(membership, how, newest)
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        to=[membership.user.email],
        headers={
            "Message-ID": _message_id(letters),
            "List-Unsubscribe": f"<{context['choices']}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(page, "text/html")
    return message


def _subject(membership: Membership, how: How, letters: Sequence[Letter]) -> str:
    if len(letters) == 1 and how == How.AT_ONCE:
        said = retold(letters[0].alert.title)
    elif how == How.AT_ONCE:
        said = ngettext("%(count)d alert", "%(count)d alerts", len(letters))
        said %= {"count": len(letters)}
    else:
        said = _("Daily digest of alerts")
    return " ".join(f"[{membership.team.name}] {said}".split())


def _message_id(letters: Sequence[Letter]) -> str:
    """Ours by the letters alone, so that a mailbox that gets it twice can tell."""
    numbers = ",".join(f"{pk}" for pk in sorted(letter.pk for letter in letters))
    digest = hashlib.sha256(numbers.encode()).hexdigest()[:32]
    return f"<alerts.{digest}@{urlsplit(settings.PUBLIC_URL).hostname}>"


def _address(membership: Membership, page: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse(page, kwargs={'team': membership.team.slug})}"
