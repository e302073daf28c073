"""The figures of simulated hours and days."""

from collections.abc import Sequence

from benchmarks.figures import Figure
from benchmarks.polling.bound import least_delay
from benchmarks.polling.policies import History, Ours, baselines
from benchmarks.polling.runs import Outcome, a_day, an_hour
from benchmarks.polling.world import BACK, Arrivals, World

DAYS_BEFORE = (11, 12, 13)  # seeds; the first has no history and is not in the next ones'
MEASURED = (21, 22)
TTLS = (420.0, 600.0)
SLOWER = Arrivals(median=40.0)


def hour_figures(number: int) -> list[Figure]:
    """N rentals at a time for an hour."""
    ours = _ours(number, Arrivals())
    others = [_mean(_baseline(number, name)) for name in baselines()]
    name = f"polling_{number}_at_a_time"
    codes = sum(each.codes for each in ours)
    lost = 100 * sum(each.lost for each in ours) / codes
    return [
        Figure(f"{name}_delay_over_bound", _over_bound(ours, Arrivals()), 1.15),
        Figure(f"{name}_delay_over_baseline", _mean(ours) / min(others), 0.5),
        Figure(f"{name}_delay_s", _mean(ours), 0.5 * min(others)),
        Figure(f"{name}_codes_lost_percent", lost, 0.2),
        Figure(f"{name}_429", sum(each.refused for each in ours), 0),
        Figure(f"{name}_most_in_60s", max(each.most_a_minute for each in ours), 100),
        Figure(f"{name}_rents_and_cancels_delayed", sum(each.delayed for each in ours), 0),
        Figure(f"{name}_left_of_day", min(each.left_of_day for each in ours), 0, at_least=True),
    ]


def wrong_prior_figures(number: int) -> list[Figure]:
    ours = _ours(number, SLOWER)
    return [Figure(f"polling_{number}_prior_wrong_over_bound", _over_bound(ours, SLOWER), 1.15)]


def day_figures() -> list[Figure]:
    """A day of 1,000 rentals: with webhooks of which 2 % are lost, and with none."""
    history = _history([a_day(World(30), Ours(), 1000).begins])
    hooked = a_day(World(31, webhooks=0.98), Ours(history=history, missed=0.04), 1000)
    alone = a_day(World(31), Ours(history=history), 1000)
    first = a_day(World(31), Ours(), 1000)
    return [
        *_day("polling_day_with_webhooks", hooked),
        *_day("polling_day_without_webhooks", alone),
        Figure("polling_day_without_webhooks_delay_s", alone.delay, 30.0),
        *_day("polling_first_day_without_webhooks", first),
    ]


def _day(name: str, outcome: Outcome) -> list[Figure]:
    """All can be found: a look at each rental's end takes 2,600 of the 5,000 requests."""
    return [
        Figure(f"{name}_codes_lost", outcome.lost, 0),
        Figure(f"{name}_429", outcome.refused, 0),
        Figure(f"{name}_left", outcome.left_of_day, 0, at_least=True),
    ]


def _ours(number: int, arrivals: Arrivals) -> list[Outcome]:
    days: list[tuple[float, ...]] = []
    for seed in DAYS_BEFORE:
        past = an_hour(World(seed, arrivals=arrivals), Ours(history=_history(days)), number)
        days.append(past.begins)
    history = _history(days[1:])
    return [an_hour(World(s, arrivals=arrivals), Ours(history=history), number) for s in MEASURED]


def _history(days: Sequence[tuple[float, ...]]) -> History:
    return History([begun for day in days for begun in day], max(1, len(days)))


def _baseline(number: int, name: str) -> list[Outcome]:
    return [an_hour(World(seed), baselines()[name], number) for seed in MEASURED]


def _mean(outcomes: Sequence[Outcome]) -> float:
    return sum(each.delay for each in outcomes) / len(outcomes)


def _over_bound(outcomes: Sequence[Outcome], arrivals: Arrivals) -> float:
    looks = sum(each.looks for each in outcomes) / len(outcomes)
    return _mean(outcomes) / (least_delay(arrivals, TTLS, looks) + BACK)
