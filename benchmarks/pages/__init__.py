"""How long pages take in the server, for a team of ten thousand rentals and of a million.

A year of 200 members, three provider accounts, 40 services and 300 purposes, each with its
messages, five events and its bookings, written into the tables at once and then added up by the
portal's own folder; changes that are not added up yet are there as on any day. A page is asked for
in this process through every middleware. Both teams are measured in turns, with the same questions.
"""

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure

FEW: Final = 10_000
MANY: Final = 1_000_000
FAST: Final = 100.0  # ms
APART: Final = 2.0
FILLED: Final = 180.0  # seconds


def measure() -> Iterator[Figure]:
    from benchmarks.pages.asking import ask_all
    from benchmarks.pages.scene import change, filled

    few_place = filled(FEW)
    change(few_place)
    few = {page.name: times for page, times in ask_all(few_place)}
    started = time.monotonic()
    place = filled(MANY)
    yield Figure("pages_1m_written_seconds", time.monotonic() - started, FILLED)
    change(place)
    more = 0
    for page, many in ask_all(place):
        yield Figure(f"{page.name}_p95_ms", many.p95, FAST)
        yield Figure(f"{page.name}_processor_p95_ms", many.cpu_p95, FAST)
        yield Figure(f"{page.name}_1m_per_10k", many.cpu_median / few[page.name].cpu_median, APART)
        more += many.queries != few[page.name].queries
    yield Figure("pages_with_more_queries", more, 0)
