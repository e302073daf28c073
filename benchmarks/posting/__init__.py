"""Bookings: what one costs, what many at once cost each other, what a balance costs to read."""

from collections.abc import Iterator

from benchmarks.figures import Figure


def measure() -> Iterator[Figure]:
    from benchmarks.posting import balance, crowd, single  # they start servers

    yield from single.measure()
    yield from crowd.measure()
    yield from balance.measure()
