"""After its days nothing of what came is anywhere; money, hashes and evidence are as before."""

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from accounts import gateway
from accounts.models import AuditEvent
from accounts.states import Role
from ledger.models import ReconciliationException, Refund, Transfer
from providers.calls import Delivered, Reply
from providers.exchange import reply_to_dict
from rentals import operations
from rentals.evidence import evidence
from rentals.health.accounts import account_health
from rentals.models import InboxEntry, Message, Policy, ProviderAnswer, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations import NotPossible, purge_due, purge_rental, purging, sweeping
from rentals.operations.looking import apply_activation
from rentals.operations.purging import Purged
from rentals.operations.replaying import replay_inbox
from rentals.states import RentalState as S
from tests import databases
from tests.factories import make_member
from tests.ledger.statements import cancelled, reconciled, with_book
from tests.rentals import books
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene, codes, swept

DAY = 86_400.0
DAYS = 30
CODE, TEXT = "90817263", "Zebras wander quietly: 90817263"
WORDS = "Zebras wander quietly"


@pytest.fixture(autouse=True)
def fresh(committed: None) -> None:
    """All tables are looked through: nothing may be left in them by another test."""
    databases.renew()


def keeps(scene: Scene, days: int | None = DAYS, *, numbers: bool = False) -> None:
    wanted = {"keep_days": days, "purges_numbers": numbers}
    Policy.objects.update_or_create(team=scene.membership.team, defaults=wanted)


def ended(scene: Scene, *, hooked: bool = True, **wishes: Any) -> Rental:
    """A rental that got an SMS, told of by a webhook and by a poll, and that is over."""
    rental = scene.rented(**wishes)
    parcel = scene.sms(rental, code=CODE, text=TEXT)
    if hooked:
        scene.hook(parcel)
    scene.poll(rental)
    operations.finish_rental(rental=rental, actor=scene.membership.user, now=scene.times.now())
    scene.control(rental)
    assert rental.state == S.FINISHED
    return rental


def purged(scene: Scene, *, days: float = DAYS + 1) -> Purged:
    return purge_due(now=scene.times.move(days * DAY))


def where(*needles: str) -> set[str]:
    """The tables of the database in which one of the texts stands, plain or in disguise."""
    forms = [form for needle in needles for form in _forms(needle)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        return {table for table in tables if _holds(cursor, table, forms)}


def _forms(needle: str) -> Iterator[str]:
    """As text, as bytea's hexadecimals, and as base64 at each of its three offsets."""
    raw = needle.encode()
    yield needle
    yield raw.hex()
    for offset in range(3):
        whole = base64.b64encode(b"x" * offset + raw).decode()
        yield whole[4 : len(whole) // 4 * 4 - 4]


def _holds(cursor: Any, table: str, forms: list[str]) -> bool:
    cursor.execute(
        f"SELECT EXISTS (SELECT FROM {table} t, unnest(%s::text[]) form"  # noqa: S608 - our names
        " WHERE position(form IN t::text) > 0)",
        [forms],
    )
    return bool(cursor.fetchone()[0])


def fixed(scene: Scene) -> list[object]:
    """All that a purge has to leave as it is."""
    about = {"wallet": scene.account}
    return [
        list(Transfer.objects.filter(**about).order_by("pk").values()),
        list(Refund.objects.filter(**about).order_by("pk").values()),
        list(ReconciliationException.objects.filter(**about).order_by("pk").values()),
        list(
            Rental.objects.filter(account=scene.account)
            .order_by("pk")
            .values("pk", "state", "charged", "held", "price", "ended_at", "activation_id")
        ),
    ]


def test_after_its_days_no_table_holds_text_code_or_number(each: Scene) -> None:
    """A column that comes to hold one some day has to be purged as well, or this fails."""
    keeps(each, numbers=True)
    rental = ended(each)
    needles = (CODE, WORDS, rental.phone_raw.lstrip("+"))
    assert where(*needles) >= {
        "rentals_message",
        "rentals_inboxentry",
        "rentals_provideranswer",
        "rentals_rental",
    }
    before = fixed(each)
    assert purged(each) != Purged()
    assert where(*needles) == set()
    assert fixed(each) == before
    books.assert_proved(each.account)
    assert purge_due(now=each.times.now()) == Purged()


def test_a_purge_changes_nothing_for_those_who_keep_the_books(scene: SetScene) -> None:
    gig = with_book(scene("smsgig"))
    finance = make_member(gig.membership.team, Role.FINANCE)
    keeps(gig, numbers=True)
    ended(gig)
    given_up = cancelled(gig, gig.rented())
    reconciled(gig)
    gig.times.move((DAYS + 1) * DAY)
    reconciled(gig)
    refund = Refund.objects.get(reference=f"rental:{given_up.pk}")
    before, shown = fixed(gig), evidence(finance, refund, now=gig.times.now()).answers
    assert len(shown) > 0
    assert purge_due(now=gig.times.now()).answers > 0
    assert fixed(gig) == before
    assert evidence(finance, refund, now=gig.times.now()).answers == shown
    reconciled(gig)
    assert fixed(gig) == before
    books.assert_proved(gig.account)


def test_a_number_that_was_wished_for_goes_too(scene: SetScene) -> None:
    villa = scene("smsvilla")
    keeps(villa, numbers=True)
    wanted = "+12025550123"
    rental = villa.requested(wanted_number=wanted)
    Rental.objects.filter(pk=rental.pk).update(state=S.REFUSED, ended_at=villa.times.now())
    assert where(wanted)
    purged(villa)
    assert where(wanted) == set()


def test_numbers_stay_unless_the_team_says_so(each: Scene) -> None:
    keeps(each)
    rental = ended(each)
    purged(each)
    assert where(CODE, WORDS) == set()
    rental.refresh_from_db()
    assert rental.phone_raw and rental.number_purged_at is None
    keeps(each, numbers=True)
    purge_due(now=each.times.now())
    assert where(rental.phone_raw.lstrip("+")) == set()


@pytest.mark.parametrize("case", ["no days", "too early", "live", "another team"])
def test_what_is_kept_stays(scene: SetScene, case: str) -> None:
    it, other = scene("smsgig"), scene("smsgig")
    keeps(other, 1)
    if case != "another team":
        keeps(it, None if case == "no days" else DAYS)
    rental = it.received(code=CODE) if case == "live" else ended(it)
    before = where(CODE)
    if case == "live":
        Rental.objects.filter(pk=rental.pk).update(state=S.WAITING)
    it.times.move((DAYS - 1 if case == "too early" else DAYS + 1) * DAY)
    if case == "live":
        InboxEntry.objects.filter(account=it.account).update(received_at=it.times.now())
    purge_due(now=it.times.now())
    assert where(CODE) == before
    assert codes(rental) == [CODE]


def test_the_same_webhook_and_the_same_poll_bring_nothing_back(each: Scene) -> None:
    keeps(each, 1)
    rental = each.rented()
    parcel = each.sms(rental, code=CODE, text=TEXT)
    body = each.body(parcel)
    each.hook(body)
    each.poll(rental)
    poll = gateway.open_door(each.account).provider.poll(rental.activation_id)
    late_answer = each.transmitted(poll)
    Rental.objects.filter(pk=rental.pk).update(state=S.EXPIRED, ended_at=each.times.now())
    purged(each, days=2)
    assert where(CODE, WORDS) == set()
    assert each.hook(body).purged_at is not None  # the entry that was there
    assert where(CODE, WORDS) == set()
    other = each.hook(body.rstrip() + b" ")
    assert other.outcome == InboxOutcome.KNOWN_MESSAGE
    apply_activation(rental, poll.read(late_answer), now=each.times.now())
    (message,) = Message.objects.filter(rental=rental)
    assert (message.code, message.text) == ("", "")
    assert message.purged_at is not None
    assert where(CODE) == {"rentals_inboxentry"}  # the other body, until its own days are over
    purged(each, days=2)
    assert where(CODE, WORDS) == set()


def test_a_code_that_comes_in_other_words_is_still_known(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it, 1)
    rental = ended(it)
    Rental.objects.filter(pk=rental.pk).update(state=S.EXPIRED)
    purged(it, days=2)
    parcel = it.sms(rental, code=CODE, text=TEXT, force=True)
    Message.objects.filter(rental=rental).update(provider_id=parcel.message_id)
    entry = it.hook(it.body(parcel).replace(b"Zebras", b"Horses"))
    assert entry.outcome == InboxOutcome.KNOWN_MESSAGE
    assert Message.objects.filter(rental=rental).count() == 1


def test_a_number_that_is_removed_is_not_learned_again(each: Scene) -> None:
    keeps(each, 1, numbers=True)
    rental = ended(each)
    number = rental.phone_raw
    look = gateway.open_door(each.account).provider.inspect(rental.activation_id)
    late_answer = each.transmitted(look)
    purged(each, days=2)
    rental.refresh_from_db()
    apply_activation(rental, look.read(late_answer), now=each.times.now())
    assert where(number.lstrip("+")) == set()


def test_what_is_removed_is_not_applied_again(each: Scene) -> None:
    keeps(each, 1)
    rental = ended(each)
    purged(each, days=2)
    since = each.times.now() - timedelta(days=9)
    assert replay_inbox(accounts=[each.account], since=since, actor=None) == 0
    assert Message.objects.filter(rental=rental).count() == 1


def test_a_webhook_that_a_doubt_may_need_waits_for_its_end(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it, 1)
    rental = it.rented()
    parcel = it.sms(rental, code=CODE, text=TEXT)
    Rental.objects.filter(pk=rental.pk).update(state=S.IN_DOUBT, activation_id="")
    assert it.hook(parcel).outcome == InboxOutcome.UNKNOWN_ACTIVATION
    purged(it, days=2)
    assert where(CODE) >= {"rentals_inboxentry"}
    Rental.objects.filter(pk=rental.pk).update(state=S.REFUSED)
    purge_due(now=it.times.now())
    assert "rentals_inboxentry" not in where(CODE)


def test_a_code_that_no_worker_has_read_yet_is_no_message_to_remove(each: Scene) -> None:
    """Workers are down for longer than a team keeps texts."""
    keeps(each, 1)
    rental = each.rented()
    entry = each.taken(each.sms(rental, code=CODE, text=TEXT))
    purged(each, days=2)
    operations.apply_inbox_entries([entry.pk], now=each.times.now())
    assert codes(rental, confirmed=each.provider == "smsgig") == [CODE]


def test_a_webhook_that_could_not_be_read_waits_for_a_better_reader(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it, 1)
    rental = ended(it, hooked=False)
    entry = it.taken(it.sms(rental, code="55501", text="Of another shape", force=True))
    right = bytes(entry.body)
    InboxEntry.objects.filter(pk=entry.pk).update(body=b"[" + right)
    operations.apply_inbox_entries([entry.pk], now=it.times.now())
    purged(it, days=2)
    held = InboxEntry.objects.get(pk=entry.pk)
    assert (bytes(held.body), held.applied_at) == (b"[" + right, None)
    InboxEntry.objects.filter(pk=entry.pk).update(body=right)
    operations.apply_inbox_entries([entry.pk], now=it.times.now())
    assert "55501" in codes(rental)


def test_a_webhook_that_nobody_can_read_is_not_kept_for_ever(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it, 1)
    rental = it.rented()
    entry = it.taken(it.sms(rental, code=CODE, text=TEXT))
    purged(it, days=89)
    assert where(CODE) == {"rentals_inboxentry"}
    assert purged(it, days=1.1).webhooks == 1
    assert where(CODE) == set()
    assert operations.apply_inbox_entries([entry.pk], now=it.times.now()) == 0


def test_what_was_removed_keeps_nobody_from_what_waits(
    scene: SetScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep takes up the oldest ones first, and so many of them only."""
    monkeypatch.setattr(sweeping, "HOOKS_A_SWEEP", 1)
    it = scene("smsgig")
    keeps(it, 1)
    rental = it.rented()
    removed = it.taken(it.sms(rental, code=CODE, text=TEXT))
    assert ("rentals.apply_inbox", removed.pk) in _later(it, seconds=5)
    purged(it, days=91)
    waits = it.taken(it.sms(rental, code="55501", force=True))
    assert ("rentals.apply_inbox", waits.pk) in _later(it, seconds=5)
    health = account_health(it.account, it.times.now())
    assert (health.waiting, health.oldest_age) == (1, 5)


def test_what_was_removed_ends_no_doubt(scene: SetScene) -> None:
    it = scene("smsgig")
    it.fault("cut", endpoint="rent", times=1)
    assert it.rented().state == S.IN_DOUBT
    (sent,) = it.sandbox.send_sms(it.provider, it.activations()[0].id, code=CODE)
    entry = it.hook(it.parcel(sent))
    assert ("rentals.adopt", entry.pk) in _later(it, seconds=5)
    InboxEntry.objects.filter(pk=entry.pk).update(body=b"", purged_at=it.times.now())
    assert ("rentals.adopt", entry.pk) not in _later(it, seconds=5)


def _later(scene: Scene, *, seconds: float) -> list[tuple[object, ...]]:
    scene.times.move(seconds)
    return swept(scene.times)


def test_a_run_that_dies_is_gone_on_with(scene: SetScene, monkeypatch: pytest.MonkeyPatch) -> None:
    it = scene("smsgig")
    keeps(it)
    rentals = [ended(it) for _ in range(3)]
    monkeypatch.setattr(purging, "BATCH", 1)
    real, left = purging._write, [2]

    def dying(*given: Any) -> None:
        real(*given)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    monkeypatch.setattr(purging, "_write", dying)
    with pytest.raises(KeyboardInterrupt):
        purged(it)
    gone = Message.objects.filter(rental__in=rentals, purged_at__isnull=False)
    assert gone.count() == 1
    monkeypatch.undo()
    purge_due(now=it.times.now())
    assert where(CODE, WORDS) == set()


def test_several_runs_at_once_share_the_work(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it)
    for _ in range(4):
        ended(it)
    now = it.times.move((DAYS + 1) * DAY)
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: alone(lambda: purge_due(now=now)), range(4)))
    purge_due(now=now)
    assert sum(run.messages for run in runs) <= 4
    assert where(CODE, WORDS) == set()


def test_what_somebody_works_on_is_left_for_the_next_run(scene: SetScene) -> None:
    it = scene("smsgig")
    keeps(it)
    rental = ended(it)
    now = it.times.move((DAYS + 1) * DAY)
    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Rental.objects.select_for_update().get(pk=rental.pk)
        assert pool.submit(alone, lambda: purge_due(now=now)).result(10).messages == 0
    assert purge_due(now=now).messages == 1


def test_an_admin_removes_what_came_for_one_rental(each: Scene) -> None:
    rental, other = ended(each), ended(each)
    admin = make_member(each.membership.team, Role.ADMIN).user
    done = purge_rental(
        rental=rental, number=True, reason=" Asked to. ", actor=admin, now=each.times.now()
    )
    assert (done.messages, done.webhooks, done.numbers) == (1, 1, 1)
    assert codes(rental) == [""]
    assert codes(other) == [CODE]
    rental.refresh_from_db()
    assert (rental.phone_raw, rental.phone_e164, rental.wanted_number) == ("", "", "")
    event = AuditEvent.objects.get(action="rental.purged", object_id=str(rental.pk))
    assert (event.actor, event.reason) == (admin, "Asked to.")
    assert rental.events.filter(cause="purged", actor=admin).exists()
    with pytest.raises(NotPossible, match="Nothing is left"):
        purge_rental(rental=rental, number=True, reason="Again", actor=admin, now=each.times.now())


@pytest.mark.parametrize(("reason", "state"), [(" ", S.FINISHED), ("Why", S.RECEIVED)])
def test_without_a_reason_or_while_it_is_live_nothing_is_removed(
    scene: SetScene, reason: str, state: S
) -> None:
    it = scene("smsgig")
    rental = ended(it)
    Rental.objects.filter(pk=rental.pk).update(state=state)
    before = where(CODE)
    with pytest.raises(NotPossible):
        purge_rental(
            rental=rental,
            number=False,
            reason=reason,
            actor=it.membership.user,
            now=it.times.now(),
        )
    assert where(CODE) == before
    assert not rental.events.filter(cause="purged").exists()


def late_answer(scene: Scene, *, ended_days_ago: int) -> ProviderAnswer:
    """A number, for a rental that was refused before it came."""
    rental = scene.requested()
    ended_at = scene.times.now() - timedelta(days=ended_days_ago)
    Rental.objects.filter(pk=rental.pk).update(state=S.REFUSED, ended_at=ended_at)
    body = b'{"activation_id": 77, "phone_number": "12025550123", "price": 0.45}'
    return ProviderAnswer.objects.create(
        rental=rental,
        call="rent",
        asked_at=ended_at,
        answered_at=ended_at,
        reply=reply_to_dict(Reply(Delivered.ANSWERED, 200, body=body)),
        verdict="done",
    )


@pytest.mark.parametrize(("days", "hidden"), [(1, False), (3, True)])
def test_a_number_that_finds_no_rental_any_more_is_hidden(
    scene: SetScene, days: int, hidden: bool
) -> None:
    it = scene("smsgig")
    keeps(it, 1, numbers=True)
    answer = late_answer(it, ended_days_ago=days)
    it.times.move(60)
    assert purge_due(now=it.times.now()).answers == int(hidden)
    answer.refresh_from_db()
    assert ("2025550123" not in str(answer.reply)) == hidden


BODIES = [
    b'{"code": "90817263", "text": "100% off_now \\\\ \\"90817263\\"", "price": 0.45}',
    b'{"phone_number": 12025550123 , "status" : "ok", "n": [1, 90817263, null, true]}',
    b'{"text": "cut off 90817',
    b"[hidden] \"[hidden]\" % _ \\ 90817263",
    b'{"a%_\\\\b90817263": "x", "description": "Refund for eBay rental #90817263"}',
    b"<html>\n<p>90817263</p></html>",
    b"\xff\xfe 90817263",
    b"",
    b"{}",
]  # fmt: skip


def answered(scene: Scene, body: bytes) -> ProviderAnswer:
    rental = scene.requested()
    Rental.objects.filter(pk=rental.pk).update(state=S.REFUSED, ended_at=scene.times.now())
    return ProviderAnswer.objects.create(
        rental=rental,
        call="poll",
        asked_at=scene.times.now(),
        answered_at=scene.times.now(),
        reply=reply_to_dict(Reply(Delivered.ANSWERED, 200, body=body)),
        verdict="done",
    )


@pytest.mark.parametrize("body", BODIES)
def test_any_answer_is_hidden_and_nothing_else_of_it_changes(scene: SetScene, body: bytes) -> None:
    it = scene("smsgig")
    keeps(it)
    answer = answered(it, body)
    before = {**vars(answer)}
    assert purged(it).answers == 1
    answer.refresh_from_db()
    assert answer.purged_at is not None
    assert "90817263" not in str(answer.reply)
    for name in ("rental_id", "call", "asked_at", "answered_at", "verdict", "detail"):
        assert getattr(answer, name) == before[name]
    assert answer.reply["status"] == 200


@pytest.mark.parametrize(
    "change",
    [
        "purged_at = NULL",
        "purged_at = now()",
        "reply = jsonb_set(reply, '{body}', '\"{}\"'), purged_at = now()",
        "verdict = 'refused', purged_at = now()",
        "answered_at = now(), purged_at = now()",
    ],
)
def test_an_answer_is_hidden_once_and_never_otherwise_changed(scene: SetScene, change: str) -> None:
    it = scene("smsgig")
    keeps(it)
    answer = answered(it, BODIES[0])
    purged(it)
    refused(answer, change)


@pytest.mark.parametrize(
    "change",
    [
        "reply = jsonb_set(reply, '{body}', '\"[hidden]\"')",
        "purged_at = now(), verdict = 'refused'",
        "purged_at = now(), rental_id = rental_id + 1",
        "purged_at = now(), reply = jsonb_set(reply, '{status}', '500')",
        "purged_at = now(), reply = jsonb_set(reply, '{body}', '\"{\\\"price\\\": 0.99}\"')",
        "purged_at = now(), reply = jsonb_set(reply, '{body}', 'null')",
        "purged_at = now(), reply = reply - 'body'",
        "purged_at = now(), reply = jsonb_set(reply, '{body}', '\"%\"')",
        "purged_at = now(), reply = reply || '{\"more\": 1}'",
    ],
)
def test_hiding_changes_nothing_of_what_is_left(scene: SetScene, change: str) -> None:
    refused(answered(scene("smsgig"), BODIES[0]), change)


def refused(answer: ProviderAnswer, change: str) -> None:
    rows = ProviderAnswer.objects.filter(pk=answer.pk)
    before = rows.values().get()
    attack = f"UPDATE rentals_provideranswer SET {change} WHERE id = {answer.pk}"  # noqa: S608
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(attack)
    assert rows.values().get() == before
