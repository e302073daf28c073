"""The poll scheduler: how late codes are, what is lost, and whether limits hold.

Simulated by a clock that jumps, on the very functions with which the poll task decides
(`rentals.pacing`, `accounts.budget.shares`, `.windows`): a provider with SMS Villa's limits counts
requests when they arrive, and people keep N rentals waiting for an hour, where the next is rented
a second after a code or a cancel. Rents, cancels with their two reads, and last looks come out of
the same limits. The scheduler has the history of two such days, as it has in a running portal.
Codes come lognormally, median 25 s, 95 % within 180 s, for 70 % of rentals; a rental lives 420 or
600 s. A code that nobody saw counts as late until its rental's end, and so does the code of a
number that could not be rented for two minutes.

`…_over_bound` is the mean delay over the least that any plan can have which knows the distribution
and looks as often a rental (`bound`, plus the answers' way back). `…_over_baseline` is over the
best of six simple ways: every 3 s, every 10 s, and the age table, each by itself and behind the
same request budget. `…_prior_wrong` has codes come at a median of 40 s while nothing is learned.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.figures import Figure
from benchmarks.ground import ground

NUMBERS = (20, 50, 100)
PROCESSES = 2


def measure() -> Iterator[Figure]:
    ground()  # the functions under test want Django
    import django

    from benchmarks.polling import hours, real

    # Not forked: a copy of this process would remove the data at its end.
    spawned = get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawned, initializer=django.setup) as pool:
        found: list[Future[list[Figure]]] = [
            pool.submit(hours.hour_figures, number) for number in NUMBERS
        ]
        found.append(pool.submit(hours.wrong_prior_figures, 50))
        found.append(pool.submit(hours.day_figures))
        for each in found:
            yield from each.result()
    yield from real.figures()
