"""Runs the named scenarios, or all of them, each in a process of its own."""

import argparse
import importlib
import random
import subprocess
import sys

SCENARIOS = ("hooks",)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--rounds", type=int, default=25, help="how often something dies")
    given = parser.parse_args()
    wanted = given.scenarios or SCENARIOS
    if unknown := set(wanted) - set(SCENARIOS):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if len(wanted) == 1:
        report = importlib.import_module(f"tests.chaos.{wanted[0]}").run(given.seed, given.rounds)
        print(report, flush=True)  # noqa: T201 - it is what this is for
        return 1 if report.lost else 0
    options = ["--seed", str(given.seed), "--rounds", str(given.rounds)]
    runs = [[sys.executable, "-m", "tests.chaos", name, *options] for name in wanted]
    return max(subprocess.run(run, check=False).returncode for run in runs)


if __name__ == "__main__":
    sys.exit(main())
