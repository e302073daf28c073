"""An admin asks a provider by hand, with the account's key, and may look at the whole answer.

Only what reads is sent from here. What rents, cancels or finishes is an operation of the rentals,
so that the book stays true.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, gateway
from accounts.actions import Action
from accounts.models import ConsoleRequest, ProviderAccount, User
from accounts.models.console import KEPT_FOR
from accounts.operations.errors import NotPossible
from accounts.secrets.keyring import KeyringError
from accounts.secrets.sealing import SealBroken, answer_place, seal, unseal
from accounts.states import Lane, Verdict
from providers.calls import Call, Effect, Reply
from providers.curl import as_curl
from providers.errors import BadKey
from providers.exchange import reply_from_dict, reply_to_dict
from providers.judging import judge
from providers.registry import provider

MOST_KEPT: Final = 256 * 1024  # bytes of an answer


@dataclass(frozen=True, slots=True)
class Asking:
    """What is sent: a call that reads, by its title in the document. `key` is the form's own."""

    call: Call[Any]
    title: str
    key: UUID


def ask_provider(
    *, account: ProviderAccount, asking: Asking, actor: User, now: datetime
) -> ConsoleRequest:
    """Send a request once, however often its form is sent, and keep the answer for a while.

    What could not be sent is told by the row's `detail`. Raises NotPossible for an archived
    account, a call that changes something, and somebody else's form.
    """
    if asking.call.effect is not Effect.READ:
        raise NotPossible(_("Only what reads is sent from here."))
    if account.archived_at is not None:
        raise NotPossible(_("This account is archived: nothing is sent for it any more."))
    request, is_new = _written(account, asking, actor, now)
    if is_new:
        _send(request, account, asking.call)
    return request


def reveal_answer(
    *, request: ConsoleRequest, reason: str, actor: User, about: Model | None = None
) -> Reply:
    """Write down who looks at a whole answer and why, then give it.

    `about` is the rental that was asked for, where it is one of the team's: it stands in its
    trail. Raises NotPossible without a reason, and where there is no answer.
    """
    if not reason.strip():
        raise NotPossible(_("Say why. It is kept with your name."))
    reply = answer(request)
    if reply is None:
        raise NotPossible(_("There is no answer to show."))
    with transaction.atomic():
        audit.record(
            team=request.account.team,
            actor=actor,
            action=Action.ANSWER_SHOWN,
            object=about or request.account,
            after={
                "request": request.title,
                "sent": request.at.isoformat(timespec="seconds"),
                **request.asked,
            },
            reason=reason.strip()[:500],
        )
    return reply


def answer(request: ConsoleRequest) -> Reply | None:
    """The provider's answer as it came; None where none came, or where its seal does not open."""
    if request.sealed is None:
        return None
    try:
        return reply_from_dict(json.loads(unseal(request.sealed, place=answer_place(request))))
    except (SealBroken, KeyringError):
        return None


def forget_answers(*, now: datetime) -> int:
    """Delete what is no longer shown; return how many rows."""
    return ConsoleRequest.objects.filter(at__lt=now - KEPT_FOR).delete()[0]


def _written(
    account: ProviderAccount, asking: Asking, actor: User, now: datetime
) -> tuple[ConsoleRequest, bool]:
    """The row of this form, and whether it is written only now: before anything is sent."""
    wire = provider(account.provider, account.server_prefix)
    with transaction.atomic():
        request, is_new = ConsoleRequest.objects.get_or_create(
            pk=asking.key,
            defaults={
                "account": account,
                "actor": actor,
                "at": now,
                "title": asking.title,
                "curl": as_curl(asking.call, gateway.base_url(wire)),
                "asked": _parameters(asking.call),
            },
        )
        if (request.account_id, request.actor_id) != (account.pk, actor.pk):
            raise NotPossible(_("This form was sent already. Reload the page."))
        if is_new:
            audit.record(
                team=account.team,
                actor=actor,
                action=Action.PROVIDER_ASKED,
                object=account,
                after={"request": f"{asking.call.method} {asking.call.path}", **request.asked},
            )
    return request, is_new


def _parameters(call: Call[Any]) -> Mapping[str, str]:
    return {name: str(value) for name, value in {**call.query, **(call.json or {})}.items()}


def _send(request: ConsoleRequest, account: ProviderAccount, call: Call[Any]) -> None:
    try:
        door = gateway.open_door(account)
        reply = gateway.send(account, call, lane=Lane.CONSOLE, now=timezone.now(), door=door)
    except gateway.OverBudget as error:
        _keep(request, detail=_why_not(account, error.retry_after))
    except (gateway.NoKey, BadKey) as error:
        _keep(request, verdict=Verdict.BAD_KEY, detail=str(error))
    else:
        judged = judge(call, reply)
        # A server that repeats what it was sent must not show the key to whoever looks.
        body = reply.body.replace(door.key.encode(), b"[key]")
        kept = replace(reply, body=body[:MOST_KEPT])
        sealed = seal(json.dumps(reply_to_dict(kept)), place=answer_place(request))
        _keep(request, sealed=sealed, verdict=Verdict(judged.verdict), detail=judged.detail[:500])


def _why_not(account: ProviderAccount, after: float) -> str:
    wait = {"seconds": max(1, round(after))}
    if account.throttled_until is not None and account.throttled_until > timezone.now():
        return _("The provider asked us to wait. Try again in %(seconds)d s.") % wait
    return (
        _("The share of the limits for the console is used up. Try again in %(seconds)d s.") % wait
    )


def _keep(request: ConsoleRequest, **found: Any) -> None:
    for name, value in {"answered_at": timezone.now(), **found}.items():
        setattr(request, name, value)
    request.save(update_fields=["answered_at", *found])
