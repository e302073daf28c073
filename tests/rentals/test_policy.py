"""What a team's rules refuse is not written, held or sent, however many ask at once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from accounts.models import AuditEvent
from accounts.states import Role
from ledger.models import Transfer
from rentals import operations
from rentals.models import Policy, Rental
from rentals.operations import PolicyRefused, RentalNotAllowed
from rentals.policy import PurposeRule, Rule
from rentals.states import RentalState as S
from tests.factories import make_member
from tests.rentals.checks import alone
from tests.rentals.scene import Scene, SetScene


def ruled(scene: Scene, **rules: Any) -> None:
    Policy.objects.update_or_create(team=scene.membership.team, defaults=rules)


def own(scene: Scene) -> int:
    return Rental.objects.filter(account=scene.account).count()


@pytest.mark.parametrize(
    ("rules", "rule"),
    [
        ({"services": ["Something else"]}, Rule.SERVICE),
        ({"highest": {"USD": "0.01", "NGN": "0.01"}}, Rule.PRICE),
        ({"purpose_rule": PurposeRule.REQUIRED}, Rule.PURPOSE),
        ({"purpose_rule": PurposeRule.LISTED, "purposes": ["Sign-up"]}, Rule.PURPOSE),
        ({"purpose_rule": PurposeRule.TICKET, "tickets": ["QA-#"]}, Rule.PURPOSE),
    ],
)
def test_what_a_rule_refuses_leaves_nothing_behind(
    each: Scene, rules: dict[str, Any], rule: Rule
) -> None:
    ruled(each, **rules)
    admin = make_member(each.membership.team, Role.ADMIN)
    before = (Transfer.objects.count(), AuditEvent.objects.count())
    team = each.membership.team
    number = "+12025550123" if each.provider == "smsvilla" else ""
    with pytest.raises(PolicyRefused) as refused:
        each.requested(purpose=" ", wanted_number=number)
    assert [refusal.rule for refusal in refused.value.refusals] == [rule]
    assert str(rule.label) in str(refused.value)
    assert str(admin.user) in str(refused.value)
    assert own(each) == 0
    assert (Transfer.objects.count(), AuditEvent.objects.count() - 1) == before
    assert each.asked("/rent") == 0
    stop = AuditEvent.objects.get(team=team, action="rental.stopped_by_policy")
    assert (stop.actor, stop.object_type) == (each.membership.user, "rentals.policy")
    assert stop.after == {
        "rules": [rule.value],
        "service": each.offer.name,
        "account": each.account.label,
        "price": str(each.offer.price),
        "currency": each.account.currency,
    }


def test_what_the_rules_allow_is_rented(each: Scene) -> None:
    ruled(
        each,
        services=[each.offer.name.upper()],
        highest={each.account.currency: str(each.offer.price)},
        purpose_rule=PurposeRule.TICKET,
        tickets=["QA-#"],
        most_live=1,
    )
    assert each.rented(purpose=" QA-17 ").state == S.WAITING


@pytest.mark.parametrize("most", [1, 3])
def test_fifty_at_once_are_as_many_as_the_team_allows(scene: SetScene, most: int) -> None:
    it = scene("smsgig")
    ruled(it, most_live=most)

    def ask(_: int) -> list[Rule]:
        try:
            it.requested()
        except PolicyRefused as refused:
            return [refusal.rule for refusal in refused.refusals]
        return []

    with ThreadPoolExecutor(50) as pool:
        said = list(pool.map(lambda number: alone(ask, number), range(50)))
    assert said.count([]) == most
    assert said.count([Rule.MOST_LIVE]) == 50 - most
    assert own(it) == most
    stops = AuditEvent.objects.filter(team=it.membership.team, action="rental.stopped_by_policy")
    assert stops.count() == 1  # of the same within a minute


def test_the_same_form_is_the_same_rental_at_the_limit(scene: SetScene) -> None:
    it, key = scene("smsgig"), uuid.uuid4()
    ruled(it, most_live=1)
    with ThreadPoolExecutor(20) as pool:
        asked = pool.map(lambda _: alone(lambda: it.requested(request_key=key)), range(20))
        assert len({rental.pk for rental in asked}) == 1
    assert own(it) == 1


@pytest.mark.parametrize("state", [S.REQUESTED, S.WAITING, S.RECEIVED, S.CANCELLING, S.IN_DOUBT])
def test_each_live_state_counts(scene: SetScene, state: S) -> None:
    it = scene("smsgig")
    ruled(it, most_live=1)
    first = it.requested()
    Rental.objects.filter(pk=first.pk).update(state=state)
    with pytest.raises(PolicyRefused, match="you have 1"):
        it.requested()


def test_what_ended_and_what_is_not_theirs_does_not_count(scene: SetScene) -> None:
    it = scene("smsgig")
    ruled(it, most_live=1)
    ended = it.requested()
    Rental.objects.filter(pk=ended.pk).update(state=S.FINISHED)
    colleague = make_member(it.membership.team)
    elsewhere = scene("smsgig")
    elsewhere.membership = make_member(elsewhere.membership.team, user=it.membership.user)
    elsewhere.requested()
    Scene(**{**vars(it), "membership": colleague}).requested()
    it.requested()
    assert own(it) == 3


def test_a_rental_keeps_the_rules_that_it_was_requested_under(each: Scene) -> None:
    rental = each.requested()
    team = each.membership.team
    ruled(each, services=["Something else"], highest={each.account.currency: "0"}, most_live=1)
    team.auto_cancel = not rental.auto_cancel
    team.save()
    operations.send_rent(rental.pk)
    rental.refresh_from_db()
    assert rental.state == S.WAITING
    assert rental.auto_cancel != team.auto_cancel
    each.sms(rental, code="482913")
    each.poll(rental)
    assert rental.state == S.RECEIVED
    with pytest.raises(PolicyRefused):
        each.requested()


def test_who_is_out_of_the_team_by_then_rents_nothing(scene: SetScene) -> None:
    it = scene("smsgig")
    it.membership.delete()
    it.membership.pk = 0
    with pytest.raises(RentalNotAllowed):
        it.requested()
    assert own(it) == 0
