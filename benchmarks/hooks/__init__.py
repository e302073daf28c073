"""Webhooks: how many are taken, how fast they are answered, and a burst of 20,000 in one go.

Ratios are of measurements that take turns, so that a busy machine is as busy for both.
"""

from collections.abc import Iterator

from benchmarks.figures import Figure


def measure() -> Iterator[Figure]:
    from benchmarks.hooks import burst, latency, throughput  # they start servers

    yield from throughput.measure()
    yield from latency.measure()
    yield from burst.measure()
