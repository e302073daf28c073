"""Runs the named scenarios, or all of them, each in a process of its own."""

import argparse
import importlib
import random
import subprocess
import sys

from benchmarks.ground import ground
from tests.chaos.plan import Plan
from tests.chaos.report import Report

LOG = 5000  # characters of what the processes said, shown where the scenario could not go on

SCENARIOS = (
    "hooks",
    "rents",
    "outages",
    "provider",
    "webhooks",
    "crowd",
    "clock",
    "disk",
)
SHORT = "short"  # a little of all of them, which `make test` plays


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=", ".join(SCENARIOS))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--rounds", type=int, default=0, help="how often something goes wrong")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long a server stays away")
    given = parser.parse_args()
    wanted = given.scenarios or SCENARIOS
    if unknown := set(wanted) - {*SCENARIOS, SHORT}:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}")
    if len(wanted) == 1:
        return _play(wanted[0], given)
    options = [f"--seed={given.seed}", f"--rounds={given.rounds}", f"--seconds={given.seconds}"]
    runs = [[sys.executable, "-m", "tests.chaos", name, *options] for name in wanted]
    return max(subprocess.run(run, check=False).returncode for run in runs)


def _play(name: str, given: argparse.Namespace) -> int:
    ground()  # sets Django up, which every scenario needs
    scenario = importlib.import_module(f"tests.chaos.{name}")
    plan = Plan(given.seed, given.rounds or scenario.ROUNDS, given.seconds)
    report = Report(name, plan.seed)
    try:
        scenario.run(plan, report)
    except RuntimeError as stuck:
        report.lost.append(str(stuck))
        sys.stderr.write((ground().data / "processes.log").read_text()[-LOG:])
    print(report, flush=True)  # noqa: T201 - it is what this is for
    return 1 if report.lost else 0


if __name__ == "__main__":
    sys.exit(main())
