"""Provider accounts, their console and their health in a browser, for everybody."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import (
    ConsoleRequest,
    Membership,
    ProviderAccount,
    RequestCount,
    SentRequest,
    User,
)
from accounts.secrets.sealing import answer_place, seal
from accounts.states import Lane, Role, Verdict
from ledger.models import Snapshot
from providers.calls import Delivered, Reply
from providers.curl import as_curl
from providers.exchange import reply_to_dict
from providers.registry import provider
from rentals.models import InboxEntry
from rentals.operations import fold_quality, fold_spend
from rentals.states import RentalState, Source
from tests.browser.looks import inspect
from tests.factories import (
    make_member,
    make_message,
    make_offer,
    make_provider_account,
    make_rental,
    make_team,
)

pytestmark = [pytest.mark.browser, pytest.mark.processes]

BODY = (
    b'{"status": "success", "messages": [{"id": 778899, "text": "Your code is 543210",'
    b' "code": "543210", "created_at": "2026-05-12T10:15:20Z"}]}'
)


@pytest.fixture
def admin(page: Page, sign_in: Callable[[User], None]) -> Membership:
    membership = make_member(make_team("Verity"), Role.ADMIN, Role.MEMBER)
    membership.user.name = "Ada Example"
    membership.user.save()
    sign_in(membership.user)
    return membership


def log(account: ProviderAccount) -> None:
    now = timezone.now()
    given = {"account": account, "milliseconds": 84, "bytes": 1410, "status": 200}
    SentRequest.objects.bulk_create(
        SentRequest(
            at=now - timedelta(minutes=each),
            lane=Lane.POLL,
            call="poll",
            method="GET",
            path="/get-sms",
            verdict=Verdict.DONE,
            count=each + 1,
            **given,
        )
        for each in range(60)
    )
    failed = given | {"status": 503, "milliseconds": 10_004}
    for verdict in Verdict:
        SentRequest.objects.create(
            at=now - timedelta(seconds=30),
            lane=Lane.CONTROL,
            call="cancel",
            method="POST",
            path="/s1/rentals/cancel",
            verdict=verdict,
            detail=""
            if verdict == Verdict.DONE
            else "The provider did not answer as it documents.",
            **failed,
        )
    RequestCount.objects.bulk_create(
        RequestCount(
            account=account,
            minute=(now - timedelta(minutes=each)).replace(second=0, microsecond=0),
            lane=lane,
            count=2 + (each * 7 + place) % 11,
        )
        for each in range(0, 1400, 20)
        for place, lane in enumerate(Lane)
    )


def history(admin: Membership, account: ProviderAccount) -> None:
    now = timezone.now()
    for each in range(24):
        at = now - timedelta(hours=each + 1)
        received = each % 4 != 0
        rental = make_rental(
            admin,
            account,
            RentalState.FINISHED if received else RentalState.EXPIRED,
            at=at,
            service_code=("whatsapp", "telegram", "a-service-with-a-rather-long-code")[each % 3],
            carrier=("", "vz")[each % 2],
            area_code=("", "212", "305")[each % 3],
        )
        if received:
            seen = at + timedelta(seconds=20 + each)
            entry = InboxEntry.objects.create(
                account=account,
                body=b"{}",
                body_sha256=uuid.uuid4().bytes * 2,
                activation_id=rental.activation_id,
                received_at=seen,
                applied_at=seen,
                outcome="new_message",
            )
            make_message(
                rental,
                source=Source.WEBHOOK,
                inbox_entry=entry,
                seen_at=seen,
                received_at=seen - timedelta(milliseconds=300 + 40 * each),
            )
    amount = Decimal(100)
    for each in range(80):
        at = now - timedelta(hours=2 * (80 - each))
        amount = amount - Decimal("1.35") if each % 30 else Decimal(100)
        Snapshot.objects.create(
            wallet=account,
            asked_at=at,
            answered_at=at,
            ledger=amount,
            provider=amount,
            drift=0,
            quiet=True,
        )
    fold_spend()
    fold_quality()


def answered(admin: Membership, account: ProviderAccount) -> ConsoleRequest:
    wire, now = provider(account.provider), timezone.now()
    call = wire.inspect("10561661")
    row = ConsoleRequest(
        pk=uuid.uuid4(),
        account=account,
        actor=admin.user,
        at=now,
        answered_at=now,
        title="Get SMS Messages",
        curl=as_curl(call, wire.base_url),
        verdict=Verdict.DONE,
    )
    headers = {"content-type": "application/json", "date": "Tue, 12 May 2026 10:15:21 GMT"}
    reply = Reply(Delivered.ANSWERED, status=200, headers=headers, body=BODY, seconds=0.21)
    row.sealed = seal(json.dumps(reply_to_dict(reply)), place=answer_place(row))
    row.save(force_insert=True)
    return row


@pytest.mark.timeout(900)
def test_providers_are_for_everybody(page: Page, admin: Membership) -> None:
    team = f"/t/{admin.team.slug}"
    account = make_provider_account(admin.team, "smsvilla", label="Villa for everything")
    gig = make_provider_account(admin.team, "smsgig", label="Main")
    make_offer(account, "WhatsApp", service_code="whatsapp", price=Decimal(500))
    wrong = []
    page.goto(f"{team}/health/")
    wrong += inspect(page, "health-empty")
    log(account)
    history(admin, account)
    own = f"{team}/providers/{account.pk}"
    for name, address in (
        ("account-requests", f"{own}/"),
        ("requests", f"{own}/requests"),
        ("requests-none", f"{own}/requests?lane=catalogue"),
        ("console", f"{own}/console/?call=rent"),
        ("console-gig", f"{team}/providers/{gig.pk}/console/?call=transactions"),
        ("console-answer", f"{own}/console/{answered(admin, account).pk}/"),
        ("health", f"{team}/health/"),
        ("health-none", f"{team}/health/?area=212&service=telegram"),
    ):
        page.goto(address)
        wrong += inspect(page, name)
    page.goto(f"{own}/console/?call=rent")
    page.get_by_label("service_code").fill("whatsapp")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Rent it")).to_be_visible()
    wrong += inspect(page, "console-confirm")
    assert wrong == []


@pytest.mark.timeout(120)
def test_rates_are_sorted_and_filtered_without_a_reload(page: Page, admin: Membership) -> None:
    account = make_provider_account(admin.team, "smsvilla", label="Villa")
    history(admin, account)
    page.goto(f"/t/{admin.team.slug}/health/")
    page.get_by_label("By", exact=True).select_option("carrier")
    expect(page.get_by_role("rowheader", name="vz")).to_be_visible()
    assert "by=carrier" in page.url
    page.get_by_label("Area code").select_option("212")
    expect(page.get_by_role("status").filter(has_text="over")).to_contain_text("8 rentals over")
    page.get_by_role("link", name="Success").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Success")
    assert "area=212" in page.url


@pytest.mark.timeout(120)
def test_an_answer_is_revealed_by_keyboard(page: Page, admin: Membership) -> None:
    account = make_provider_account(admin.team, "smsvilla", label="Villa")
    sent = answered(admin, account)
    page.goto(f"/t/{admin.team.slug}/providers/{account.pk}/console/{sent.pk}/")
    expect(page.get_by_text("543210")).to_have_count(0)
    page.get_by_text("Reveal").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Why do you need").fill("The card shows another code.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your code is 543210")).to_be_visible()
