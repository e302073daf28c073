"""Live push: from a webhook to the screen, many viewers, and what happens around a break.

`python -m benchmarks live`. Each part is a module with a `measure()` of its own.
"""

from collections.abc import Iterator

from benchmarks.figures import Figure


def measure() -> Iterator[Figure]:
    from benchmarks.live import (  # they start servers
        arriving,
        broadcast,
        many,
        painting,
        stopping,
        without_redis,
    )

    for part in (arriving, painting, broadcast, many, stopping, without_redis):
        yield from part.measure()
