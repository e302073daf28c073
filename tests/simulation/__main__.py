"""`python -m tests.simulation --seeds 10000`, or `--seed 42` to play one again and tell it.

Exit code 1 where a rule was broken.
"""

import argparse
import os
import sys
import time
from collections import Counter

from smsportal import keyfiles
from smsportal.embedded.servers import Servers
from tests import slots
from tests.simulation.runs import Result, play_everywhere, play_here, set_up, shortest

AN_UPDATE = 5.0  # seconds


def main() -> int:
    options = _options()
    keyfiles.make_missing(slots.data(), {})
    with Servers(slots.data(), disposable=True):
        if options.seed is not None:
            return _one(options.seed, shrink=options.shrink)
        return _many(range(options.first, options.first + options.seeds), options.workers)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one, and tell what happens")
    parser.add_argument("--shrink", action="store_true", help="leave out what it needn't to fail")
    parser.add_argument("--seeds", type=int, default=1000, help="how many (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="the first of them (default: 0)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _one(seed: int, *, shrink: bool) -> int:
    set_up()
    result = shortest(seed, _say) if shrink else next(play_here([seed]))
    _say(str(result) if result.broken else "\n".join([*result.told, "All rules hold."]))
    return bool(result.broken)


def _many(seeds: range, workers: int) -> int:
    started, told_at = time.monotonic(), 0.0
    counts: Counter[str] = Counter()
    broken: list[Result] = []
    for done, result in enumerate(play_everywhere(seeds, workers), 1):
        counts += result.counts
        if result.broken:
            broken.append(result)
            _say(str(result))
        passed = time.monotonic() - started
        if passed - told_at > AN_UPDATE:
            told_at = passed
            _say(
                f"{done} of {len(seeds)} lives, {done / passed:.1f} a second, {len(broken)} broken"
            )
    _sum_up(len(seeds), counts, broken, time.monotonic() - started)
    return bool(broken)


def _sum_up(lives: int, counts: Counter[str], broken: list[Result], seconds: float) -> None:
    width = max(map(len, counts), default=0)
    for name, count in sorted(counts.items()):
        _say(f"  {name:<{width}}  {count}")
    _say(f"{lives} lives in {seconds:.0f} s, {lives / seconds:.1f} a second.")
    if broken:
        _say(f"{len(broken)} broken: {', '.join(str(result.seed) for result in broken)}")
    else:
        _say("All rules held in all of them.")


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201 - it is what this is for


if __name__ == "__main__":
    sys.exit(main())
