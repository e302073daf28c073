"""A team with a year behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.ground import ground

ground()  # sets Django up, which the imports below need

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import Membership, ProviderAccount, Team, User  # noqa: E402
from accounts.secrets.hook_tokens import set_token  # noqa: E402
from accounts.states import Role  # noqa: E402
from benchmarks.indexes import without_indexes  # noqa: E402
from ledger import book  # noqa: E402
from ledger.models import Account  # noqa: E402
from ledger.states import AccountKind  # noqa: E402
from rentals.models import Rental  # noqa: E402
from rentals.operations import fold_quality, fold_spend  # noqa: E402

MEMBERS: Final = 200
BUSY: Final = 20  # the member who asks for their own: a 120th of the rentals
SERVICES: Final = 40
PURPOSES: Final = 300
AREAS: Final = 20  # area codes, which a quarter of the rentals wish for
DAYS: Final = 365
LIVE: Final = 60  # rentals on the board
EVENTS: Final = 5  # a rental
OFFERS: Final = 300  # an account
FRESH: Final = 100  # rentals that have changed since they were last added up
TABLES: Final = (
    "rentals_rental", "rentals_rentalevent", "rentals_message", "ledger_transfer", "ledger_refund",
)  # fmt: skip
CUT_OVER: Final = datetime(2020, 1, 1, tzinfo=UTC)

# People, services and purposes are used unevenly: the first tenth has a third of the rentals.
_RENTALS: Final = """
    INSERT INTO rentals_rental (id, team_id, member_id, account_id, request_key, service_code,
        service_name, area_code, carrier, wanted_number, purpose, state, currency, price, held,
        charged, activation_id, phone_raw, phone_e164, ttl, multiple_sms, waits_for_more,
        auto_cancel, requested_at, day, sent_at, started_at, expires_at, ended_at, polls,
        confirm_reads, control_tries)
    SELECT n.id, %(team)s, (%(members)s::bigint[])[1 + floor(n.who * {members})::int],
        a.id, gen_random_uuid(), 'service-' || n.what, 'Service ' || n.what,
        CASE WHEN n.i %% 4 = 0 THEN (200 + n.i / 4 %% {areas})::text ELSE '' END,
        CASE n.i %% 9 WHEN 0 THEN 'vz' WHEN 1 THEN 'tmo' WHEN 2 THEN 'att' ELSE '' END, '',
        CASE WHEN n.why < 0.1 THEN '' ELSE 'Purpose ' || floor(n.why * {purposes})::int END,
        s.state, a.currency, p.price, CASE WHEN s.state = 'in_doubt' THEN p.price ELSE 0 END,
        CASE WHEN s.state IN ('refused', 'in_doubt') THEN NULL ELSE p.price END,
        CASE WHEN s.state IN ('refused', 'in_doubt', 'lost') THEN ''
            ELSE (10000000 + n.id)::text END,
        p.phone, '+' || p.phone, 1200, false, false, true, n.at, n.at::date, n.at, n.at,
        n.at + interval '20 min',
        CASE WHEN n.i >= {rentals} - {live} THEN NULL ELSE n.at + interval '4 min' END,
        3, 0, 0
    FROM (
        SELECT %(first)s + i AS id, i,
            %(until)s::timestamptz - make_interval(secs => ({rentals} - 1 - i) * {days} * 86400.0
                / {rentals}) AS at,
            power(random(), 2) AS who, floor(power(random(), 2) * {services})::int AS what,
            power(random(), 1.5) AS why, random() AS end, i %% 3 AS wallet
        FROM generate_series(0, {rentals} - 1) i
    ) n
    JOIN unnest(%(wallets)s::bigint[], %(currencies)s::text[]) WITH ORDINALITY
        a(id, currency, place) ON a.place = n.wallet + 1
    CROSS JOIN LATERAL (SELECT CASE WHEN n.i >= {rentals} - {live}
        THEN (ARRAY['waiting', 'waiting', 'received', 'waiting', 'in_doubt'])[1 + n.i %% 5]
        WHEN n.end < 0.68 THEN 'finished' WHEN n.end < 0.86 THEN 'cancelled'
        WHEN n.end < 0.96 THEN 'expired' WHEN n.end < 0.997 THEN 'refused' ELSE 'lost' END
        AS state) s
    CROSS JOIN LATERAL (SELECT (0.25 + n.what * 0.01)
        * CASE a.currency WHEN 'NGN' THEN 1500 ELSE 1 END AS price,
        '1' || 200 + n.id %% 800 || '55501' || lpad((n.id / 800 %% 100)::text, 2, '0') AS phone) p
"""
_EVENTS: Final = """
    INSERT INTO rentals_rentalevent (rental_id, at, actor_id, from_state, to_state, cause, note)
    SELECT r.id, r.requested_at + make_interval(secs => step),
        CASE step WHEN 0 THEN r.member_id END, CASE step WHEN 0 THEN '' ELSE 'waiting' END,
        CASE step WHEN 0 THEN 'requested' ELSE r.state END, 'requested', ''
    FROM rentals_rental r CROSS JOIN generate_series(0, {events} - 1) step
    WHERE r.team_id = %(team)s
"""
_MESSAGES: Final = """
    INSERT INTO rentals_message (rental_id, provider_id, content_hash, code, text, source, seen_at,
        confirmed_at)
    SELECT r.id, 'm' || r.id, sha256(r.id::text::bytea), lpad((r.id %% 1000000)::text, 6, '0'),
        'Your code is there', 'webhook', r.requested_at + interval '90 s', r.requested_at
    FROM rentals_rental r WHERE r.team_id = %(team)s AND r.state IN ('received', 'finished')
"""
_TRANSFERS: Final = """
    INSERT INTO ledger_transfer (key, request_hash, wallet_id, currency, debit_id, credit_id,
        amount, kind, phase, reference, external_id, service, occurred_at, booked_on, day, reason,
        flagged)
    SELECT 'rental:' || r.id || ':' || m.kind, '', r.account_id, r.currency,
        CASE m.kind WHEN 'purchase' THEN a.spend ELSE a.own END,
        CASE m.kind WHEN 'purchase' THEN a.own ELSE a.spend END,
        r.charged, m.kind, 'posted', 'rental:' || r.id, r.activation_id, r.service_name,
        r.requested_at, r.day, r.day, '', false
    FROM rentals_rental r
    JOIN unnest(%(wallets)s::bigint[], %(spend)s::bigint[], %(own)s::bigint[]) a(id, spend, own)
        ON a.id = r.account_id
    JOIN (VALUES ('purchase'), ('refund')) m(kind) ON m.kind = 'purchase' OR r.state = 'cancelled'
    WHERE r.team_id = %(team)s AND r.charged IS NOT NULL
"""
_REFUNDS: Final = """
    INSERT INTO ledger_refund (wallet_id, reference, external_id, service, cause, state, currency,
        charged, expected_min, expected_max, received, claimed_at, due_at, received_at, day, reason)
    SELECT r.account_id, 'rental:' || r.id, r.activation_id, r.service_name, 'cancelled',
        'received', r.currency, r.charged, r.charged, r.charged, r.charged, r.requested_at,
        r.requested_at, r.requested_at, r.day, ''
    FROM rentals_rental r WHERE r.team_id = %(team)s AND r.state = 'cancelled'
"""
_REFUND_SUMS: Final = """
    INSERT INTO ledger_refundsum (wallet_id, currency, cause, state, service, refunds, expected_max,
        received)
    SELECT wallet_id, currency, cause, state, service, count(*), sum(expected_max), sum(received)
    FROM ledger_refund WHERE wallet_id = ANY(%(wallets)s) GROUP BY 1, 2, 3, 4, 5
"""
_BALANCES: Final = """
    UPDATE ledger_balance b SET debits_posted = f.debits, credits_posted = f.credits
    FROM (
        SELECT side.account, sum(side.debit) AS debits, sum(side.credit) AS credits
        FROM ledger_transfer t CROSS JOIN LATERAL
            (VALUES (t.debit_id, t.amount, 0), (t.credit_id, 0, t.amount))
            side(account, debit, credit)
        WHERE t.wallet_id = ANY(%(wallets)s) GROUP BY 1
    ) f WHERE f.account = b.account_id
"""
_OFFERS: Final = """
    INSERT INTO rentals_offer (account_id, service_code, name, price, ttl, stock, multiple_sms,
        read_at, tried, codes)
    SELECT a.id, 'service-' || n, 'Service ' || n, 0.25 + n * 0.01, 1200, 10, false, %(until)s,
        100, 60
    FROM unnest(%(wallets)s::bigint[]) a(id) CROSS JOIN generate_series(0, {offers} - 1) n
"""
_MARKS: Final = """
    INSERT INTO ledger_spendchange (wallet_id, reference)
    SELECT account_id, 'rental:' || id FROM rentals_rental WHERE team_id = %(team)s ORDER BY id
"""


@dataclass(frozen=True)
class Place:
    """A team with so many rentals, and somebody in it who sees all and somebody who doesn't."""

    rentals: int
    team: Team
    finance: User
    member: User
    wallets: list[ProviderAccount]


def filled(rentals: int) -> Place:
    """A year of a new team: written, added up and analysed."""
    number = Team.objects.count() + 1
    team = Team.objects.create(name=f"Team {number}", slug=f"team-{number}", time_zone="UTC")
    members = _people(team, number)
    wallets = [_wallet(team, kind) for kind in ("smsgig", "smsgig", "smsvilla")]
    _write(team, members, wallets, rentals)
    while fold_spend():
        pass
    while fold_quality():
        pass
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    finance = _person(f"finance-{number}", team, *Role)
    return Place(rentals, team, finance, members[BUSY], wallets)


def change(place: Place) -> None:
    """Some of the newest rentals move again, as they do all day."""
    newest = Rental.objects.filter(team=place.team).order_by("-requested_at")
    chosen = newest.values_list("pk", flat=True)[:FRESH]
    Rental.objects.filter(pk__in=list(chosen)).update(charged=1)


def _people(team: Team, number: int) -> list[User]:
    return [_person(f"member-{number}-{each}", team, Role.MEMBER) for each in range(MEMBERS)]


def _person(name: str, team: Team, *roles: Role) -> User:
    user = User.objects.create(email=f"{name}@example.com", name=name, password=make_password(None))
    Membership.objects.create(user=user, team=team, roles=list(roles))
    return user


def _wallet(team: Team, kind: str) -> ProviderAccount:
    currency = "NGN" if kind == "smsvilla" else "USD"
    number = ProviderAccount.objects.count() + 1
    wallet = ProviderAccount(team=team, provider=kind, currency=currency, label=f"Wallet {number}")
    set_token(wallet)
    wallet.save()
    book.open_book(wallet, balance=0, cut_over_at=CUT_OVER)  # type: ignore[arg-type]
    return wallet


def _write(team: Team, members: list[User], wallets: list[ProviderAccount], rentals: int) -> None:
    last = Rental.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    values: dict[str, Any] = {
        "team": team.pk,
        "members": [member.pk for member in members],
        "wallets": [wallet.pk for wallet in wallets],
        "currencies": [wallet.currency for wallet in wallets],
        "first": last + 1,
        "until": timezone.now(),
        "spend": [_account(wallet, AccountKind.SPEND) for wallet in wallets],
        "own": [_account(wallet, AccountKind.WALLET) for wallet in wallets],
    }
    numbers = {
        "rentals": rentals,
        "days": DAYS,
        "live": LIVE,
        "members": MEMBERS,
        "services": SERVICES,
        "areas": AREAS,
        "purposes": PURPOSES,
        "events": EVENTS,
        "offers": OFFERS,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # Rows that fit each other by the way they are made need no look at each foreign key.
        cursor.execute("SET LOCAL session_replication_role = replica")
        with without_indexes(cursor, *TABLES):
            for statement in _statements():
                cursor.execute(statement.format(**numbers), values)
        cursor.execute("SELECT setval('rentals_rental_id_seq', max(id)) FROM rentals_rental")


def _statements() -> Iterator[str]:
    yield from (_OFFERS, _RENTALS, _EVENTS, _MESSAGES, _TRANSFERS, _BALANCES)
    yield from (_REFUNDS, _REFUND_SUMS, _MARKS)


def _account(wallet: ProviderAccount, kind: AccountKind) -> int:
    return Account.objects.get(wallet=wallet, kind=kind).pk
