"""Pages are asked for in this process, through every middleware, and timed."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.pages.scene import Place
from rentals.models import Rental
from smsportal.settling import settle

WARM: Final = 2
ROUNDS: Final = 40


@dataclass(frozen=True)
class Page:
    """An address as somebody with all rights asks for it, or a member (`own`).

    What stands in braces is of a rental that there is: see `_there`.
    """

    name: str
    route: str
    address: tuple[tuple[str, str], ...] = ()
    own: bool = False
    of_wallet: bool = False  # of the team's first one


YEAR: Final = ("period", "12-months")
QUARTER: Final = ("period", "90-days")
SERVICE: Final = ("service", "Service 1")
CODES: Final = ("outcome", "received")
PAGES: Final = [
    Page("spend_30_days", "spend"),
    Page("spend_30_days_by_member", "spend", (("by", "member"),)),
    Page("spend_90_days_by_purpose", "spend", (QUARTER, ("by", "purpose"))),
    Page("spend_year_by_service", "spend", (YEAR,)),
    Page("spend_year_by_member", "spend", (YEAR, ("by", "member"))),
    Page("spend_year_by_purpose", "spend", (YEAR, ("by", "purpose"))),
    Page("spend_year_by_day", "spend", (YEAR, ("by", "day"))),
    Page("spend_year_of_service_by_member", "spend", (YEAR, SERVICE, ("by", "member"))),
    Page("spend_year_of_codes_by_purpose", "spend", (YEAR, CODES, ("by", "purpose"))),
    Page("spend_year_own", "spend", (YEAR,), own=True),
    Page("spend_months", "spend_months"),
    Page("board", "board", (("who", "team"),)),
    Page("board_own", "board", own=True),
    Page("history", "rental_list"),
    Page("history_last_page", "rental_list", (("page", "400"),)),
    Page("history_of_service", "rental_list", (SERVICE,)),
    Page("history_of_lost", "rental_list", (("state", "lost"),)),
    Page("history_of_service_cancelled", "rental_list", (SERVICE, ("state", "cancelled"))),
    Page("history_by_price", "rental_list", (("sort", "-price"),)),
    Page("history_by_service", "rental_list", (("sort", "-service"),)),
    Page("history_by_member", "rental_list", (("sort", "member"),)),
    Page("history_by_member_last_page", "rental_list", (("sort", "member"), ("page", "400"))),
    Page("history_by_account", "rental_list", (("sort", "account"), ("page", "400"))),
    Page("history_search_common", "rental_list", (("q", "service"),)),
    Page("history_search_rare", "rental_list", (("q", "purpose 299"),)),
    Page("history_search_activation", "rental_list", (("q", "{activation}"),)),
    Page("history_search_unknown", "rental_list", (("q", "nowhere"),)),
    Page("history_own", "rental_list", own=True),
    Page("find_common", "find", (("q", "service"),)),
    Page("find_rare", "find", (("q", "purpose 299"),)),
    Page("find_of_member", "find", (("q", "member-2-150 service"),)),
    Page("find_unknown", "find", (("q", "nowhere"),)),
    Page("find_last_digits", "find", (("q", "{digits}"),)),
    Page("find_number", "find", (("q", "{number}"),)),
    Page("find_own", "find", (("q", "purpose 29"),), own=True),
    Page("find_own_last_digits", "find", (("q", "{digits}"),), own=True),
    Page("wallets", "wallets"),
    Page("wallet", "wallet_detail", of_wallet=True),
    Page("wallet_search_activation", "wallet_detail", (("q", "{activation}"),), of_wallet=True),
    Page("wallet_search_service", "wallet_detail", (("q", "service 39"),), of_wallet=True),
    Page("wallet_search_unknown", "wallet_detail", (("q", "nowhere"),), of_wallet=True),
    Page("months", "month_list"),
    Page("refunds", "refund_list"),
    Page("refunds_search", "refund_list", (("q", "service 39"),)),
    Page("health", "health"),
    Page("health_90_days_by_area", "health", (("period", "90-days"), ("by", "area"))),
]  # fmt: skip


@dataclass(frozen=True)
class Times:
    """Milliseconds: what went by, and what the database's process and ours used of a processor."""

    wall: list[float]
    cpu: list[float]
    queries: int

    @property
    def p95(self) -> float:
        return _at(self.wall, 0.95)

    @property
    def cpu_p95(self) -> float:
        return _at(self.cpu, 0.95)

    @property
    def cpu_median(self) -> float:
        return _at(self.cpu, 0.5)


def ask_all(place: Place, rounds: int = ROUNDS) -> Iterator[tuple[Page, Times]]:
    for page in PAGES:
        yield page, ask(place, page, rounds)


def ask(place: Place, page: Page, rounds: int = ROUNDS) -> Times:
    client = Client(SERVER_NAME="localhost")
    client.force_login(place.member if page.own else place.finance)
    where: dict[str, str | int] = {"team": place.team.slug}
    if page.of_wallet:
        where["wallet"] = place.wallets[0].pk
    address = f"{reverse(page.route, kwargs=where)}?{urlencode(_asked(place, page))}"
    settle()  # as a web process does
    for _ in range(WARM):
        _get(client, address)
    with CaptureQueriesContext(connection) as asked:
        _get(client, address)
        queries = len(asked)  # the next request forgets them
    wall, cpu = [], []
    for _ in range(rounds):
        before, started = used(), time.perf_counter()
        _get(client, address)
        wall.append(1000 * (time.perf_counter() - started))
        cpu.append(1000 * (used() - before))
    return Times(wall, cpu, queries)


def _asked(place: Place, page: Page) -> list[tuple[str, str]]:
    if not any("{" in value for _, value in page.address):
        return list(page.address)
    there = _there(place, page)
    return [(name, value.format_map(there)) for name, value in page.address]


def _there(place: Place, page: Page) -> dict[str, str]:
    """Of the newest rental that is over: a page that finds nothing asks for less."""
    over = Rental.objects.filter(team=place.team, account=place.wallets[0], state="finished")
    if page.own:
        over = over.filter(member=place.member)
    rental = over.latest("requested_at")
    number = rental.phone_raw[1:]
    return {
        "activation": rental.activation_id,
        "digits": number[-4:],
        "number": f"{number[:3]} {number[3:6]} {number[6:]}",
    }


def _get(client: Client, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")


def used() -> float:
    """Seconds of a processor, of the session's own process in the database and of ours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    theirs = Path(f"/proc/{backend}/schedstat")
    if not theirs.exists():  # not on Linux, or a server elsewhere
        return time.process_time()
    return int(theirs.read_text().split()[0]) / 1e9 + time.process_time()


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
