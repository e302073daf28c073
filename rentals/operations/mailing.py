"""Admins are told by e-mail that somebody asks for more, and whoever asked what was decided.

The request's row says when its e-mail is due: whoever sends it puts that off first, so that no
other does meanwhile, and clears it when the mail server has taken the last one. Whoever has got it
is written down, so that another try is for the others. A worker that dies between sending and
writing is followed by another, and somebody may then get it twice; never not at all.
"""

import smtplib
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet

from accounts.mail_server import mail_server
from accounts.models import User
from accounts.pages.languages import written_for
from rentals.budgets import mails
from rentals.models import BudgetRequest
from rentals.states import AskedState

log = structlog.get_logger(__name__)

TRIES: Final = 8  # over some eight hours
LONGEST: Final = timedelta(hours=4)


def due_mails(now: datetime) -> list[int]:
    """The requests whose e-mail is due, the oldest first."""
    due = BudgetRequest.objects.filter(mail_due_at__lte=now).order_by("mail_due_at")
    return list(due.values_list("pk", flat=True)[:100])


def mail_request(request_id: int, *, now: datetime) -> bool:
    """Tell whom a request concerns of it, as it is now; whether a mail server took all of it."""
    request = None if mail_server.is_open else _claimed(request_id, now)
    if request is None:
        return False
    try:
        is_over = _tell_all(request)
    except OSError as problem:  # of SMTP, too: it is tried again
        if not isinstance(problem, smtplib.SMTPResponseException):
            mail_server.failed(problem)
        _warn(request, problem)
        return False
    mail_server.worked()
    if is_over:
        _own(request).update(mail_due_at=None)
    return is_over


def _tell_all(request: BudgetRequest) -> bool:
    """Whether nobody is left to be told. Whoever is overtaken leaves the others to the other."""
    refused = False
    for reader in _untold(request):
        if not _own(request).exists():
            return False
        refused |= not _tell(request, reader)
    return not refused


def _untold(request: BudgetRequest) -> list[User]:
    return [each for each in _readers(request) if each.pk not in request.mailed_to]


def _tell(request: BudgetRequest, reader: User) -> bool:
    """Whether the mail server takes it for this address: what it refuses says nothing of others.

    Even a final refusal may be the server's own setting, so that it is tried again.
    """
    with written_for(reader):
        message = _message(request, reader)
    try:
        message.send()
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError) as problem:
        _warn(request, problem)
        return False
    request.mailed_to.append(reader.pk)
    _own(request).update(mailed_to=request.mailed_to)
    return True


def _own(request: BudgetRequest) -> QuerySet[BudgetRequest]:
    """Its row while this try is the last one: not where it was decided meanwhile, which is due
    anew, nor where this took so long that another worker tries."""
    tried = {"state": request.state, "mail_tries": request.mail_tries}
    return BudgetRequest.objects.filter(pk=request.pk, **tried)


def _warn(request: BudgetRequest, problem: OSError) -> None:
    log.warning("mail_not_sent", request=request.pk, problem=type(problem).__name__)


def _claimed(request_id: int, now: datetime) -> BudgetRequest | None:
    """The request, if its e-mail is due and nobody else is at it; put off until the next try."""
    with transaction.atomic():
        rows = BudgetRequest.objects.select_for_update(of=("self",), skip_locked=True)
        due = rows.filter(pk=request_id, mail_due_at__lte=now)
        known = due.select_related("budget__team", "budget__member", "asked_by", "decided_by")
        request = known.first()
        if request is None:
            return None
        request.mail_tries += 1
        last = request.mail_tries >= TRIES
        request.mail_due_at = None if last else now + _pause(request.mail_tries)
        request.save(update_fields=["mail_due_at", "mail_tries"])
        return request


def _pause(tries: int) -> timedelta:
    return min(timedelta(minutes=2**tries), LONGEST)


def _readers(request: BudgetRequest) -> list[User]:
    """Who decides; once it is decided, who asked, as long as they are in the team."""
    team = request.budget.team
    if request.state == AskedState.OPEN:
        return team.admins()
    asked = User.objects.filter(pk=request.asked_by_id, is_active=True, memberships__team=team)
    return list(asked)


def _message(request: BudgetRequest, reader: User) -> EmailMessage:
    """One for each, so that nobody learns the others' addresses."""
    if request.state == AskedState.OPEN:
        subject, body = mails.of_request(request)
    else:
        subject, body = mails.of_decision(request)
    # One line, whatever a name has.
    return EmailMessage(" ".join(subject.split()), body, to=[reader.email])
