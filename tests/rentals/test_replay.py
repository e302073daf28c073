"""Stored webhooks are applied again: nothing twice, what was missing is there, all audited."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEvent
from rentals.models import InboxEntry, Message, Rental
from rentals.models.inbox import InboxOutcome
from rentals.operations import apply_inbox_entries
from rentals.operations.replaying import replay_inbox
from tests.rentals.scene import Scene

REPLAYED = "provider_account.inbox_replayed"


def _apply_all(scene: Scene) -> None:
    waiting = InboxEntry.objects.filter(account=scene.account, applied_at=None).values_list(
        "pk", flat=True
    )
    apply_inbox_entries(list(waiting), now=scene.times.now())


def _codes(rental: Rental) -> list[str]:
    return list(rental.messages.values_list("code", flat=True))


def _replay(scene: Scene, *, hours: int = 1) -> int:
    since = scene.times.now() - timedelta(hours=hours)
    return replay_inbox(accounts=[scene.account], since=since, actor=None)


def test_nothing_is_attached_twice(each: Scene) -> None:
    rental = each.rented()
    each.hook(each.sms(rental, code="111111"))
    each.hook(each.sms(rental, code="222222"))
    for _ in range(2):
        assert _replay(each) == 2
        _apply_all(each)
    assert sorted(_codes(rental)) == ["111111", "222222"]
    assert not InboxEntry.objects.filter(account=each.account, applied_at=None).exists()


def test_what_was_lost_after_it_was_applied_comes_back(each: Scene) -> None:
    rental = each.rented()
    each.hook(each.sms(rental, code="111111"))
    Message.objects.filter(rental=rental).delete()
    _replay(each)
    _apply_all(each)
    assert _codes(rental) == ["111111"]


def test_older_ones_and_other_accounts_stay_as_they_are(each: Scene) -> None:
    rental = each.rented()
    old = each.hook(each.sms(rental, code="111111"), at=each.times.now() - timedelta(hours=3))
    assert _replay(each) == 0
    old.refresh_from_db()
    assert old.outcome == InboxOutcome.NEW_MESSAGE
    event = AuditEvent.objects.get(team=each.account.team, action=REPLAYED)
    assert event.after["entries"] == 0


def test_the_command_says_what_it_did(each: Scene) -> None:
    rental = each.rented()
    each.hook(each.sms(rental, code="111111"))
    said = StringIO()
    call_command("replay_inbox", account=each.account.pk, since="2h", stdout=said)
    assert said.getvalue().startswith("replaying entries=1 accounts=1 since=")
    assert InboxEntry.objects.get(account=each.account).applied_at is None


@pytest.mark.parametrize("words", ["yesterday", "-3h", "h", "", "2026-13-40", "9999999d"])
def test_the_command_refuses_what_is_no_time(words: str, committed: None) -> None:
    with pytest.raises(CommandError, match="is no time"):
        call_command("replay_inbox", since=words)


def test_the_command_refuses_an_unknown_account(committed: None) -> None:
    with pytest.raises(CommandError, match="no provider account 12345"):
        call_command("replay_inbox", account=12345)
