"""What three budgets cost a rent, in a team with a million rentals behind it.

One of the team a month, one of the member a day, one of a purpose a week; all of everything, in
two currencies with a rate each day. Rents with them and without take turns.
"""

from collections.abc import Iterator
from statistics import median
from typing import Final

from benchmarks.figures import Figure

FEW: Final = 10_000
MANY: Final = 1_000_000
DEARER: Final = 2.0  # times the processor's time of a rent without
FAST: Final = 30.0  # ms
READ: Final = 10.0  # ms
SOON: Final = 1000.0  # ms
APART: Final = 2.0


def measure(many_rentals: int = MANY) -> Iterator[Figure]:
    from benchmarks.budgets.renting import look_for_alerts, read, rent, with_budgets
    from benchmarks.pages.scene import filled

    few = read(with_budgets(filled(FEW)))
    ours = with_budgets(filled(many_rentals))
    many = read(ours)
    alerts = look_for_alerts()
    with_them, without = rent(ours)
    ratio = median(with_them.cpu) / median(without.cpu)
    yield Figure("budgets_rent_with_3_per_without", ratio, DEARER)
    yield Figure("budgets_rent_with_3_p95_ms", with_them.p95, FAST)
    yield Figure("budgets_read_3_processor_p95_ms", many.cpu_p95, READ)
    yield Figure("budgets_read_3_1m_per_10k", many.cpu_median / few.cpu_median, APART)
    yield Figure("budgets_alerts_looked_for_p95_ms", alerts.p95, SOON)
    yield Figure("budgets_alerts_looked_for_processor_p95_ms", alerts.cpu_p95, SOON)
