"""The last requests and errors of a provider account, and all of the week's."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import sent_requests
from accounts.models import ProviderAccount, SentRequest
from accounts.states import Lane, Verdict
from tests.pages.clients import HTMX, page, signed_in, words
from tests.pages.conftest import World


def sent(account: ProviderAccount, *, ago: float = 1, **fields: Any) -> SentRequest:
    given: dict[str, Any] = {
        "lane": Lane.POLL,
        "call": "poll",
        "method": "GET",
        "path": "/get-sms",
        "status": 200,
        "verdict": Verdict.DONE,
        "milliseconds": 84,
        "bytes": 120,
    }
    at = timezone.now() - timedelta(minutes=ago)
    return SentRequest.objects.create(account=account, at=at, **given | fields)


def failed(account: ProviderAccount, **fields: Any) -> SentRequest:
    given: dict[str, Any] = {
        "lane": Lane.BALANCE,
        "call": "balance",
        "path": "/balance",
        "status": 503,
        "verdict": Verdict.UNAVAILABLE,
        "detail": "The provider did not answer as it documents (503).",
    }
    return sent(account, **given | fields)


def own(world: World) -> str:
    return page("provider_account", world.team, account=world.gig.pk)


def week(world: World) -> str:
    return page("provider_account_requests", world.team, account=world.gig.pk)


def test_an_accounts_page_says_that_nothing_was_sent(world: World) -> None:
    said = words(signed_in(world.admin).get(own(world)))
    assert "Nothing was sent this week." in said
    assert "No request failed this week." in said
    assert "Nothing was sent this week" in words(signed_in(world.admin).get(week(world)))


def test_the_last_requests_and_errors_are_on_the_accounts_page(world: World) -> None:
    for minute in range(sent_requests.FEW):
        sent(world.gig, ago=minute, count=40)
    failed(world.gig, ago=500)
    failed(world.villa, path="/elsewhere")
    said = words(signed_in(world.admin).get(own(world)))
    assert said.count("GET /get-sms") == sent_requests.FEW
    assert "40 times" in said
    assert said.count("GET /balance") == 1
    assert "did not answer as it documents (503)" in said
    assert "/elsewhere" not in said


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("", ("/get-sms", "/balance", "/rent"), ()),
        ("?result=errors", ("/balance",), ("/get-sms", "/rent")),
        ("?lane=rent", ("/rent",), ("/get-sms", "/balance")),
        ("?lane=rent&result=errors", ("No request matches",), ("/rent",)),
        ("?lane=nothing", ("be used as it is",), ("/rent",)),
    ],
)
def test_the_weeks_requests_are_filtered_by_the_address(
    world: World, query: str, shown: tuple[str, ...], hidden: tuple[str, ...]
) -> None:
    sent(world.gig)
    failed(world.gig)
    sent(world.gig, lane=Lane.RENT, call="rent", method="POST", path="/s1/rent")
    for headers in ({}, HTMX):
        said = words(signed_in(world.admin).get(week(world) + query, headers=headers))
        assert all(each in said for each in shown), said
        assert not any(each in said for each in hidden), said


def test_the_week_is_paged_from_line_to_line(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_requests, "PAGE", 2)
    at = timezone.now()
    made = [sent(world.gig, path=f"/at-once-{number}") for number in range(5)]
    SentRequest.objects.update(at=at)  # together: their numbers tell which came first
    client, address, seen = signed_in(world.admin), week(world), []
    while address:
        answer = client.get(address)
        seen += [line.path for line in answer.context["lines"]]
        older = answer.context["older"]
        address = f"{week(world)}?before={older}" if older else ""
    assert seen == [line.path for line in reversed(made)]
    end = words(client.get(f"{week(world)}?before=1-1"))
    assert "There are no more requests" in end


def test_a_page_takes_as_many_queries_however_many_lines(
    world: World, django_assert_num_queries: Any
) -> None:
    client = signed_in(world.admin)
    sent(world.gig)
    client.get(week(world))
    with CaptureQueriesContext(connection) as few:
        client.get(week(world))
    for _ in range(30):
        failed(world.gig)
    with django_assert_num_queries(len(few)):
        client.get(week(world))
