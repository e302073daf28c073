"""How long the audit log takes in the server, with ten thousand events of a team and five million.

Five years of 200 people, written into the table at once. A page is asked for in this process
through every middleware; each filter, the search for a rare, a common and an unknown word, and
places far down in the list.
"""

import time
from collections.abc import Iterator
from typing import Final

from benchmarks.figures import Figure

FEW: Final = 10_000
MANY: Final = 5_000_000
FAST: Final = 100.0  # ms
APART: Final = 2.0
FILLED: Final = 900.0  # seconds


def measure(many_events: int = MANY) -> Iterator[Figure]:
    from benchmarks.audit.scene import filled, pages
    from benchmarks.pages.asking import ask

    few_place = filled(FEW)
    few = {page.name: ask(few_place, page) for page in pages(few_place)}
    started = time.monotonic()
    place = filled(many_events)
    yield Figure("audit_5m_written_seconds", time.monotonic() - started, FILLED)
    more = 0
    for page in pages(place):
        many = ask(place, page)
        yield Figure(f"{page.name}_p95_ms", many.p95, FAST)
        yield Figure(f"{page.name}_processor_p95_ms", many.cpu_p95, FAST)
        ratio = many.cpu_median / few[page.name].cpu_median
        yield Figure(f"{page.name}_5m_per_10k", ratio, APART)
        more += many.queries > few[page.name].queries
    yield Figure("audit_pages_with_more_queries", more, 0)
