"""A wallet with as many lines as wanted, over two years; its balances are the fold of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from accounts.models import Membership, ProviderAccount, Team, User
from accounts.states import Role
from ledger.book import open_book

AT_ONCE: Final = 50_000
DAYS: Final = 730
# Rentals, refunds and now and then a deposit, with a word that a spreadsheet would run.
_BOOK: Final = """
    INSERT INTO ledger_transfer (key, request_hash, wallet_id, currency, debit_id, credit_id,
        amount, kind, phase, reference, external_id, service, occurred_at, booked_at, booked_on,
        day, reason, flagged)
    SELECT 'bench:' || %(wallet)s || ':' || n, '\\x00', %(wallet)s, 'USD',
        CASE what.kind WHEN 'purchase' THEN spend.id ELSE own.id END,
        CASE what.kind WHEN 'purchase' THEN own.id WHEN 'refund' THEN spend.id ELSE paid.id END,
        0.25 + n %% 40 * 0.01, what.kind, 'posted', 'rental:' || n, (1000000 + n)::text,
        'Service ' || n %% 50, moment.at, moment.at, moment.at::date, moment.at::date,
        CASE WHEN n %% 100 = 0 THEN '=1+1' ELSE '' END, false
    FROM generate_series(%(first)s, %(last)s) n
    CROSS JOIN LATERAL (SELECT CASE WHEN n %% 1000 = 0 THEN 'deposit'
        WHEN n %% 10 > 6 THEN 'refund' ELSE 'purchase' END AS kind) what
    CROSS JOIN LATERAL
        (SELECT %(begins)s::timestamptz + (n * %(apart)s) * interval '1 second' AS at) moment
    JOIN ledger_account own ON own.wallet_id = %(wallet)s AND own.kind = 'wallet'
    JOIN ledger_account spend ON spend.wallet_id = %(wallet)s AND spend.kind = 'spend'
    JOIN ledger_account paid ON paid.wallet_id = %(wallet)s AND paid.kind = 'funding'
"""
_TRIGGERS: Final = """
    ALTER TABLE ledger_transfer {0} TRIGGER USER;
    ALTER TABLE ledger_balance {0} TRIGGER USER
"""
_FOLD: Final = """
    UPDATE ledger_balance b SET debits_posted = f.debits, credits_posted = f.credits
    FROM (
        SELECT a.id, coalesce(sum(t.amount) FILTER (WHERE t.debit_id = a.id), 0) AS debits,
            coalesce(sum(t.amount) FILTER (WHERE t.credit_id = a.id), 0) AS credits
        FROM ledger_account a
        JOIN ledger_transfer t ON t.wallet_id = a.wallet_id AND a.id IN (t.debit_id, t.credit_id)
        WHERE a.wallet_id = %(wallet)s GROUP BY a.id
    ) f WHERE f.id = b.account_id
"""


def wallet_with(lines: int) -> tuple[ProviderAccount, Membership]:
    """The wallet, and somebody of finance who may look at it."""
    team = Team.objects.create(name=f"Bench {lines}", slug=f"bench-{lines}")
    person = User.objects.create(email=f"finance-{lines}@example.org", name="Finance")
    finance = Membership.objects.create(team=team, user=person, roles=[Role.FINANCE])
    wallet = ProviderAccount.objects.create(
        team=team,
        provider="smsgig",
        label="Bench",
        currency="USD",
        hook_token_hash=lines.to_bytes(32, "big"),
    )
    begins = timezone.now() - timedelta(days=DAYS)
    open_book(wallet, balance=Decimal(1_000_000), cut_over_at=begins)
    values: dict[str, Any] = {"wallet": wallet.pk, "begins": begins, "apart": DAYS * 86_400 / lines}
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS.format("DISABLE"))  # they would take minutes
        for first in range(1, lines + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, lines)
            cursor.execute(_BOOK, values | {"first": first, "last": last})
        cursor.execute(_FOLD, values)
        cursor.execute(_TRIGGERS.format("ENABLE"))
        cursor.execute("VACUUM ANALYZE")  # which autovacuum would have done in two years
    return wallet, finance
