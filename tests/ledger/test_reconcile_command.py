"""`manage.py reconcile`: a line for each wallet, and an exit code: whether all could be read."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from ledger.models import Reconciliation
from tests.ledger.statements import cancelled, check, with_book
from tests.rentals.scene import SetScene


def run(*words: str) -> list[dict[str, str]]:
    """What each line says, by name; `what` is its first word."""
    out = StringIO()
    call_command("reconcile", *words, stdout=out)
    return [read(line) for line in out.getvalue().splitlines()]


def read(line: str) -> dict[str, str]:
    what, *pairs = line.split(" ")
    return {"what": what} | dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_it_says_of_a_teams_wallets_how_they_stand(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    cancelled(at, at.rented())
    at.times.move(1500)
    at.sandbox.buy_outside(at.wallet_id)
    (told,) = run(at.account.team.slug)
    assert told == {
        "what": "reconciled",
        "wallet": str(at.account.pk),
        "team": at.account.team.slug,
        "provider": "smsgig",
        "state": "done",
        "rows": "4",
        "new": "4",
        "matched": "2",
        "opened": "1",
        "unresolved": "1",
        "drift": told["drift"],
    }
    assert float(told["drift"].removesuffix("USD")) == 0
    check(at)


def test_without_a_team_it_reads_them_all(scene: SetScene) -> None:
    ours = {str(with_book(scene(provider)).account.pk) for provider in ("smsgig", "smsvilla")}
    assert ours <= {told["wallet"] for told in run()}


def test_what_could_not_be_read_is_said_and_makes_it_fail(scene: SetScene) -> None:
    at = with_book(scene("smsgig"))
    at.fault("error", endpoint="transactions", status=500)
    out = StringIO()
    with pytest.raises(CommandError, match="Not every wallet"):
        call_command("reconcile", at.account.team.slug, stdout=out)
    assert read(out.getvalue().splitlines()[0])["what"] == "not_reconciled"
    assert 'problem="The provider could not be read' in out.getvalue()


def test_an_unknown_team_is_said_in_words(scene: SetScene) -> None:
    with_book(scene("smsgig"))
    before = Reconciliation.objects.count()
    with pytest.raises(CommandError, match="There is no team 'nobody'"):
        run("nobody")
    assert Reconciliation.objects.count() == before
