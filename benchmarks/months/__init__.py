"""Simulated wallets at a statement row each 30 seconds: what is matched without a person, and
whether any of it is wrong.

Three wallets, by what the numbers in their statements' descriptions are: activation ids, a count of
the provider's own that collides with other activations' ids, or none at all. Each night the day's
rows are matched by the real operation, and findings are acted on as rentals do.
"""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.ground import ground
from benchmarks.months.truth import Numbers

DAYS = 7  # a week each: some minutes on a machine that does other things as well


def measure() -> Iterator[Figure]:
    ground()
    from benchmarks.months.judging import Verdict, live_through

    verdicts = [live_through(seed, numbers, DAYS) for seed, numbers in enumerate(Numbers, 1)]
    for numbers, verdict in zip(Numbers, verdicts, strict=True):
        name = f"rows_matched_by_themselves_numbers_{numbers}_percent"
        yield Figure(name, verdict.share * 100, 98.5, at_least=True)
    together = sum(verdicts, Verdict())
    yield Figure("rows_matched_by_themselves_percent", together.share * 100, 98.5, at_least=True)
    yield Figure("wrong_matches_per_million_rows", together.wrong_per_million, 0.0)
    yield Figure("wallet_and_book_apart_usd", float(together.apart), 0.0)
