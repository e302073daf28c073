"""`python -m benchmarks`: every benchmark, a line a figure: `name value goal ok|short`.

A benchmark is a module of this package with `measure()`, which yields Figures. The exit code is 0
whatever falls short.
"""

import importlib
import pkgutil

import benchmarks

OWN = {"__main__", "figures", "portal"}


def main() -> None:
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name not in OWN:
            for figure in importlib.import_module(f"benchmarks.{module.name}").measure():
                print(figure, flush=True)  # noqa: T201 - the lines are what it is for


if __name__ == "__main__":
    main()
