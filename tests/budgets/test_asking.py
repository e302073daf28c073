"""A member asks for more, an admin decides once, and it counts for that period alone."""

# mypy: disable-error-code="comparison-overlap"

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail, signing
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from pytest_django import Settings

from accounts.models import AuditEvent, Membership, User
from accounts.states import Role
from rentals.budgets import answers
from rentals.models import Budget, BudgetRequest
from rentals.operations import (
    NotPossible,
    OverBudget,
    approve_request,
    ask_for_more,
    decline_request,
    end_budget,
    mailing,
    sweep,
    withdraw_request,
)
from rentals.states import AskedState, BudgetPeriod, BudgetScope
from tests.alerts.postoffice import PostOffice, post_office
from tests.budgets.renting import NOW, House
from tests.factories import make_member, make_team, make_user
from tests.mail_server import NOBODY, mail_to, rest

DAY = timedelta(days=1)


def ask(
    house: House,
    budget: Budget | None = None,
    *,
    by: Membership | None = None,
    amount: str = "0.45",
    reason: str = "A late test run",
) -> BudgetRequest:
    return ask_for_more(
        membership=by or house.member,
        budget=budget or house.budget("0.45", period=BudgetPeriod.DAY),
        amount=Decimal(amount),
        reason=reason,
        now=NOW,
    )


def approve(house: House, request: BudgetRequest) -> None:
    approve_request(request=request, actor=house.admin.user, note=" For QA ", now=NOW)


def stops(house: House, by: Membership | None = None, **rent: object) -> bool:
    try:
        with transaction.atomic():
            house.rent(by, **rent)  # type: ignore[arg-type]
    except OverBudget:
        return True
    return False


def test_what_is_approved_is_there_that_day_and_no_longer(house: House) -> None:
    request = ask(house)
    assert not stops(house)
    assert stops(house)
    approve(house, request)
    assert not stops(house)
    assert stops(house)
    assert not stops(house, at=NOW + DAY)
    assert stops(house, at=NOW + DAY)


def test_more_of_a_budget_for_each_is_for_who_asked(house: House) -> None:
    budget = house.budget("0.45", scope=BudgetScope.EACH)
    other = make_member(house.team, Role.MEMBER)
    approve(house, ask(house, budget))
    assert [stops(house), stops(house), stops(house)] == [False, False, True]
    assert [stops(house, other), stops(house, other)] == [False, True]


def test_more_of_the_teams_budget_is_for_everybody(house: House) -> None:
    other = make_member(house.team, Role.MEMBER)
    approve(house, ask(house, house.budget("0.45")))
    assert [stops(house, other), stops(house, other), stops(house)] == [False, False, True]


def test_all_of_it_is_on_record(house: House) -> None:
    request = ask(house)
    approve(house, request)
    request.refresh_from_db()
    assert (request.state, request.decided_by, request.decided_at, request.note) == (
        "approved",
        house.admin.user,
        NOW,
        "For QA",
    )
    asked, raised = AuditEvent.objects.order_by("pk")
    assert (asked.action, asked.actor, asked.reason) == (
        "budget.more_asked",
        house.member.user,
        "A late test run",
    )
    assert (raised.action, raised.actor, raised.after["more"]) == (
        "budget.raised",
        house.admin.user,
        "USD 0.45",
    )
    assert asked.is_money
    assert raised.is_money


def test_declined_and_withdrawn_raise_nothing(house: House) -> None:
    budget = house.budget("0.45")
    decline_request(request=ask(house, budget), actor=house.admin.user, note="No", now=NOW)
    withdraw_request(request=ask(house, budget), actor=house.member.user, now=NOW)
    assert [stops(house), stops(house)] == [False, True]
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions)[1::2] == ["budget.declined", "budget.more_withdrawn"]


@pytest.mark.parametrize("first", ["approve", "decline", "withdraw"])
def test_it_is_decided_once(house: House, first: str) -> None:
    request = ask(house)
    verbs: dict[str, Callable[[], None]] = {
        "approve": lambda: approve(house, request),
        "decline": lambda: decline_request(request=request, actor=house.admin.user, now=NOW),
        "withdraw": lambda: withdraw_request(request=request, actor=house.member.user, now=NOW),
    }
    verbs[first]()
    events = AuditEvent.objects.count()
    for again in verbs.values():
        with pytest.raises(NotPossible, match="already"):
            again()
    assert AuditEvent.objects.count() == events


@pytest.mark.parametrize("roles", [[Role.MEMBER], [Role.FINANCE], None])
def test_only_an_admin_of_the_team_decides(house: House, roles: list[Role] | None) -> None:
    request = ask(house)
    actor = make_member(house.team, *roles) if roles else make_member(make_team(), *Role)
    for decide in (approve_request, decline_request):
        with pytest.raises(NotPossible, match="Only an admin"):
            decide(request=request, actor=actor.user, now=NOW)
    request.refresh_from_db()
    assert (request.state, AuditEvent.objects.count()) == ("open", 1)


def test_only_who_asked_withdraws(house: House) -> None:
    request = ask(house)
    with pytest.raises(NotPossible, match="Only who asked"):
        withdraw_request(request=request, actor=house.admin.user, now=NOW)
    request.refresh_from_db()
    assert request.state == "open"


def test_what_is_over_can_only_be_declined(house: House) -> None:
    request = ask(house)
    later = NOW + DAY
    with pytest.raises(NotPossible, match="is over"):
        approve_request(request=request, actor=house.admin.user, now=later)
    decline_request(request=request, actor=house.admin.user, now=later)


def test_a_budget_that_has_ended_is_not_raised(house: House) -> None:
    request = ask(house)
    end_budget(budget=request.budget, actor=house.admin.user, now=NOW)
    with pytest.raises(NotPossible, match="has ended"):
        approve(house, request)
    request.refresh_from_db()
    assert request.state == "open"


def test_one_asks_once_at_a_time(house: House) -> None:
    budget = house.budget()
    request = ask(house, budget)
    with pytest.raises(NotPossible, match="asked already"), transaction.atomic():
        ask(house, budget)
    approve(house, request)
    ask(house, budget)
    assert BudgetRequest.objects.count() == 2


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("0", "Why not", "above 0"),
        ("NaN", "Why not", "above 0"),
        ("1e12", "Why not", "above 0"),
        ("0.00001", "Why not", "4 decimals"),
        ("1", "  ", "Say what it is for"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    house: House, amount: str, reason: str, said: str
) -> None:
    with pytest.raises(NotPossible, match=said):
        ask(house, amount=amount, reason=reason)
    assert not BudgetRequest.objects.exists()
    assert not AuditEvent.objects.exists()


def test_nobody_asks_for_more_of_what_does_not_count_for_them(house: House) -> None:
    other, finance = make_member(house.team), make_member(house.team, Role.FINANCE)
    of_other = house.budget(scope=BudgetScope.MEMBER, member=other.user)
    elsewhere = make_team()
    for by, budget in [
        (house.member, of_other),
        (finance, house.budget()),
        (make_member(elsewhere), of_other),
        (house.member, house.budget(active_to=(NOW - DAY).date(), period=BudgetPeriod.DAY)),
    ]:
        with pytest.raises(NotPossible):
            ask(house, budget, by=by)
    assert not BudgetRequest.objects.exists()


# The e-mail


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with post_office() as office:
        mail_to(settings, office.url)
        yield office


def test_each_admin_gets_an_e_mail_with_a_link_of_its_own(house: House) -> None:
    second = make_member(house.team, Role.ADMIN, Role.MEMBER)
    make_member(house.team, Role.ADMIN, user=make_user(is_active=False))
    make_member(house.team, Role.FINANCE)
    request = ask(house)
    assert mailing.mail_request(request.pk, now=NOW)
    to = [message.to for message in mail.outbox]
    assert to == [[house.admin.user.email], [second.user.email]]
    message = mail.outbox[0]
    assert "asks for USD 0.45 more" in message.subject
    assert "Reason: A late test run" in message.body
    assert f"/t/{house.team.slug}/budgets/answer/{request.pk}:" in message.body
    assert not mailing.mail_request(request.pk, now=NOW + DAY)
    assert len(mail.outbox) == 2


def test_a_name_can_not_add_to_an_e_mails_head(house: House) -> None:
    house.member.user.name = "Eve\r\nBcc: all@example.org"
    house.member.user.save()
    assert mailing.mail_request(ask(house).pk, now=NOW)
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []


def decide(request: BudgetRequest, state: AskedState, actor: Membership, note: str) -> None:
    verb = approve_request if state == AskedState.APPROVED else decline_request
    verb(request=request, actor=actor.user, note=note, now=NOW)


@pytest.mark.parametrize(
    ("state", "said"), [(AskedState.APPROVED, "approved"), (AskedState.DECLINED, "declined")]
)
def test_who_asked_is_told_once_what_was_decided(
    house: House, office: PostOffice, state: AskedState, said: str
) -> None:
    request = ask(house)
    decide(request, state, house.admin, "Only for\nthe release")
    assert mailing.due_mails(NOW) == [request.pk]
    assert mailing.mail_request(request.pk, now=NOW)
    assert mailing.due_mails(NOW + DAY) == []
    assert not mailing.mail_request(request.pk, now=NOW + DAY)
    [message] = office.mails
    assert message["To"] == house.member.user.email
    assert message["Subject"] == f"{house.team.name}: USD 0.45 more {said}"
    body = message.get_content()
    assert f"{house.admin.user} {said} USD 0.45 more in {house.team.name}" in body
    assert "Reason: A late test run" in body
    assert "Note: Only for\nthe release" in body.replace("\r\n", "\n")
    assert f"http://localhost/t/{house.team.slug}/budgets/" in body
    assert "answer" not in body


def test_a_decision_is_mailed_whatever_became_of_the_mail_that_asked_for_it(
    house: House, settings: Settings
) -> None:
    request, mailers = ask(house), settings.MAILERS
    mail_to(settings, NOBODY)
    for minutes in (0, 10, 60):
        mailing.mail_request(request.pk, now=NOW + timedelta(minutes=minutes))
    settings.MAILERS = mailers
    Membership.objects.filter(pk=house.member.pk).update(roles=[Role.ADMIN, Role.MEMBER])
    mailing.mail_request(request.pk, now=NOW + DAY)
    mail.outbox.clear()  # they had the one to admins
    approve(house, request)
    assert mailing.mail_request(request.pk, now=NOW)
    assert [message.to for message in mail.outbox] == [[house.member.user.email]]
    assert BudgetRequest.objects.get().mail_tries == 1


@pytest.mark.parametrize("who", ["has left", "is switched off", "decided it", "withdrew it"])
def test_nobody_is_told_of_a_decision_who_is_gone_or_knows(house: House, who: str) -> None:
    by = house.admin if who == "decided it" else house.member
    if who == "decided it":
        Membership.objects.filter(pk=by.pk).update(roles=[Role.ADMIN, Role.MEMBER])
        by.refresh_from_db()
    request = ask(house, by=by)
    if who == "withdrew it":
        withdraw_request(request=request, actor=by.user, now=NOW)
    else:
        approve(house, request)
    if who == "has left":
        by.delete()
    elif who == "is switched off":
        by.user.is_active = False
        by.user.save()
    mailing.mail_request(request.pk, now=NOW)
    assert mail.outbox == []
    assert mailing.due_mails(NOW + DAY) == []


@pytest.mark.parametrize(
    "change",
    [
        {"note": "Another"},
        {"amount": Decimal(9)},
        {"state": "open", "decided_by": None, "decided_at": None},
        {"state": "declined", "mail_tries": 3},
    ],
)
def test_of_what_was_decided_only_the_mail_may_change(
    house: House, change: dict[str, object]
) -> None:
    request = ask(house)
    approve(house, request)
    rows = BudgetRequest.objects.filter(pk=request.pk)
    before = rows.values().get()
    with pytest.raises(DatabaseError, match="is decided"), transaction.atomic():
        rows.update(**change)
    with pytest.raises(DatabaseError, match="is decided"), transaction.atomic():
        rows.delete()
    assert rows.values().get() == before
    rows.update(mail_due_at=None, mail_tries=1)
    assert rows.values().get() == {**before, "mail_due_at": None, "mail_tries": 1}


def test_a_mail_server_that_is_away_is_asked_again(house: House, settings: Settings) -> None:
    request, mailers = ask(house), settings.MAILERS
    mail_to(settings, NOBODY)
    assert not mailing.mail_request(request.pk, now=NOW)
    settings.MAILERS = mailers
    assert mailing.due_mails(NOW + timedelta(minutes=1)) == []
    assert mailing.due_mails(NOW + timedelta(minutes=3)) == [request.pk]
    assert mailing.mail_request(request.pk, now=NOW + timedelta(minutes=3))
    assert mailing.due_mails(NOW + DAY) == []


def test_a_refused_address_keeps_no_other_from_being_asked(
    house: House, office: PostOffice
) -> None:
    refused, other = house.admin.user.email, make_member(house.team, Role.ADMIN).user.email
    request = ask(house)
    office.unknown = {refused}
    assert not mailing.mail_request(request.pk, now=NOW)
    assert [mail["To"] for mail in office.mails] == [other]
    office.unknown = set()
    assert mailing.due_mails(NOW + timedelta(minutes=3)) == [request.pk]
    assert mailing.mail_request(request.pk, now=NOW + timedelta(minutes=3))
    assert [mail["To"] for mail in office.mails] == [other, refused]
    assert mailing.due_mails(NOW + DAY) == []


def test_a_server_that_breaks_off_is_asked_again_for_the_others_alone(
    house: House, office: PostOffice
) -> None:
    second = make_member(house.team, Role.ADMIN)
    request = ask(house)
    office.unknown = {second.user.email}
    assert not mailing.mail_request(request.pk, now=NOW)
    office.unknown, office.fault = set(), "busy"
    assert not mailing.mail_request(request.pk, now=NOW + timedelta(hours=1))
    office.fault = ""
    assert mailing.mail_request(request.pk, now=NOW + timedelta(hours=2))
    assert [mail["To"] for mail in office.mails] == [house.admin.user.email, second.user.email]


def test_whoever_is_overtaken_by_another_worker_stops(
    house: House, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that takes minutes for a mail may have the same worked on by two."""
    first, second = house.admin.user.email, make_member(house.team, Role.ADMIN).user.email
    request, written = ask(house), mailing._message
    took_over: list[User] = []

    def slowly(asked: BudgetRequest, reader: User) -> EmailMessage:
        if not took_over:
            took_over.append(reader)
            assert mailing.mail_request(request.pk, now=NOW + timedelta(minutes=3))
        return written(asked, reader)

    monkeypatch.setattr(mailing, "_message", slowly)
    assert not mailing.mail_request(request.pk, now=NOW)
    assert [mail["To"] for mail in office.mails] == [first, second, first]
    assert mailing.due_mails(NOW + DAY) == []


def test_a_mail_server_that_failed_is_left_alone_for_a_while(
    house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch, 60)
    first = ask(house)
    second = ask(house, by=make_member(house.team), budget=first.budget)
    mail_to(settings, NOBODY)
    for request in (first, second):
        assert not mailing.mail_request(request.pk, now=NOW)
    tries = BudgetRequest.objects.order_by("pk").values_list("mail_tries", flat=True)
    assert list(tries) == [1, 0]
    assert mailing.due_mails(NOW) == [second.pk]


def test_it_is_given_up_in_the_end(house: House, settings: Settings) -> None:
    request = ask(house)
    mail_to(settings, NOBODY)
    now, tries = NOW, 0
    while mailing.due_mails(now):
        mailing.mail_request(request.pk, now=now)
        tries, now = tries + 1, now + timedelta(hours=5)
    assert tries == mailing.TRIES


def test_a_lost_message_is_found_by_the_sweep(house: House) -> None:
    request, handed_out = ask(house), []
    sweep(NOW, lambda *work: handed_out.append(work))
    assert ("rentals.mail_request", request.pk) in handed_out


def test_a_link_is_signed_and_ends(house: House) -> None:
    request = ask(house)
    token = answers.token(request)
    assert answers.request_id(token) == request.pk
    assert answers.request_id(token + "x") is None
    assert answers.request_id(f"{request.pk + 1}:{token.partition(':')[2]}") is None
    assert answers.request_id(str(request.pk)) is None
    assert answers.request_id("") is None


def test_a_link_lasts_for_a_week(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    request = ask(house)
    token, made = answers.token(request), time.time()
    monkeypatch.setattr(signing.time, "time", lambda: made + 6.9 * 86400)  # type: ignore[attr-defined]
    assert answers.request_id(token) == request.pk
    monkeypatch.setattr(signing.time, "time", lambda: made + 7.1 * 86400)  # type: ignore[attr-defined]
    assert answers.request_id(token) is None
