"""The list of what is audited, and that the code writes all of it and nothing else."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction

from accounts.actions import FAMILIES, Action, Family
from accounts.audit import plain, record
from accounts.models import AuditEvent
from tests.accounts.making import make_team, make_user

ROOT = Path(__file__).parents[2]
APPLICATIONS = [each for each in ROOT.iterdir() if (each / "apps.py").exists()]
WRITERS = {"record", "record_of_person", "_record", "_record_failure", "_note"}
# What an operator and a team were promised to find in the log.
PROMISED = {
    "sign-ins": {
        Action.SIGNED_IN,
        Action.SIGN_IN_FAILED,
        Action.SIGNED_OUT,
        Action.SESSIONS_ENDED,
        Action.PASSWORD_SET,
        Action.FACTOR_ADDED,
        Action.FACTOR_REMOVED,
        Action.RECOVERY_CODES_RENEWED,
    },
    "roles": {
        Action.MEMBER_ADDED,
        Action.MEMBER_REMOVED,
        Action.ROLES_CHANGED,
        Action.INVITATION_CREATED,
        Action.INVITATION_ACCEPTED,
        Action.INVITATION_REVOKED,
    },
    "keys": {
        Action.ACCOUNT_ADDED,
        Action.ACCOUNT_RENAMED,
        Action.ACCOUNT_ARCHIVED,
        Action.KEY_ROTATED,
        Action.HOOK_ROTATED,
        Action.KEYRING_ROTATED,
        Action.INBOX_REPLAYED,
        Action.PROVIDER_ASKED,
    },
    "rentals": {
        Action.RENTAL_REQUESTED,
        Action.STOPPED_BY_POLICY,
        Action.RENTAL_CANCELLED,
        Action.RENTAL_FINISHED,
        Action.RENTAL_FINISH_UNDONE,
    },
    "codes": {Action.CODE_SHOWN, Action.ANSWER_SHOWN},
    "money": {
        Action.DOUBT_DECIDED,
        Action.MATCHED,
        Action.MATCH_UNDONE,
        Action.EXCEPTION_ASSIGNED,
        Action.EXCEPTION_RESOLVED,
        Action.EXCEPTION_REOPENED,
        Action.REFUND_WRITTEN_OFF,
        Action.REFUND_AWAITED_AGAIN,
        Action.DEPOSIT_RECORDED,
        Action.DEPOSIT_TAKEN_BACK,
        Action.RATES_ENTERED,
        Action.RATE_CORRECTED,
        Action.MONTH_CLOSED,
        Action.BUDGET_ADDED,
        Action.BUDGET_CHANGED,
        Action.BUDGET_ENDED,
        Action.BUDGET_MORE_ASKED,
        Action.BUDGET_MORE_WITHDRAWN,
        Action.BUDGET_RAISED,
        Action.BUDGET_DECLINED,
        Action.STOPPED_BY_BUDGET,
    },
    "exports": {Action.EXPORTED, Action.EXPORT_ASKED, Action.TRAIL_EXPORTED},
    "settings": {
        Action.TEAM_SETTINGS_CHANGED,
        Action.TEAM_CREATED,
        Action.POLICY_CHANGED,
        Action.VIEW_SHARED,
        Action.VIEW_UNSHARED,
    },
}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for application in APPLICATIONS:
        for path in sorted(application.rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, ast.parse(path.read_text())


def written() -> set[str]:
    """The names of the actions that some code hands on."""
    return {
        node.attr
        for path, tree in trees()
        if path.name != "actions.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Action"
    }


def test_all_that_was_promised_is_written_somewhere() -> None:
    promised = {action.name for actions in PROMISED.values() for action in actions}
    assert promised <= written()
    assert {action.name for action in Action} == written()


def test_no_call_has_a_word_of_its_own() -> None:
    """A new word goes into the list, with its family and with who reads it."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
            if name in WRITERS:
                for value in given:
                    assert not isinstance(value, ast.Constant), f"{path}:{node.lineno}"


def test_each_action_has_one_family_and_a_label() -> None:
    assert set(FAMILIES) == set(Action)
    assert set(FAMILIES.values()) == set(Family)
    assert len({str(action.label) for action in Action}) == len(Action)
    assert max(len(action.value) for action in Action) <= 60
    assert max(len(family.value) for family in Family) <= 20


def test_finance_reads_money_and_the_lists_of_it_that_left_the_house() -> None:
    read = {action for action in Action if action.is_money}
    assert read == PROMISED["money"] | {Action.EXPORTED}


@pytest.mark.django_db
def test_a_word_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"something\.new"):
        record(team=make_team(), actor=None, action="something.new")  # type: ignore[arg-type]
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_event_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        record(team=None, actor=None, action=Action.SIGNED_IN)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_an_event_keeps_by_what_it_is_found() -> None:
    team, user = make_team(), make_user()
    with transaction.atomic():
        event = record(
            team=team,
            actor=user,
            action=Action.DEPOSIT_RECORDED,
            object=team,
            before={"roles": ["member", "Späher"]},
            after={"amount": "12.50", "deep": {"er": None, "yes": True}},
            reason="Bank_transfer (of May)",
        )
    event.refresh_from_db()
    assert (event.family, event.is_money, event.address) == ("money", True, None)
    assert event.label == str(team)
    assert event.words == f"{plain(str(team))} bank transfer of may member späher 12 50"
    assert "'späher'" in event.found_by
