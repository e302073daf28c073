"""A rental ends here no later than at the provider, whatever the two clocks say."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from providers.values import Rented
from rentals import operations
from rentals.causes import Cause
from rentals.deadlines import TTL_UNTOLD, beginning, deadline
from rentals.models import Rental
from rentals.operations import outcomes
from rentals.operations.transition import move
from rentals.states import RentalState as S
from tests.rentals.checks import Held
from tests.rentals.scene import Scene, SetScene, states, swept
from tests.rentals.times import Times

ASKED = datetime(2026, 5, 1, 12, 0, 0, tzinfo=UTC)
ANSWERED = ASKED + timedelta(seconds=90)
ZONE = timedelta(hours=3)
ABROAD = timedelta(hours=3, minutes=4)  # how far the provider's clock is off


def at(seconds: float) -> datetime:
    return ASKED + timedelta(seconds=seconds)


def http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("created", "date", "began"),
    [
        (at(10) + ABROAD, http(ANSWERED + ABROAD), at(10)),
        (at(10) - ABROAD, http(ANSWERED - ABROAD), at(10)),
        (at(-500), http(ANSWERED), ASKED),  # older than the question
        (at(500), http(ANSWERED), ANSWERED),  # younger than the answer
        (at(10), "", ASKED),
        (None, http(ANSWERED), ASKED),
    ],
)
def test_a_rental_begins_between_question_and_answer(
    created: datetime | None, date: str, began: datetime
) -> None:
    rented = Rented("1", created_at=created)
    assert beginning(rented, date=date, asked_at=ASKED, answered_at=ANSWERED) == began


@pytest.mark.parametrize(
    ("rented", "ttl", "date", "end"),
    [
        (Rented("1", ttl=600), 420, "", at(600)),
        (Rented("1", expires_at=at(420) + ABROAD), 600, http(ANSWERED + ABROAD), at(420)),
        (Rented("1", expires_at=at(420)), 600, "", at(420)),
        (Rented("1", expires_at=at(420) + ZONE), 420, http(ANSWERED), at(420)),
        (Rented("1", expires_at=at(86_400) - ZONE), 86_400, http(ANSWERED), at(86_400)),
        (Rented("1", expires_at=at(420)), 420 + 3780, http(ANSWERED), at(420)),
        (Rented("1", expires_at=at(420)), 420 + 30 * 3600, http(ANSWERED), at(420)),
        (Rented("1", expires_at=at(420) + ABROAD), 0, http(ANSWERED), at(420) + ABROAD),
        (Rented("1", expires_at=at(1600)), 600, http(ANSWERED), at(600)),
        (Rented("1", expires_at=at(420 + 300)), 420, http(ANSWERED), at(420)),
        (Rented("1", expires_at=at(90 + 421)), 420, http(ANSWERED), at(90 + 421)),
        (Rented("1", expires_at=at(-5)), 600, http(ANSWERED), at(600)),
        (Rented("1", expires_at=at(9 * 86400)), 600, http(ANSWERED), at(600)),
        (Rented("1"), 600, "", at(600)),
        (Rented("1"), 0, "", at(TTL_UNTOLD)),
    ],
)
def test_the_end_is_what_the_answer_plausibly_says(
    rented: Rented, ttl: int, date: str, end: datetime
) -> None:
    assert deadline(rented, ttl=ttl, date=date, started_at=ASKED, answered_at=ANSWERED) == end


@pytest.mark.parametrize(
    "date",
    [
        "nonsense",
        "Mon, 16 Nov 2009 13:32:02 +9999999999999999",
        "Mon, 16 Nov 99999999 13:32:02 +0100",
        "-",
    ],
)
def test_a_date_that_is_none_costs_no_rental(date: str) -> None:
    rented = Rented("1", expires_at=ANSWERED + timedelta(seconds=60), created_at=ASKED)
    assert beginning(rented, date=date, asked_at=ASKED, answered_at=ANSWERED) == ASKED
    end = deadline(rented, ttl=600, date=date, started_at=ASKED, answered_at=ANSWERED)
    assert end == ANSWERED + timedelta(seconds=60)


def test_a_late_answer_leaves_the_provider_s_own_end(each: Scene, times: Times) -> None:
    rental = each.requested()
    with Held(each).answering(rental):
        times.move(60)
    rental.refresh_from_db()
    assert rental.state == S.WAITING and rental.expires_at is not None
    end = each.activation(rental).expires / 1000
    assert abs(rental.expires_at.timestamp() - end) < 3


@pytest.mark.parametrize(("minutes", "behind"), [(60, False), (60, True), (5, False)])
@pytest.mark.parametrize("bare", [False, True])
def test_an_end_in_another_zone_or_by_a_fast_clock_is_the_provider_s_own_end(
    scene: SetScene, minutes: int, behind: bool, bare: bool
) -> None:
    """Too long would leave the rental empty and never cancelled in time: no refund."""
    villa = scene("smsvilla")
    villa.fault("other-zone", minutes=minutes, behind=behind, bare=bare)
    rental = villa.rented()
    assert rental.state == S.WAITING and rental.expires_at is not None
    end = villa.activation(rental).expires / 1000
    assert abs(rental.expires_at.timestamp() - end) < 3


def test_a_service_without_a_time_to_live_is_waited_for(scene: SetScene, times: Times) -> None:
    villa = scene("smsvilla")
    villa.offer.ttl = 0
    villa.offer.save()
    rental, sent_at = villa.claimed()
    body = '{"rental": {"activation_id": 4711, "phone_number": "+12025550123"}}'
    rental.answers.create(
        call="rent",
        asked_at=sent_at,
        answered_at=sent_at,
        reply={
            "delivered": "answered",
            "status": 200,
            "headers": {},
            "body": body,
            "problem": "",
            "seconds": 0.1,
        },
        verdict="done",
    )
    swept(times)
    rental.refresh_from_db()
    assert rental.expires_at == sent_at + timedelta(seconds=TTL_UNTOLD)
    times.move(60)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.WAITING


@pytest.mark.parametrize(("provider", "decided"), [("smsgig", S.REFUSED), ("smsvilla", S.LOST)])
def test_a_number_for_a_rental_that_is_decided_takes_it_up_again(
    scene: SetScene, times: Times, provider: str, decided: S
) -> None:
    """A person decided a doubt, and then the answer came: it is paid for, and its code may come."""
    it = scene(provider)
    rental = it.requested()
    with Held(it).answering(rental):
        outcomes.doubt_unanswered(rental, now=times.now())
        move(
            rental.pk,
            frm={S.IN_DOUBT},
            to=decided,
            cause=Cause.PROVIDER_REFUSED,
            now=times.now(),
        )
    assert states(rental)[-2:] == [decided, S.WAITING]
    assert rental.events.filter(cause=Cause.LATE_NUMBER, from_state=decided).count() == 1
    operations.send_rent(rental.pk)
    found = Rental.objects.get(pk=rental.pk)
    assert (found.state, found.activation_id) == (S.WAITING, str(it.activations()[0].id))
