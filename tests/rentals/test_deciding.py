"""Finance ends a doubt: with a reason, a name, and the money that goes with it."""

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from ledger.models import Finding
from ledger.states import Evidence, FindingKind, RefundCause
from rentals.causes import Cause
from rentals.inbox import CLOCKS_APART, unclaimed
from rentals.models import Rental
from rentals.operations import NotPossible, decide_doubt
from rentals.states import RentalState as S
from tests.factories import make_member
from tests.rentals import books
from tests.rentals.checks import NOTHING
from tests.rentals.scene import Scene, SetScene, codes, swept
from tests.rentals.test_findings import found, in_doubt
from tests.rentals.times import Times


def decide(scene: Scene, rental: Rental, outcome: FindingKind, **said: Any) -> Rental:
    decide_doubt(
        rental=rental,
        outcome=outcome,
        **{"reason": "Their support says so.", "actor": finance(scene), "now": scene.times.now()}
        | said,
    )
    rental.refresh_from_db()
    return rental


def finance(scene: Scene) -> Any:
    team = scene.membership.team
    held = team.memberships.filter(roles__contains=[Role.FINANCE]).first()
    return (held or make_member(team, Role.FINANCE)).user


def test_it_was_charged(each: Scene) -> None:
    rental = decide(each, in_doubt(each), FindingKind.CHARGED, amount=Decimal("0.25"))
    assert rental.state == S.LOST
    assert books.charged(rental) == rental.charged == Decimal("0.25")
    assert books.claimed(rental) == RefundCause.LOST
    finding = Finding.objects.get(reference=f"rental:{rental.pk}")
    assert (finding.evidence, finding.consumed) == (Evidence.PERSON, "applied")
    event = rental.events.get(to_state=S.LOST)
    assert (event.cause, event.actor) == (Cause.CHARGE_DECIDED, finance(each))
    audited = AuditEvent.objects.get(action="rental.doubt_decided", object_id=str(rental.pk))
    assert (audited.actor, audited.reason) == (finance(each), "Their support says so.")
    assert audited.after["amount"] == "0.25"
    books.assert_proved(each.account)


def test_it_was_not_charged(each: Scene) -> None:
    rental = decide(each, in_doubt(each, charged=False), FindingKind.NOT_CHARGED)
    assert rental.state == S.REFUSED
    assert rental.events.get(to_state=S.REFUSED).cause == Cause.NO_CHARGE_DECIDED
    assert (books.held(rental), books.charged(rental)) == (NOTHING, NOTHING)
    books.assert_proved(each.account)


def test_its_activation_is_named_and_its_code_comes(each: Scene, times: Times) -> None:
    rental = in_doubt(each)
    activation = each.activations()[0]
    each.sandbox.send_sms(each.provider, activation.id, code="482913")
    decide(
        each,
        rental,
        FindingKind.CHARGED,
        amount=rental.price,
        activation_id=str(activation.id),
    )
    assert rental.state == S.WAITING
    assert books.charged(rental) == rental.charged == each.spent
    assert books.claim(rental) is None
    assert Finding.objects.get(reference=f"rental:{rental.pk}").consumed == "applied"
    each.poll(rental)
    assert rental.state == S.RECEIVED
    assert codes(rental) == ["482913"]
    swept(times)
    books.assert_agrees(rental)


@pytest.mark.parametrize(
    "said",
    [
        {"reason": "  "},
        {"amount": None},
        {"amount": Decimal(0)},
        {"amount": Decimal(-1)},
        {"outcome": FindingKind.NOT_CHARGED, "activation_id": "4711"},
        {"activation_id": "no such thing"},
    ],
)
def test_what_makes_no_sense_changes_nothing(each: Scene, said: dict[str, Any]) -> None:
    rental = in_doubt(each)
    given: dict[str, Any] = {"outcome": FindingKind.CHARGED, "amount": Decimal(1)} | said
    refused(each, rental, **given)


def refused(scene: Scene, rental: Rental, outcome: FindingKind, **said: Any) -> None:
    before = (rental.state, books.lines(rental), Finding.objects.count())
    audited = AuditEvent.objects.filter(action="rental.doubt_decided").count()
    with pytest.raises(NotPossible, match=r"\.$"):
        decide(scene, rental, outcome, **said)
    rental.refresh_from_db()
    assert (rental.state, books.lines(rental), Finding.objects.count()) == before
    assert AuditEvent.objects.filter(action="rental.doubt_decided").count() == audited


def test_an_activation_of_another_rental_changes_nothing(each: Scene) -> None:
    known = each.rented()
    rental = in_doubt(each)
    said = {"amount": rental.price, "activation_id": known.activation_id}
    refused(each, rental, FindingKind.CHARGED, **said)


def test_what_is_not_in_doubt_is_not_decided(each: Scene) -> None:
    refused(each, each.rented(), FindingKind.NOT_CHARGED)
    refused(each, each.requested(), FindingKind.NOT_CHARGED)


def test_what_the_provider_s_records_prove_comes_first(each: Scene, times: Times) -> None:
    rental = in_doubt(each)
    found(each, rental)
    refused(each, rental, FindingKind.NOT_CHARGED)
    swept(times)
    rental.refresh_from_db()
    assert rental.state == S.LOST


def test_webhooks_that_no_rental_has_are_named_to_whoever_decides(each: Scene) -> None:
    """Two doubts alike: no webhook is one's for sure, and neither code may be lost."""
    first, second = in_doubt(each), in_doubt(each)
    newer, older = each.activations()
    for activation, code in ((older, "111111"), (newer, "222222")):
        each.times.move(5)
        (sent,) = each.sandbox.send_sms(each.provider, activation.id, code=code)
        each.hook(each.parcel(sent))
    each.hook(each.parcel(each.sandbox.send_sms(each.provider, older.id, code="333333")[0]))
    ids = [str(older.id), str(newer.id)]
    assert [found.activation_id for found in unclaimed(first)] == ids
    assert [found.activation_id for found in unclaimed(second)] == ids
    charged = {"amount": older.price, "activation_id": ids[0]}
    rental = decide(each, first, FindingKind.CHARGED, **charged)
    assert set(codes(rental)) | set(codes(rental, confirmed=False)) == {"111111", "333333"}
    assert [found.activation_id for found in unclaimed(second)] == ids[1:]


def test_a_webhook_of_another_service_or_of_another_time_is_not_named(scene: SetScene) -> None:
    gig = scene("smsgig")
    gig.sandbox.buy_outside(gig.wallet_id)
    early = gig.activations()[0]
    gig.hook(gig.parcel(gig.sandbox.send_sms(gig.provider, early.id, code="111111")[0]))
    gig.times.move(5)
    rental = in_doubt(gig)
    gig.sandbox.buy_outside(gig.wallet_id, service_code="telegram")
    other, mine = gig.activations()[:2]
    gig.hook(gig.parcel(gig.sandbox.send_sms(gig.provider, other.id, code="222222")[0]))
    gig.times.move(rental.ttl + CLOCKS_APART.total_seconds() + 60)
    assert unclaimed(rental) == []
    late = gig.parcel(gig.sandbox.send_sms(gig.provider, mine.id, code="444444", force=True)[0])
    gig.hook(late)
    assert unclaimed(rental) == []
