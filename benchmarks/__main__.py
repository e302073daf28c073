"""`python -m benchmarks [NAME …]`: a line a figure: `name value goal ok|short`.

A benchmark is a module or package of this one with `measure()`, which yields Figures; without
names all of them run, each in a process of its own. The exit code is 0 whatever falls short.
"""

import importlib
import pkgutil
import subprocess
import sys

import benchmarks

OWN = {"__main__", "figures", "portal", "ground", "indexes"}


def names() -> list[str]:
    return [m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in OWN]


def main(wanted: list[str]) -> None:
    if len(wanted) == 1:
        for figure in importlib.import_module(f"benchmarks.{wanted[0]}").measure():
            print(figure, flush=True)  # noqa: T201 - the lines are what it is for
        return
    for name in wanted or names():
        subprocess.run([sys.executable, "-m", "benchmarks", name], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
