"""A team's webhook is set up, gets a new secret, is switched off and on, and tried out."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.actions import Action
from accounts.models import Team, User
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken, seal, unseal
from alerts.models import Attempt, Delivery, Endpoint
from alerts.models.hooks import DisabledBy
from alerts.nudges import nudge
from alerts.operations.errors import NotPossible
from alerts.outgoing import messages
from alerts.outgoing.addresses import NotAllowed, check_address
from alerts.outgoing.signing import new_secret

PREVIOUS_SIGNS: Final = timedelta(days=1)
MOST_ASKED: Final = 10  # tries that people ask for, in ASKED_WITHIN
ASKED_WITHIN: Final = timedelta(minutes=1)


def set_endpoint(*, team: Team, url: str, actor: User, now: datetime) -> tuple[Endpoint, str]:
    """Send the team's alerts to this address from now on.

    Returns its secret where it is a new endpoint, "" otherwise: it is shown this once. Raises
    NotPossible.
    """
    url = _checked(url)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=team.pk)
        endpoint = Endpoint.objects.filter(team=team).first()
        secret = ""
        if endpoint is None:
            endpoint, secret = Endpoint(team=team, url=url, made_at=now), new_secret()
            endpoint.secret_sealed = _sealed(secret, endpoint, "secret_sealed")
            endpoint.save(force_insert=True)
        else:
            Endpoint.objects.filter(pk=endpoint.pk).update(
                url=url, failing_since=None, disabled_at=None, disabled_by=""
            )
        _record(endpoint, actor, Action.WEBHOOK_SET)
    endpoint.refresh_from_db()
    return endpoint, secret


def rotate_secret(*, endpoint: Endpoint, actor: User, now: datetime) -> str:
    """Give it a new secret, which is shown this once. Raises NotPossible.

    The old one signs too, for a day; not where it no longer opens, so that nothing is signed.
    """
    secret = new_secret()
    with transaction.atomic():
        locked = _lock(endpoint)
        current = _current(locked)
        locked.previous_sealed = current and _sealed(current, locked, "previous_sealed")
        locked.previous_until = now + PREVIOUS_SIGNS if current else None
        locked.secret_sealed = _sealed(secret, locked, "secret_sealed")
        locked.save(update_fields=["secret_sealed", "previous_sealed", "previous_until"])
        _record(locked, actor, Action.WEBHOOK_SECRET_ROTATED)
    return secret


def switch(*, endpoint: Endpoint, on: bool, actor: User, now: datetime) -> None:
    """Stop sending, or go on. What is due stays due, and what came meanwhile is not sent."""
    with transaction.atomic():
        locked = _lock(endpoint)
        if locked.is_enabled == on:
            return
        locked.disabled_at, locked.disabled_by = (None, "") if on else (now, DisabledBy.PERSON)
        locked.failing_since = None
        locked.save(update_fields=["disabled_at", "disabled_by", "failing_since"])
        _record(locked, actor, Action.WEBHOOK_ON if on else Action.WEBHOOK_OFF)


def remove(*, endpoint: Endpoint, actor: User) -> None:
    """Forget the address, its secret and its log."""
    with transaction.atomic():
        locked = _lock(endpoint)
        _record(locked, actor, Action.WEBHOOK_REMOVED)
        # Whoever takes one just now has written its try, and nobody takes another.
        list(locked.deliveries.select_for_update().order_by("pk").values_list("pk", flat=True))
        locked.delete()


def send_test(*, endpoint: Endpoint, actor: User, now: datetime) -> Delivery:
    """Have a message sent that says that it is a test. Raises NotPossible."""
    with transaction.atomic():
        locked = _lock(endpoint)
        _check_asking(locked, now)
        delivery = messages.test(locked, actor, now)
        delivery.save(force_insert=True)
        transaction.on_commit(lambda: nudge("alerts.deliver", delivery.pk))
    return delivery


def send_again(*, delivery: Delivery, actor: User, now: datetime) -> None:
    """Begin another round of tries of the same message. Raises NotPossible."""
    with transaction.atomic():
        locked = _lock(delivery.endpoint)
        _check_asking(locked, now)
        free = Delivery.objects.filter(pk=delivery.pk).exclude(taken_until__gt=now)
        if not free.update(
            due_at=now, first_try_at=now, round_tries=0, delivered_at=None, asked_by=actor
        ):
            raise NotPossible(_("It is being sent just now."))
        transaction.on_commit(lambda: nudge("alerts.deliver", delivery.pk))


def _checked(url: str) -> str:
    try:
        check_address(url.strip())
    except NotAllowed as problem:
        raise NotPossible(str(problem)) from problem
    return url.strip()


def _check_asking(endpoint: Endpoint, now: datetime) -> None:
    """Somebody else's server is behind it. Raises NotPossible."""
    if not endpoint.is_enabled:
        raise NotPossible(_("The webhook is switched off. Switch it on first."))
    asked = Delivery.objects.filter(endpoint=endpoint, asked_by__isnull=False)
    waiting = asked.filter(round_tries=0, first_try_at__gt=now - ASKED_WITHIN)
    tried = Attempt.objects.filter(delivery__in=asked, at__gt=now - ASKED_WITHIN)
    if waiting.count() + tried.count() >= MOST_ASKED:
        raise NotPossible(_("That was asked for often just now. Wait a minute, then try again."))


def _current(endpoint: Endpoint) -> str | None:
    try:
        return unseal(endpoint.secret_sealed, place=endpoint.place("secret_sealed"))
    except (SealBroken, KeyringError):
        return None


def _sealed(secret: str, endpoint: Endpoint, field: str) -> bytes:
    """Raises NotPossible."""
    try:
        return seal(secret, place=endpoint.place(field))
    except KeyringError as problem:
        raise NotPossible(
            _("No secret can be kept now: whoever runs this server has to mend its keyring.")
        ) from problem


def _lock(endpoint: Endpoint) -> Endpoint:
    found = Endpoint.objects.select_for_update(of=("self",)).select_related("team")
    locked = found.filter(pk=endpoint.pk).first()
    if locked is None:
        raise NotPossible(_("The webhook has just been removed."))
    return locked


def _record(endpoint: Endpoint, actor: User, action: Action) -> None:
    """Of the address no more than its host is told: the rest may be a secret."""
    audit.record(
        team=endpoint.team,
        actor=actor,
        action=action,
        object=endpoint,
        after={"host": messages.host(endpoint.url)},
    )
