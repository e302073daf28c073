"""Two teams with everything in them, so that a denied request has something to change."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import operations
from accounts.models import (
    AuditEvent,
    ConsoleRequest,
    Invitation,
    Membership,
    ProviderAccount,
    SavedView,
    Team,
    User,
)
from accounts.operations.saved_views import delete_view, save_view
from accounts.pages.undo import UNDO_FOR
from accounts.secrets.sealing import answer_place, seal
from accounts.states import Role, Verdict
from ledger.models import Export, Refund
from ledger.operations.writing_off import write_off
from ledger.states import ExportState
from providers.calls import Delivered, Reply
from providers.exchange import reply_to_dict
from rentals.budgets import answers
from rentals.models import Budget, BudgetRequest, Offer, Rental
from rentals.operations import ask_for_more
from rentals.states import BudgetPeriod, RentalState
from tests.access import alarms
from tests.access.alarms import Alarms, make_alarms
from tests.access.books import Books, make_books
from tests.access.books import addresses as of_books
from tests.access.books import forms as book_forms
from tests.factories import (
    make_budget,
    make_member,
    make_message,
    make_offer,
    make_provider_account,
    make_refund,
    make_rental,
    make_team,
    make_user,
)

KEPT_APART = {"sessions", "usersessions"}  # every request may write these


@dataclass(frozen=True)
class World:
    """`visitors` by name; None is somebody who has not signed in."""

    team: Team
    foreign: Team
    visitors: dict[str, User | None]
    member: Membership
    colleague: Membership
    account: ProviderAccount
    offer: Offer
    rental: Rental
    doubt: Rental
    over: Rental
    finishing: Rental
    refund: Refund
    given_up: Refund
    books: Books
    alarms: Alarms
    invitation: Invitation
    view: SavedView
    private_view: SavedView
    deleted_view: SavedView
    answer: ConsoleRequest
    export: Export
    budget: Budget
    asked: BudgetRequest


def make_world() -> World:
    team, foreign = make_team(shares_board=False), make_team()
    holding = {role: make_member(team, role) for role in Role}
    outsider = make_member(foreign, *Role)
    account = make_provider_account(team, "smsgig")
    books = make_books(account, holding[Role.FINANCE].user)
    rental = make_rental(holding[Role.MEMBER], account, RentalState.RECEIVED, multiple_sms=True)
    make_message(rental)
    invitation, _ = operations.invite(
        team=team,
        email="invited@example.org",
        roles=[Role.MEMBER],
        actor=holding[Role.ADMIN].user,
        now=timezone.now(),
    )
    budget = make_budget(team, holding[Role.ADMIN].user)
    raised = make_budget(team, holding[Role.ADMIN].user, period=BudgetPeriod.DAY)
    return World(
        team=team,
        foreign=foreign,
        visitors={
            "anonymous": None,
            "stranger": make_user(),
            "outsider": outsider.user,
            **{role.value: membership.user for role, membership in holding.items()},
        },
        member=holding[Role.MEMBER],
        colleague=make_member(team, Role.MEMBER),
        account=account,
        offer=make_offer(account),
        rental=rental,
        doubt=make_rental(holding[Role.MEMBER], account, RentalState.IN_DOUBT),
        over=make_rental(holding[Role.MEMBER], account, RentalState.FINISHED),
        finishing=make_rental(
            holding[Role.MEMBER],
            account,
            RentalState.RECEIVED,
            finish_requested_at=timezone.now(),
            control_at=timezone.now() + UNDO_FOR,
        ),
        refund=make_refund(make_rental(holding[Role.MEMBER], account, RentalState.CANCELLED)),
        given_up=_given_up(holding[Role.MEMBER], account, books.finance),
        books=books,
        alarms=make_alarms(account, holding[Role.ADMIN].user),
        invitation=invitation,
        view=_view(holding[Role.MEMBER], shared=True),
        private_view=_view(holding[Role.MEMBER], shared=False),
        deleted_view=_deleted_view(holding[Role.MEMBER]),
        answer=_answer(account, holding[Role.ADMIN].user),
        export=_export(holding[Role.MEMBER]),
        budget=budget,
        asked=ask_for_more(
            membership=holding[Role.MEMBER],
            budget=raised,
            amount=Decimal(3),
            reason="A late test run",
            now=timezone.now(),
        ),
    )


def _given_up(member: Membership, account: ProviderAccount, finance: User) -> Refund:
    refund = make_refund(make_rental(member, account, RentalState.CANCELLED))
    write_off(refund=refund, reason="Too old.", actor=finance, now=timezone.now())
    refund.refresh_from_db()
    return refund


def _view(owner: Membership, *, shared: bool) -> SavedView:
    name = "Ours" if shared else "Mine"
    return save_view(owner=owner, page="rental_list", name=name, query="state=live", shared=shared)


def _deleted_view(owner: Membership) -> SavedView:
    view = save_view(owner=owner, page="rental_list", name="Gone", query="state=waiting")
    delete_view(view=view, actor=owner, now=timezone.now())
    return view


def _answer(account: ProviderAccount, actor: User) -> ConsoleRequest:
    """What an admin asked on the console, and may look at as a whole."""
    now = timezone.now()
    request = ConsoleRequest(
        pk=uuid.uuid4(),
        account=account,
        actor=actor,
        at=now,
        answered_at=now,
        title="Get SMS Messages",
        verdict=Verdict.DONE,
    )
    reply = reply_to_dict(Reply(Delivered.ANSWERED, status=200, body=b'{"code": "482913"}'))
    request.sealed = seal(json.dumps(reply), place=answer_place(request))
    request.save(force_insert=True)
    return request


def _export(owner: Membership) -> Export:
    """A file that is ready."""
    now, name = timezone.now(), f"{uuid.uuid4()}.csv"
    _write(name)
    return Export.objects.create(
        team=owner.team,
        asked_by=owner.user,
        listing="rentals",
        format="csv",
        state=ExportState.READY,
        asked_at=now,
        expires_at=now + timedelta(hours=1),
        roles=owner.roles,
        file=name,
        name="rentals.csv",
        size=7,
    )


def _write(name: str) -> None:
    folder = Path(settings.EXPORTS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.joinpath(name).write_text("Rental\n")


def refresh(world: World) -> None:
    """Have a world again as it was made: what lasts seconds there, and what is no row."""
    now = timezone.now()
    SavedView.objects.filter(pk=world.deleted_view.pk).update(deleted_at=now)
    Rental.objects.filter(pk=world.finishing.pk).update(control_at=now + UNDO_FOR)
    _write(world.export.file)


def addresses(world: World, name: str) -> dict[str, Any]:
    """The parts of a route's address besides the team, all of the first team."""
    if name.startswith("rental_") and name not in ("rental_list", "rental_create"):
        other = {"rental_purge": world.over, "rental_finish_undo": world.finishing}
        return {"rental": other.get(name, world.rental).pk}
    if name == "audit_event":
        return {"event": AuditEvent.objects.filter(team=world.team, is_money=True)[0].pk}
    if name in ("inbox_replay", "provider_console"):
        return {"account": world.account.pk}
    if name.startswith("console_"):
        return {"account": world.account.pk, "answer": world.answer.pk}
    if name.startswith("provider_account") and name not in (
        "provider_accounts",
        "provider_account_add",
    ):
        return {"account": world.account.pk}
    if name == "doubt_decide":
        return {"rental": world.doubt.pk}
    if part := _of_others(world, name):
        return part
    if name in ("membership_update", "membership_remove"):
        return {"membership": world.colleague.pk}
    return {"invitation": world.invitation.pk} if name == "invitation_revoke" else {}


def _of_refund(world: World, name: str) -> dict[str, Any]:
    if name == "refund_take_back":
        return {"refund": world.given_up.pk}
    return {"refund": world.refund.pk} if name in ("refund_detail", "refund_write_off") else {}


def _of_others(world: World, name: str) -> dict[str, Any]:
    """Of those that say themselves what their addresses need."""
    return (
        _of_refund(world, name)
        or of_books(world.books, name)
        or alarms.addresses(world.alarms, name)
        or _of_a_member(world, name)
        or _of_budgets(world, name)
    )


def _of_a_member(world: World, name: str) -> dict[str, Any]:
    if name in ("export_detail", "export_file", "export_delete"):
        return {"export": world.export.pk}
    if name == "saved_view_delete":
        return {"view": world.private_view.pk}
    if name == "saved_view_undelete":
        return {"view": world.deleted_view.pk}
    shared = ("saved_view", "saved_view_update", "saved_view_default")
    return {"view": world.view.pk} if name in shared else {}


def _of_budgets(world: World, name: str) -> dict[str, Any]:
    if name in ("budget_change", "budget_end", "budget_ask"):
        return {"budget": world.budget.pk}
    if name in ("request_withdraw", "request_decide"):
        return {"asked": world.asked.pk}
    return {"token": answers.token(world.asked)} if name == "budget_answer" else {}


def form(world: World, name: str) -> dict[str, Any]:
    """A form with which the route would do something for whoever may."""
    forms: dict[str, dict[str, Any]] = {
        "offer_star": {"star": world.offer.pk},
        "rental_create": {"offer": world.offer.pk, "request_key": uuid.uuid4()},
        "doubt_decide": {"outcome": "not_charged", "reason": "Their support says so."},
        "rental_purge": {"reason": "They asked us to.", "number": "on"},
        "rental_show_code": {"reason": "The member is away."},
        "budget_add": {
            "whose": "each",
            "period": "day",
            "counts": "all:USD",
            "amount": "5",
            "warn_share": "80",
            "active_from": timezone.now().date(),
        },
        "budget_ask": {"amount": "2", "reason": "More to test"},
        "request_decide": {"decision": "approve"},
        "budget_answer": {"decision": "decline", "note": "Not today"},
        "budget_change": {"amount": "7", "warn_share": "90", "version": "1"},
        "invitation_create": {"email": "another@example.org", "roles": ["finance"]},
        "membership_update": {"roles": ["admin"]},
        "provider_account_add": {"label": "Second", "key": "some-other-key"},
        "provider_account_rename": {"label": "Renamed"},
        "provider_account_rotate_key": {"key": "some-other-key"},
        "team_settings": {"name": "Renamed", "time_zone": "Europe/Rome"},
        "first_steps": {"do": "again"},
        "policy_change": {
            "purpose_rule": "required",
            "most_live": "2",
            "shares_board": "on",
            "version": "0",
        },
        "saved_view_create": {"page": "spend", "name": "By month", "query": "by=month"},
        "columns_choose": {"list": "rental_list", "shown": ["state"]},
        "saved_view_update": {"name": "Renamed"},
        "saved_view_default": {"wanted": "1"},
        "provider_console": {"call": "balance", "console-request_key": uuid.uuid4()},
        "console_reveal": {"reason": "The card shows another code."},
    }
    return (forms | book_forms(world.books) | alarms.forms(world.alarms)).get(name, {})


def fingerprint() -> dict[str, str]:
    """A digest of each table's rows, by which a test sees that nothing at all has changed."""
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.app_label not in KEPT_APART
    ]
    with connection.cursor() as cursor:
        return {table: _digest(cursor, table) for table in tables}


def _digest(cursor: Any, table: str) -> str:
    cursor.execute(f'SELECT t::text FROM "{table}" AS t ORDER BY 1')  # noqa: S608 - our own names
    return hashlib.sha256(repr(cursor.fetchall()).encode()).hexdigest()
