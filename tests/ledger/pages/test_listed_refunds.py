"""A list of refunds, by kept sums and an index, is what going through all of them finds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product
from random import Random

import pytest
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.http import QueryDict

from ledger.filters import RefundFilter
from ledger.models import Refund, RefundSum
from ledger.operations.folding import fold_refunds
from ledger.queries.listed_refunds import Listed
from ledger.queries.refund_sums import prove
from ledger.queries.refunds import in_order
from ledger.states import AWAITED, RefundCause, RefundState
from tests.ledger.pages.conftest import Desk
from tests.ledger.pages.making import make_refund
from tests.ledger.together import together
from tests.pages.clients import page, signed_in, words

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
SERVICES = ["Airmail", "Air Mail 39", "Whats 39", "ßtraße"]
DAY = "2026-07-07"
ASKED = [
    *map("&".join, product(
        ["", "q=39", "q=air+MAIL", "q=7", "q=%237+39", "q=nowhere"],
        ["", "state=awaited", "state=overdue", "state=received", "cause=lost"],
    )),
    f"since={DAY}", f"until={DAY}&q=39", f"since={DAY}&until={DAY}&state=awaited&q=7",
]  # fmt: skip


@pytest.fixture
def many(desk: Desk) -> list[Refund]:
    """In every state, some at the same time, each in another place of the order."""
    chance = Random(7)  # noqa: S311 - nothing secret
    for number in range(60):
        refund = make_refund(chance.choice([desk.gig, desk.villa]), reference=f"rental:{number}")
        refund.external_id = str(chance.choice([7, 39, 1000 + number]))
        refund.service = chance.choice(SERVICES)
        refund.state = chance.choice(RefundState.values)
        refund.cause = chance.choice(RefundCause.values)
        refund.received = Decimal(chance.randrange(3))
        refund.due_at = NOW - timedelta(days=chance.randrange(-3, 8))
        refund.save()
    Refund.objects.filter(service="Whats 39", state=RefundState.EXPECTED).delete()
    return list(Refund.objects.all())


@pytest.mark.parametrize("folds", [False, True])
def test_it_is_what_all_of_them_come_to(desk: Desk, many: list[Refund], folds: bool) -> None:
    if folds:
        assert fold_refunds()
    for asked in ASKED:
        form = RefundFilter(QueryDict(asked), membership=desk.finance, now=NOW)
        listed, plain = Listed(form.wanted), list(in_order(form.qs).values_list("pk", flat=True))
        assert (asked, len(listed)) == (asked, len(plain))
        assert (asked, listed[:25]) == (asked, plain[:25])
        assert (asked, listed[25:50]) == (asked, plain[25:50])
        told = [(t.currency, t.count, t.most, t.came, t.missing) for t in listed.totals]
        assert (asked, told) == (asked, _summed(form.qs))


def _summed(refunds: QuerySet[Refund]) -> list[tuple[object, ...]]:
    missing = Sum(F("expected_max") - F("received"), filter=Q(state__in=AWAITED), default=0)
    by_currency = refunds.order_by("currency").values_list("currency")
    sums = (Count("pk"), Sum("expected_max"), Sum("received"))
    return list(by_currency.annotate(*sums, missing=missing))


def test_sums_are_proved(many: list[Refund]) -> None:
    assert prove() == []
    fold_refunds()
    assert prove() == []
    assert fold_refunds() == 0
    some = RefundSum.objects.order_by("pk")[0]
    RefundSum.objects.filter(pk=some.pk).update(received=F("received") + 1)
    assert prove() == [
        f"wallet {some.wallet_id}: what its refunds come to is kept wrong, of 1 kinds"
    ]


@pytest.mark.django_db(transaction=True)
def test_two_folds_at_once_count_once(many: list[Refund]) -> None:
    before = RefundSum.objects.count()
    together(*[lambda: fold_refunds()] * 4)
    assert prove() == []
    assert RefundSum.objects.count() < before
    assert fold_refunds() == 0


def test_sums_follow_whoever_writes(many: list[Refund]) -> None:
    fold_refunds()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_refund SET state = 'written_off' WHERE id % 2 = 0")
        cursor.execute("UPDATE ledger_refund SET reason = 'known'")  # nothing that counts
        cursor.execute("DELETE FROM ledger_refund WHERE id % 3 = 0")
    assert prove() == []
    fold_refunds()
    assert prove() == []
    Refund.objects.all().delete()
    fold_refunds()
    assert not RefundSum.objects.exists()


def test_pages_end_and_totals_do_not(
    desk: Desk, many: list[Refund], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listed, "most", 30)
    answer = signed_in(desk.finance).get(page("refund_list", desk.team), {"page": 9})
    said = f"{len(many)} refunds. The pages hold the first 30: filter to reach the others."
    assert said in words(answer)
    assert len(answer.context["refunds"]) == 5
    assert sum(total.count for total in answer.context["totals"]) == len(many)
