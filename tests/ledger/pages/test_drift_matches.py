"""A change of the balance is said to be refunds or charges: to the cent, once, and not for good."""

# mypy: disable-error-code="comparison-overlap"

import threading
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent, ProviderAccount, User
from ledger.models import Finding, ReconciliationException, Refund, Transfer
from ledger.operations.balance.matches import Part, explain, take_back
from ledger.operations.errors import Decided, NotPossible
from ledger.operations.refunds import withdraw
from ledger.operations.writing_off import write_off
from ledger.states import (
    AccountKind,
    Evidence,
    ExceptionKind,
    ExceptionState,
    FindingKind,
    RefundCause,
    RefundState,
    Resolution,
)
from rentals.models import Rental
from rentals.operations.findings import consume
from rentals.states import RentalState
from tests.factories import make_rental
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import (
    make_exception,
    make_hold,
    make_refund,
    make_transfer,
    make_wallet,
    net,
)
from tests.pages.clients import HTMX, page, signed_in, words

pytestmark = pytest.mark.django_db
NOW = timezone.now()
EARLIER = NOW - timedelta(minutes=30)
WHY = "Their support says so."


def drift(wallet: ProviderAccount, amount: str) -> ReconciliationException:
    return make_exception(wallet, amount, ExceptionKind.DRIFT, at=NOW)


def owed(wallet: ProviderAccount, charged: str, **fields: Any) -> Refund:
    return make_refund(wallet, charged, at=EARLIER, **fields)


def doubtful(desk: Desk, amount: str) -> Rental:
    """A rental of the Villa wallet whose outcome nobody knows, its money held."""
    held = Decimal(amount)
    rental = make_rental(
        desk.member, desk.villa, RentalState.IN_DOUBT, at=EARLIER, price=held, held=held
    )
    reference = f"rental:{rental.pk}"
    make_hold(desk.villa, amount, at=EARLIER, reference=reference, key=f"{reference}:hold")
    return rental


def told(exception: ReconciliationException, parts: Sequence[tuple[str, str]], by: User) -> None:
    said = [Part(what, Decimal(amount)) for what, amount in parts]
    explain(exception=exception, parts=said, actor=by, reason=WHY, now=timezone.now())
    exception.refresh_from_db()


def everything(wallet: ProviderAccount) -> tuple[Any, ...]:
    """All that a refused request must leave as it was."""
    return (
        net(wallet),
        list(Transfer.objects.order_by("pk").values_list("key", flat=True)),
        list(Refund.objects.order_by("pk").values()),
        list(Finding.objects.order_by("pk").values()),
        list(ReconciliationException.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
    )


def test_several_refunds_come_to_a_change(desk: Desk) -> None:
    one, other = owed(desk.villa, "500"), owed(desk.villa, "650")
    before = net(desk.villa)
    exception = drift(desk.villa, "1000")
    told(exception, [(f"refund:{one.pk}", "500"), (f"refund:{other.pk}", "500")], desk.finance.user)
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.state, one.received, one.received_at) == (RefundState.RECEIVED, 500, NOW)
    assert other.received == 500
    after = net(desk.villa)
    assert AccountKind.SUSPENSE not in after
    assert after[AccountKind.WALLET] == before[AccountKind.WALLET] + 1000
    assert after[AccountKind.SPEND] == before[AccountKind.SPEND] - 1000
    assert (exception.state, exception.resolution) == (ExceptionState.RESOLVED, Resolution.REFUND)
    assert (exception.resolved_by, exception.reason) == (desk.finance.user, WHY)
    event = AuditEvent.objects.get(action="ledger.matched")
    assert (event.actor, event.reason) == (desk.finance.user, WHY)
    assert event.after["parts"] == {f"refund:{one.pk}": "500", f"refund:{other.pk}": "500"}


def test_money_comes_back_for_what_was_given_up_withdrawn_or_never_claimed(desk: Desk) -> None:
    given_up, withdrawn = owed(desk.villa, "100"), owed(desk.villa, "200")
    ended = owed(desk.villa, "300", cause=RefundCause.EXPIRED)
    charge = make_transfer(desk.villa, amount="400", at=EARLIER)
    write_off(refund=given_up, reason="Too old.", actor=desk.finance.user, now=NOW)
    assert withdraw(desk.villa, withdrawn.reference, reason="An SMS came.")
    exception = drift(desk.villa, "1000")
    parts = [
        (f"refund:{given_up.pk}", "100"),
        (f"refund:{withdrawn.pk}", "200"),
        (f"refund:{ended.pk}", "300"),
        (f"transfer:{charge.pk}", "400"),
    ]
    told(exception, parts, desk.finance.user)
    came = dict(Refund.objects.values_list("reference", "received"))
    assert sorted(came.values()) == [100, 200, 300, 400]
    assert came[charge.reference] == 400
    assert AccountKind.SUSPENSE not in net(desk.villa)
    take_back(exception=exception, actor=desk.finance.user, reason="No.", now=timezone.now())
    states = dict(Refund.objects.values_list("reference", "state"))
    assert states[given_up.reference] == states[withdrawn.reference] == RefundState.WRITTEN_OFF
    assert states[ended.reference] == RefundState.EXPECTED


@pytest.mark.parametrize(
    "amounts",
    [
        ("500", "499.9999"),
        ("500", "500.0001"),
        ("1000", "0"),
        ("1500", "-500"),
        ("400", "600.00005"),
        ("NaN", "500"),
        ("499", "501"),  # more than was charged
        ("500", "100"),
    ],
)
def test_what_does_not_come_to_the_change_is_refused(desk: Desk, amounts: tuple[str, str]) -> None:
    refunds = [owed(desk.villa, "500"), owed(desk.villa, "500")]
    exception = drift(desk.villa, "1000")
    before = everything(desk.villa)
    parts = [(f"refund:{each.pk}", amount) for each, amount in zip(refunds, amounts, strict=True)]
    with pytest.raises(NotPossible):
        told(exception, parts, desk.finance.user)
    assert everything(desk.villa) == before


def test_no_more_comes_back_than_is_left(desk: Desk) -> None:
    refund = owed(desk.villa, "500")
    first, second = drift(desk.villa, "300"), drift(desk.villa, "300")
    told(first, [(f"refund:{refund.pk}", "300")], desk.finance.user)
    before = everything(desk.villa)
    with pytest.raises(NotPossible, match="Only 200"):
        told(second, [(f"refund:{refund.pk}", "300")], desk.finance.user)
    assert everything(desk.villa) == before


@pytest.mark.parametrize("kind", ["refund", "transfer", "doubt", "nonsense"])
def test_what_is_not_of_the_wallet_is_refused(desk: Desk, kind: str) -> None:
    foreign = make_wallet("smsvilla")
    refund, charge = owed(foreign, "500"), make_transfer(foreign, amount="500")
    own_hold = make_hold(desk.villa, "500")
    names = {
        "refund": [f"refund:{refund.pk}", "refund:0", "refund:x", "refund:"],
        "transfer": [f"transfer:{charge.pk}", f"transfer:{own_hold.pk}"],
        "doubt": [f"doubt:{own_hold.reference}", "doubt:"],
        "nonsense": ["", "price:rental:1", "refund"],
    }[kind]
    for amount in ("500", "-500"):
        exception = drift(desk.villa, amount)
        before = everything(desk.villa)
        for name in names:
            with pytest.raises(NotPossible):
                told(exception, [(name, "500")], desk.finance.user)
        assert everything(desk.villa) == before


def test_one_thing_is_not_chosen_twice(desk: Desk) -> None:
    refund = owed(desk.villa, "1000")
    charge = Transfer.objects.get(reference=refund.reference)
    exception = drift(desk.villa, "1000")
    before = everything(desk.villa)
    for other in (f"refund:{refund.pk}", f"transfer:{charge.pk}"):
        with pytest.raises(NotPossible):
            parts = [(f"refund:{refund.pk}", "500"), (other, "500")]
            told(exception, parts, desk.finance.user)
    assert everything(desk.villa) == before


def test_only_a_change_of_the_balance_is_divided(desk: Desk) -> None:
    refund = owed(desk.villa, "500")
    exception = make_exception(desk.villa, "500", ExceptionKind.DOUBLE_REFUND)
    before = everything(desk.villa)
    with pytest.raises(NotPossible):
        told(exception, [(f"refund:{refund.pk}", "500")], desk.finance.user)
    assert everything(desk.villa) == before


def test_it_is_taken_back_as_often_as_it_is_said(desk: Desk) -> None:
    one, other = owed(desk.villa, "500"), owed(desk.villa, "600")
    exception = drift(desk.villa, "500")
    before = net(desk.villa)
    for refund in (one, other, one):
        told(exception, [(f"refund:{refund.pk}", "500")], desk.finance.user)
        assert net(desk.villa) != before
        take_back(exception=exception, actor=desk.finance.user, reason="No.", now=timezone.now())
        exception.refresh_from_db()
        refund.refresh_from_db()
        assert exception.state == ExceptionState.OPEN
        assert (exception.resolution, exception.resolved_by) == ("", None)
        assert (refund.received, refund.received_at) == (0, None)
        assert refund.state == RefundState.EXPECTED
        assert net(desk.villa) == before
    with pytest.raises(Decided):
        take_back(exception=exception, actor=desk.finance.user, reason="No.", now=NOW)
    assert AuditEvent.objects.filter(action="exception.reopened").count() == 3


def test_what_came_otherwise_stays_when_one_part_is_taken_back(desk: Desk) -> None:
    refund = owed(desk.villa, "500")
    first, second = drift(desk.villa, "200"), drift(desk.villa, "300")
    told(first, [(f"refund:{refund.pk}", "200")], desk.finance.user)
    told(second, [(f"refund:{refund.pk}", "300")], desk.finance.user)
    take_back(exception=first, actor=desk.finance.user, reason="No.", now=timezone.now())
    refund.refresh_from_db()
    assert (refund.received, refund.received_at) == (300, NOW)
    assert net(desk.villa)[AccountKind.SUSPENSE] == -200


def test_rentals_in_doubt_are_said_to_be_charged(desk: Desk) -> None:
    one, other = doubtful(desk, "500"), doubtful(desk, "600")
    exception = drift(desk.villa, "-1100")
    before = net(desk.villa)[AccountKind.WALLET]
    parts = [(f"doubt:rental:{one.pk}", "500"), (f"doubt:rental:{other.pk}", "600")]
    told(exception, parts, desk.finance.user)
    assert exception.resolution == Resolution.CHARGE
    assert AccountKind.SUSPENSE not in net(desk.villa)
    for finding in Finding.objects.all():
        assert (finding.kind, finding.evidence) == (FindingKind.CHARGED, Evidence.PERSON)
        assert (finding.actor, finding.note) == (desk.finance.user, WHY)
        assert consume(finding.pk, now=timezone.now())
    states = set(Rental.objects.filter(account=desk.villa).values_list("state", flat=True))
    assert states == {RentalState.LOST}
    assert net(desk.villa)[AccountKind.WALLET] == before
    assert net(desk.villa)[AccountKind.SPEND] == 1100
    booked = everything(desk.villa)
    with pytest.raises(NotPossible, match="charged by now"):
        take_back(exception=exception, actor=desk.finance.user, reason="No.", now=timezone.now())
    assert everything(desk.villa) == booked


def test_a_charge_that_nobody_acted_on_yet_is_taken_back(desk: Desk) -> None:
    rental = doubtful(desk, "500")
    exception = drift(desk.villa, "-500")
    before = net(desk.villa)
    told(exception, [(f"doubt:rental:{rental.pk}", "500")], desk.finance.user)
    take_back(exception=exception, actor=desk.finance.user, reason="No.", now=timezone.now())
    assert net(desk.villa) == before
    assert not consume(Finding.objects.get().pk, now=timezone.now())
    rental.refresh_from_db()
    assert rental.state == RentalState.IN_DOUBT


def test_a_doubt_of_which_something_is_proved_is_not_decided_again(desk: Desk) -> None:
    rental = doubtful(desk, "500")
    first, second = drift(desk.villa, "-500"), drift(desk.villa, "-500")
    told(first, [(f"doubt:rental:{rental.pk}", "500")], desk.finance.user)
    before = everything(desk.villa)
    with pytest.raises(Decided):
        told(second, [(f"doubt:rental:{rental.pk}", "500")], desk.colleague.user)
    assert everything(desk.villa) == before


@pytest.mark.django_db(transaction=True)
def test_two_people_can_not_resolve_the_same_twice(desk: Desk) -> None:
    refunds = [owed(desk.villa, "500"), owed(desk.villa, "500")]
    exception = drift(desk.villa, "500")
    start, said = threading.Barrier(2), list[object]()

    def decide(refund: Refund, actor: User) -> None:
        try:
            start.wait(10)
            told(exception, [(f"refund:{refund.pk}", "500")], actor)
            said.append(actor)
        except Decided as error:
            said.append(error)
        finally:
            connection.close()

    people = [desk.finance.user, desk.colleague.user]
    threads = [
        threading.Thread(target=decide, args=pair) for pair in zip(refunds, people, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(isinstance(each, Decided) for each in said) == [False, True]
    assert sorted(Refund.objects.values_list("received", flat=True)) == [0, 500]
    assert AccountKind.SUSPENSE not in net(desk.villa)
    assert AuditEvent.objects.filter(action="ledger.matched").count() == 1


# The page


def form(*parts: tuple[str, str], reason: str = WHY) -> dict[str, Any]:
    amounts = {f"amount-{what}": amount for what, amount in parts}
    return {"part": [what for what, _amount in parts], "reason": reason, **amounts}


def offered(desk: Desk, exception: ReconciliationException, **query: Any) -> dict[str, Any]:
    """What the page offers: by its name what is entered for it, and whether it is ticked."""
    address = page("exception_detail", desk.team, exception=exception.pk)
    response = signed_in(desk.finance).get(address, query)
    choices = response.context["offered"].choices
    return {each.what: (each.amount, each.is_chosen) for each in choices}


def test_the_one_explanation_is_ticked(desk: Desk) -> None:
    fits, other = owed(desk.villa, "500"), owed(desk.villa, "600")
    Refund.objects.update(expected_min=0)
    Refund.objects.filter(pk=fits.pk).update(expected_min=500)
    exception = drift(desk.villa, "1000")
    found = offered(desk, exception)
    assert found.keys() == {f"refund:{fits.pk}", f"refund:{other.pk}"}
    exact = drift(desk.gig, "0.45")
    only = owed(desk.gig, "0.45")
    assert offered(desk, exact) == {f"refund:{only.pk}": ("0.45", True)}


def test_each_of_several_explanations_can_be_taken(desk: Desk) -> None:
    first, second = owed(desk.villa, "500"), owed(desk.villa, "600")
    exception = drift(desk.villa, "500")
    client = signed_in(desk.finance)
    address = page("exception_detail", desk.team, exception=exception.pk)
    response = client.get(address)
    ways = response.context["offered"].ways
    assert {tuple(way.references) for way in ways} >= {(first.reference,), (second.reference,)}
    assert not any(each.is_chosen for each in response.context["offered"].choices)
    query = next(way.query for way in ways if way.references == [second.reference])
    taken = client.get(f"{address}?{query}").context["offered"].choices
    assert [(each.what, each.amount) for each in taken if each.is_chosen] == [
        (f"refund:{second.pk}", "500")
    ]


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_it_is_matched_and_taken_back_on_the_page(desk: Desk, headers: dict[str, str]) -> None:
    refund = owed(desk.villa, "500")
    exception = drift(desk.villa, "500")
    client = signed_in(desk.finance)
    address = page("exception_match", desk.team, exception=exception.pk)
    sent = form((f"refund:{refund.pk}", "500"))
    assert client.post(address, sent, headers=headers).status_code == (200 if headers else 302)
    refund.refresh_from_db()
    assert refund.received == 500
    shown = words(client.get(page("exception_detail", desk.team, exception=exception.pk)))
    assert "Refund of a rental" in shown
    assert client.post(address, sent, headers=headers).status_code == 422
    undo = page("exception_reopen", desk.team, exception=exception.pk)
    assert client.post(undo, {"reason": ""}, headers=headers).status_code == 422
    assert client.post(undo, {"reason": "No."}, headers=headers).status_code in (200, 302)
    refund.refresh_from_db()
    assert refund.received == 0


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_was_entered_stays_when_it_is_wrong(desk: Desk, headers: dict[str, str]) -> None:
    refund, other = owed(desk.villa, "500"), owed(desk.villa, "700")
    exception = drift(desk.villa, "900")
    before = everything(desk.villa)
    address = page("exception_match", desk.team, exception=exception.pk)
    name = f"refund:{refund.pk}"
    client = signed_in(desk.finance)
    for amount in ("123.4", "abc", "", "1e9999", "NaN"):
        sent = form((name, amount), (f"refund:{other.pk}", "700"))
        response = client.post(address, sent, headers=headers)
        assert response.status_code == 422
        kept = {each.what: each.amount for each in response.context["offered"].choices}
        assert kept[name] == (amount or "500")
        assert f'value="{WHY}"' in response.text
    assert "Together they come to 823.4" in words(
        client.post(address, form((name, "123.4"), (f"refund:{other.pk}", "700")))
    )
    assert client.post(address, {"reason": WHY}, headers=headers).status_code == 422
    assert everything(desk.villa) == before


def test_what_is_anybody_elses_is_refused(desk: Desk) -> None:
    foreign = make_wallet("smsvilla")
    theirs, exception = owed(foreign, "500"), drift(desk.villa, "500")
    foreign_drift = drift(foreign, "500")
    before = everything(desk.villa)
    client = signed_in(desk.finance)
    sent = form((f"refund:{theirs.pk}", "500"))
    address = page("exception_match", desk.team, exception=exception.pk)
    assert client.post(address, sent).status_code == 422
    address = page("exception_match", desk.team, exception=foreign_drift.pk)
    assert client.post(address, sent).status_code == 404
    assert offered(desk, exception, part=f"refund:{theirs.pk}") == {}
    for who in (desk.admin, desk.member):
        address = page("exception_match", desk.team, exception=exception.pk)
        assert signed_in(who).post(address, sent).status_code == 403
    assert everything(desk.villa) == before


def test_a_rental_is_found_by_its_reference_activation_or_service(desk: Desk) -> None:
    awaited = owed(desk.villa, "500")
    given_up = owed(desk.villa, "600", reference="rental:77")
    Refund.objects.filter(pk=given_up.pk).update(
        state=RefundState.WRITTEN_OFF, service="Telegram", external_id="9911"
    )
    charge = make_transfer(desk.villa, amount="700", at=EARLIER, service="Uber")
    exception = drift(desk.villa, "500")
    assert f"refund:{given_up.pk}" not in offered(desk, exception)
    for query in ("#77", "77", "rental:77", "9911", "telegram", "tele 9911"):
        assert set(offered(desk, exception, q=query)) == {f"refund:{given_up.pk}"}
    assert offered(desk, exception, q="uber") == {f"transfer:{charge.pk}": ("700", False)}
    assert offered(desk, exception, q=charge.external_id).keys() == {f"transfer:{charge.pk}"}
    assert offered(desk, exception, q="\0nothing") == {}
    kept = offered(desk, exception, q="uber", part=f"refund:{awaited.pk}")
    assert kept[f"refund:{awaited.pk}"] == ("500", True)
    assert kept.keys() == {f"transfer:{charge.pk}", f"refund:{awaited.pk}"}


def test_a_rental_in_doubt_is_offered_for_what_went(desk: Desk) -> None:
    rental = doubtful(desk, "500")
    exception = drift(desk.villa, "-500")
    what = f"doubt:rental:{rental.pk}"
    assert offered(desk, exception) == {what: ("500", True)}
    address = page("exception_match", desk.team, exception=exception.pk)
    assert signed_in(desk.finance).post(address, form((what, "500"))).status_code == 302
    assert Finding.objects.get().amount == 500


def test_an_admin_reads_what_it_may_have_been(desk: Desk) -> None:
    refund = owed(desk.villa, "500")
    exception = drift(desk.villa, "500")
    address = page("exception_detail", desk.team, exception=exception.pk)
    main = signed_in(desk.admin).get(address).text.partition("<main")[2].partition("</main>")[0]
    assert f"Rental #{refund.reference.partition(':')[2]}" in main
    for part in ("<form", "<input", "<button", "<select"):
        assert part not in main


def test_what_was_claimed_only_later_is_offered_last(desk: Desk) -> None:
    late = make_refund(desk.villa, "500", at=NOW + timedelta(minutes=5))
    early = owed(desk.villa, "500")
    exception = drift(desk.villa, "500")
    assert list(offered(desk, exception)) == [f"refund:{early.pk}", f"refund:{late.pk}"]
