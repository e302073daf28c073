"""Several things at the same time."""

import threading
from collections.abc import Callable

from django.db import connections


def together(*works: Callable[[], object]) -> None:
    """Run each in a thread of its own, all at the same time."""
    start = threading.Barrier(len(works))
    problems: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(10)
            work()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems
