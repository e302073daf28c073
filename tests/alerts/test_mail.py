"""Who is told by e-mail, when, how often, and of what."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import Membership, ProviderAccount
from accounts.states import Role
from alerts.models import Letter, MailChoice
from alerts.operations.choosing_mail import choose_mail
from alerts.operations.mailing import PAUSES, due_readers, send_letters
from alerts.states import How, Kind
from rentals.states import RentalState
from tests.alerts.making import hold, limit, look
from tests.alerts.postoffice import PostOffice, post_office
from tests.factories import make_member, make_rental
from tests.mail_server import NOBODY, mail_to, rest
from tests.pages.clients import page, signed_in, words
from tests.pages.conftest import World

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(settings: Settings) -> Iterator[PostOffice]:
    with post_office() as office:
        mail_to(settings, office.url)
        yield office


def wants(membership: Membership, how: How, *kinds: Kind, hour: int = 8) -> None:
    choose_mail(
        membership=membership, how=dict.fromkeys(kinds or Kind, how), digest_hour=hour, now=NOON
    )


def only(world: World, membership: Membership, how: How = How.AT_ONCE, **more: Any) -> None:
    """Nobody else of the team gets a mail."""
    for each in (world.member, world.colleague, world.admin, world.finance):
        wants(each, How.OFF)
    wants(membership, how, **more)


def low(world: World, at: datetime = NOON, held: str = "4") -> None:
    limit(world.gig, low="5")
    hold(world.gig, held)
    look(at)


def post(at: datetime) -> int:
    """What workers do at a moment; how many mails went."""
    return sum(send_letters(membership_id=pk, now=at) for pk in due_readers(now=at))


@contextmanager
def working(work: Callable[[], object]) -> Iterator[None]:
    """Another worker is at it meanwhile; in the end it is done."""

    def alone() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=alone)
    thread.start()
    yield
    thread.join()


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_each_gets_at_once_what_is_theirs_to_read(world: World, office: PostOffice) -> None:
    ProviderAccount.objects.filter(pk=world.gig.pk).update(key_refused_at=NOON)
    make_rental(world.member, world.gig, RentalState.IN_DOUBT, at=NOON - timedelta(hours=1))
    for membership in (world.admin, world.finance, world.member, world.colleague):
        wants(membership, How.AT_ONCE)
    low(world)
    post(NOON)
    got = {
        name: sorted(
            title
            for title in (f"{world.gig.label} is low", "refuses the key", "is in doubt")
            for mail in office.to(getattr(world, name).user.email)
            if title in text(mail)
        )
        for name in ("admin", "finance", "member", "colleague", "stranger")
    }
    low_one = f"{world.gig.label} is low"
    assert got == {
        "admin": sorted([low_one, "refuses the key", "is in doubt"]),
        "finance": sorted([low_one, "is in doubt"]),
        "member": ["is in doubt"],
        "colleague": [],
        "stranger": [],
    }
    assert len(office.mails) == 3  # one each, whatever is in it


def test_a_mail_says_it_in_both_forms_and_leads_to_the_choices(
    world: World, office: PostOffice
) -> None:
    only(world, world.finance)
    low(world)
    assert post(NOON) == 1
    [mail] = office.mails
    choices = f"http://localhost/t/{world.team.slug}/alerts/mail"
    assert mail["Subject"] == f"[{world.team.name}] {world.gig.label} is low"
    assert mail["List-Unsubscribe"] == f"<{choices}>"
    html = mail.get_body(("html",))
    assert html is not None
    for body in (text(mail), str(html.get_content())):
        assert "It holds USD 4.00; the limit is USD 5.00." in body
        assert f"http://localhost/t/{world.team.slug}/wallets/{world.gig.pk}/" in body
        assert choices in body


def test_what_a_person_typed_is_no_markup(world: World, office: PostOffice) -> None:
    ProviderAccount.objects.filter(pk=world.gig.pk).update(label="<b>Main</b>")
    only(world, world.finance)
    low(world)
    post(NOON)
    html = office.mails[0].get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;Main&lt;/b&gt; is low" in str(html.get_content())
    assert "<b>Main</b> is low" in text(office.mails[0])


def test_nothing_goes_twice(world: World, office: PostOffice) -> None:
    only(world, world.finance)
    low(world)
    for minute in range(3):
        post(NOON + minute * MINUTE)
        look(NOON + minute * MINUTE)
    assert len(office.mails) == 1


def test_what_gets_worse_is_told_again(world: World, office: PostOffice) -> None:
    only(world, world.finance)
    low(world)
    post(NOON)
    low(world, NOON + MINUTE, held="1")
    post(NOON + MINUTE)
    assert len(office.mails) == 2
    assert "Got worse" in text(office.mails[1])


def test_what_is_off_is_not_written(world: World, office: PostOffice) -> None:
    only(world, world.finance, How.OFF)
    low(world)
    assert not Letter.objects.exists()


# --- the digest ---


@pytest.mark.parametrize(
    ("zone", "hour", "due"),
    [
        ("", 8, datetime(2026, 3, 11, 8, tzinfo=UTC)),
        ("", 13, datetime(2026, 3, 10, 13, tzinfo=UTC)),
        ("", 12, datetime(2026, 3, 11, 12, tzinfo=UTC)),
        ("America/New_York", 8, datetime(2026, 3, 11, 12, tzinfo=UTC)),  # it is 8 there just now
        ("America/New_York", 9, datetime(2026, 3, 10, 13, tzinfo=UTC)),
        ("Asia/Tokyo", 8, datetime(2026, 3, 10, 23, tzinfo=UTC)),
    ],
)
def test_a_digest_comes_at_the_persons_hour(
    world: World, office: PostOffice, zone: str, hour: int, due: datetime
) -> None:
    world.finance.user.time_zone = zone
    world.finance.user.save()
    only(world, world.finance, How.DIGEST, hour=hour)
    low(world)
    limit(world.villa, low="5")
    hold(world.villa, "1")
    look(NOON + MINUTE)
    assert post(due - timedelta(seconds=1)) == 0
    assert post(due) == 1
    [mail] = office.mails
    assert mail["Subject"] == f"[{world.team.name}] Daily digest of alerts"
    assert world.gig.label in text(mail) and world.villa.label in text(mail)
    assert post(due + timedelta(days=1)) == 0  # a day without news has none


def test_a_digest_after_the_clocks_change(world: World, office: PostOffice) -> None:
    world.finance.user.time_zone = "Europe/Rome"
    world.finance.user.save()
    only(world, world.finance, How.DIGEST)
    low(world, datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert Letter.objects.get().due_at == datetime(2026, 3, 29, 6, tzinfo=UTC)


def test_it_says_what_is_over_by_then(world: World, office: PostOffice) -> None:
    only(world, world.finance, How.DIGEST)
    low(world)
    hold(world.gig, "50")
    look(NOON + MINUTE)
    post(NOON + timedelta(days=1))
    assert "over since 2026-03-10 12:01" in text(office.mails[0])


def test_another_hour_or_none_counts_for_what_waits(world: World, office: PostOffice) -> None:
    only(world, world.finance, How.DIGEST)
    low(world)
    wants(world.finance, How.DIGEST, hour=14)
    assert Letter.objects.get().due_at == datetime(2026, 3, 10, 14, tzinfo=UTC)
    wants(world.finance, How.OFF)
    assert post(NOON + timedelta(days=2)) == 0
    assert office.mails == []


# --- what goes wrong ---


@pytest.mark.parametrize("fault", ["refuse", "busy", "away"])
def test_a_mail_that_was_not_taken_is_tried_again(
    world: World, office: PostOffice, settings: Settings, fault: str
) -> None:
    only(world, world.finance)
    office.fault = fault
    if fault == "away":
        mail_to(settings, NOBODY)
    low(world)
    assert post(NOON) == 0
    assert "could not be sent" in words(
        signed_in(world.finance).get(page("alert_mail", world.team))
    )
    mail_to(settings, office.url)
    office.fault = ""
    letter = Letter.objects.get()
    assert post(letter.due_at - timedelta(seconds=1)) == 0
    assert post(letter.due_at) == 1
    assert len(office.mails) == 1


def test_pauses_grow_and_end(world: World, office: PostOffice) -> None:
    only(world, world.finance)
    office.fault = "refuse"
    low(world)
    at = NOON
    for _ in range(len(PAUSES) + 1):
        assert Letter.objects.get().dropped_at is None
        post(at)
        at = Letter.objects.get().due_at
    assert Letter.objects.get().dropped_at is not None
    office.fault = ""
    assert post(at + timedelta(days=9)) == 0


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_what_may_have_gone_is_not_sent_again_but_told_in_the_digest(
    world: World, office: PostOffice, settings: Settings, fault: str
) -> None:
    mail_to(settings, office.url, patience=0.5)
    only(world, world.finance)
    office.fault = fault
    low(world)
    at = datetime.now(UTC)
    Letter.objects.update(due_at=at)
    assert post(at) == 0
    assert len(office.mails) == 1
    office.fault = ""
    assert post(at + 10 * MINUTE) == 0
    assert Letter.objects.get().how == How.DIGEST
    assert post(at + timedelta(days=1, minutes=10)) == 1
    assert office.mails[1]["Subject"].endswith("Daily digest of alerts")


@pytest.mark.parametrize("how", [How.AT_ONCE, How.DIGEST])
@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_a_server_that_never_says_so_gets_it_twice_at_most(
    world: World, office: PostOffice, settings: Settings, fault: str, how: How
) -> None:
    mail_to(settings, office.url, patience=0.5)
    only(world, world.finance, how)
    office.fault = fault
    low(world)
    at = datetime.now(UTC)
    Letter.objects.update(due_at=at)
    for day in range(4):  # the first try, and three digests
        assert post(at + timedelta(days=day, hours=2)) == 0
        assert post(at + timedelta(days=day, hours=3)) == 0
    assert len(office.mails) == 2
    letter = Letter.objects.get()
    assert letter.dropped_at is not None
    told = words(signed_in(world.finance).get(page("alert_mail", world.team)))
    assert "did not say whether it took it. It was given up." in told


@pytest.mark.django_db(transaction=True)
def test_what_a_slow_server_has_is_not_taken_from_it(world: World, office: PostOffice) -> None:
    """The task began long ago, and the mail server has only just got the mail."""
    began = timezone.now() - timedelta(minutes=3)
    only(world, world.finance)
    low(world, began)
    office.fault = "hang"
    with working(lambda: send_letters(membership_id=world.finance.pk, now=began)):
        assert office.taken.wait(20)
        assert due_readers(now=timezone.now() + MINUTE) == []
        assert Letter.objects.get().how == How.AT_ONCE
        office.go_on.set()
    assert Letter.objects.get().sent_at is not None


@pytest.mark.django_db(transaction=True)
def test_what_was_taken_is_sent_however_long_the_farewell(world: World, office: PostOffice) -> None:
    only(world, world.finance)
    low(world, timezone.now())
    office.fault = "linger"
    with working(lambda: send_letters(membership_id=world.finance.pk, now=timezone.now())):
        assert office.taken.wait(20)
        assert Letter.objects.get().sent_at is not None
        office.go_on.set()


@pytest.mark.parametrize("fault", ["silent", "hang"])
def test_a_server_that_hangs_is_waited_for_once(
    world: World,
    office: PostOffice,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    mail_to(settings, office.url, patience=0.5)
    rest(monkeypatch, 60)
    only(world, world.finance)
    wants(world.admin, How.AT_ONCE)
    office.fault = fault
    low(world)
    assert post(NOON) == 0
    assert office.connections == 1
    assert sorted(Letter.objects.values_list("tries", flat=True)) == [0, 1]
    mail_to(settings, office.url, patience=20)
    office.fault = ""
    later = timezone.now() + timedelta(days=2)
    assert post(later) == 0
    rest(monkeypatch, 60)  # it is over
    assert post(later) + post(later + timedelta(days=1)) == 2


def test_who_may_no_longer_read_it_is_not_told(world: World, office: PostOffice) -> None:
    only(world, world.finance)
    low(world)
    Membership.objects.filter(pk=world.finance.pk).update(roles=[Role.MEMBER])
    assert post(NOON) == 0
    assert office.mails == []
    assert Letter.objects.get().dropped_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_it_once(world: World, office: PostOffice) -> None:
    now = timezone.now()
    only(world, world.finance)
    low(world, now)
    office.fault = "hang"
    sent: list[int] = []

    def work() -> None:
        sent.append(send_letters(membership_id=world.finance.pk, now=now))

    with working(work):
        assert office.taken.wait(20)
        work()
        office.go_on.set()
    assert sorted(sent) == [0, 1]
    assert len(office.mails) == 1


def test_an_alert_that_is_rolled_back_leaves_no_letter(world: World) -> None:
    only(world, world.finance)
    with pytest.raises(RuntimeError), transaction.atomic():
        low(world)
        assert Letter.objects.exists()
        raise RuntimeError
    assert not Letter.objects.exists()


# --- choosing ---


def test_each_chooses_among_what_may_come_to_them(world: World) -> None:
    shown = {
        name: [
            kind
            for kind in Kind
            if f'name="{kind.value}"'
            in signed_in(getattr(world, name)).get(page("alert_mail", world.team)).text
        ]
        for name in ("admin", "finance", "member")
    }
    assert shown["admin"] == list(Kind)
    assert Kind.KEY_REFUSED not in shown["finance"]
    assert shown["member"] == [Kind.BUDGET, Kind.IN_DOUBT]


def test_what_is_chosen_is_kept(world: World) -> None:
    client, address = signed_in(world.member), page("alert_mail", world.team)
    sent = {"in_doubt": "off", "budget": "digest", "digest_hour": 17}
    assert client.post(address, sent).status_code == 302
    kept = MailChoice.objects.get(membership=world.member)
    assert (kept.of(Kind.IN_DOUBT), kept.digest_hour) == (How.OFF, 17)


@pytest.mark.parametrize(
    "wrong", [{"in_doubt": "hourly"}, {"digest_hour": 24}, {"digest_hour": ""}]
)
def test_what_cannot_be_chosen_is_refused(world: World, wrong: dict[str, Any]) -> None:
    sent = {"in_doubt": "off", "budget": "digest", "digest_hour": 17, **wrong}
    response = signed_in(world.member).post(page("alert_mail", world.team), sent)
    assert response.status_code == 422
    assert not MailChoice.objects.exists()


def test_a_new_member_has_the_defaults(world: World, office: PostOffice) -> None:
    newcomer = make_member(world.team, Role.FINANCE)
    low(world)
    post(NOON)
    assert len(office.to(newcomer.user.email)) == 1
