"""Letters are put together into mails and handed to the mail server.

A letter is sent at most once, as far as SMTP lets anybody know. A try that certainly failed is
repeated with growing pauses. One that broke off while the mail was being handed over may have
gone, so it is not repeated: what it told is in the next daily digest. If that breaks off too, it is
over: a server that takes mails and never says so gets each letter twice at most.
"""

import smtplib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.mail_server import mail_server
from accounts.models import Membership
from alerts.letters import compose
from alerts.models import Letter
from alerts.operations.telling import mail_choice
from alerts.queries import reads
from alerts.states import How

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=2)
# From handing over on: longer than six answers that each come at the end of our patience
# (smsportal/mailers.py).
CONVERSATION: Final = timedelta(minutes=4)
PAUSES: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720)
)  # between two tries; then it is given up, after about 22 hours
MOST_LETTERS: Final = 500  # in one mail
UNTOLD: Final = "the mail server did not say whether it took it"
# The server has said no, so that it certainly has not taken the mail.
REFUSALS: Final = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Letters that this worker alone has taken, for one mail."""

    key: uuid.UUID
    membership: Membership
    how: How
    letters: list[Letter]

    @property
    def rows(self) -> QuerySet[Letter]:
        """Those that are still this worker's."""
        return Letter.objects.filter(batch=self.key, sent_at__isnull=True, dropped_at__isnull=True)


def due_readers(*, now: datetime) -> list[int]:
    """The memberships for which something is to be sent now."""
    _go_on_from_what_broke_off(now)
    rows = _due(now).order_by("membership").values_list("membership", flat=True)
    return list(rows.distinct())


def send_letters(*, membership_id: int, now: datetime) -> int:
    """Send somebody what is due for them; return how many mails went."""
    sent = 0
    for how in (How.AT_ONCE, How.DIGEST):
        if mail_server.is_open:
            break  # it stays due, and this is no try
        batch = _take(membership_id, how, now)
        if batch is not None:
            sent += _send(batch)
    return sent


def _due(now: datetime) -> QuerySet[Letter]:
    free = Q(taken_until__isnull=True) | Q(taken_until__lte=now)
    return Letter.objects.filter(
        free, due_at__lte=now, handed_at__isnull=True, sent_at__isnull=True, dropped_at__isnull=True
    )


def _go_on_from_what_broke_off(now: datetime) -> None:
    """What broke off while it was handed over may have gone: into a digest with it, once."""
    broken_off = Letter.objects.filter(
        handed_at__isnull=False,
        sent_at__isnull=True,
        dropped_at__isnull=True,
        taken_until__lte=now,
    )
    broken_off.filter(broke_off_at__isnull=False).update(dropped_at=now, problem=UNTOLD)
    people = Membership.objects.filter(pk__in=broken_off.values("membership"))
    for membership in people.select_related("user", "team", "alert_mail"):
        broken_off.filter(membership=membership).update(
            how=How.DIGEST,
            due_at=mail_choice(membership).next_digest(now),
            broke_off_at=now,
            handed_at=None,
            taken_until=None,
            batch=None,
        )


def _take(membership_id: int, how: How, now: datetime) -> _Batch | None:
    """Take what is due; two workers never have the same letter."""
    key = uuid.uuid4()
    with transaction.atomic():
        due = _due(now).filter(membership=membership_id, how=how).order_by("made_at", "pk")
        rows = due.select_for_update(skip_locked=True)[:MOST_LETTERS]
        pks = [letter.pk for letter in rows]
        taken = Letter.objects.filter(pk__in=pks)
        until = timezone.now() + LEASE  # not from `now`: another mail may have gone since
        taken.update(batch=key, taken_until=until, tries=F("tries") + 1)
        letters = list(taken.select_related("alert__team", "alert__member").order_by("pk"))
    if not letters:
        return None
    people = Membership.objects.select_related("user", "team", "alert_mail")
    membership = people.filter(pk=membership_id).first()
    return _Batch(key, membership, how, letters) if membership else None


def _send(batch: _Batch) -> bool:
    """Hand a batch over as one mail, without those that are no longer theirs to read."""
    readable = list(_readable(batch))
    batch.rows.exclude(pk__in=[letter.pk for letter in readable]).update(
        dropped_at=timezone.now(), problem=""
    )
    if not readable:
        return False
    message = compose(batch.membership, batch.how, readable)
    server = mailers.default
    try:
        server.open()
    except OSError as problem:  # every SMTPException is one
        mail_server.failed(problem)
        _failed(batch, problem)
        return False
    try:
        return _hand_over(batch, message, server, letters=len(readable))
    finally:
        server.close()


def _hand_over(
    batch: _Batch, message: EmailMessage, server: BaseEmailBackend, *, letters: int
) -> bool:
    """Have an open mail server take it, and write that down before anything else."""
    now = timezone.now()
    if batch.rows.update(handed_at=now, taken_until=now + CONVERSATION) != letters:
        return False  # somebody else took them, because we were silent for too long
    try:
        server.send_messages([message])
    except REFUSALS as problem:
        mail_server.worked()
        _failed(batch, problem)
        return False
    except OSError as problem:
        mail_server.failed(problem)
        log.warning("mail_broke_off", letters=letters, problem=type(problem).__name__)
        return False
    batch.rows.update(sent_at=timezone.now(), problem="")
    mail_server.worked()
    return True


def _readable(batch: _Batch) -> Iterator[Letter]:
    if batch.membership.user.is_active:
        yield from (each for each in batch.letters if reads(batch.membership, each.alert))


def _failed(batch: _Batch, problem: Exception) -> None:
    """Try again later, or no more. What the server said may name the person: it is not kept."""
    now, tries = timezone.now(), max(letter.tries for letter in batch.letters)
    said = f"{type(problem).__name__} at the mail server"
    log.warning("mail_failed", tries=tries, problem=type(problem).__name__)
    if tries > len(PAUSES):
        batch.rows.update(dropped_at=now, handed_at=None, problem=said)
    else:
        again = now + PAUSES[tries - 1]
        batch.rows.update(due_at=again, handed_at=None, taken_until=None, problem=said)
