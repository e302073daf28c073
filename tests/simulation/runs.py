"""Lives are played: here, or many at once on all cores."""

import faulthandler
import logging
import multiprocessing
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.process import BaseProcess
from multiprocessing.queues import Queue
from typing import TYPE_CHECKING, Final

from tests.simulation.scenario import Scenario, draw

if TYPE_CHECKING:
    from tests.simulation.world import World

STUCK: Final = 300  # seconds for one life, after which a process tells where it is, and ends


@dataclass
class Result:
    """How a life went. `broken`: the first rule that did not hold, "" where all did."""

    seed: int
    broken: str = ""
    told: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        again = f"python -m tests.simulation --seed {self.seed}"
        return "\n".join([f"Seed {self.seed}:", *self.told, f"Broken: {self.broken}", again])


def play(world: "World", scenario: Scenario) -> Result:
    """Play one life from beginning to end, checking after each step."""
    from tests.simulation.checks import Broken, check_end, check_step
    from tests.simulation.steps import Player
    from tests.simulation.telling import both_sides

    life = world.begin(scenario)
    life.told.append(str(scenario.setting))
    result = Result(scenario.seed, told=life.told, counts=life.counts)
    player = Player(life)
    try:
        for step in scenario.steps:
            player.play(step)
            check_step(life)
        player.come_to_rest()
        check_step(life)
        check_end(life)
    except Broken as broken:
        result.broken = str(broken)
    except Exception:
        result.broken = traceback.format_exc()
    finally:
        if result.broken:
            life.told += both_sides(life)
        world.end()
    return result


def play_here(seeds: Iterable[int]) -> Iterator[Result]:
    """Play in this process, whose Django is set up and whose database is there."""
    from tests.simulation.world import running_world

    with running_world() as world:
        for seed in seeds:
            yield play(world, draw(seed))


def shortest(seed: int, tell: Callable[[str], object]) -> Result:
    """Leave out one step after another of a life that fails, as long as it still does."""
    from tests.simulation.world import running_world

    with running_world() as world:
        scenario = draw(seed)
        found = play(world, scenario)
        place = len(scenario.steps) - 1
        while found.broken and place >= 0:
            steps = scenario.steps[:place] + scenario.steps[place + 1 :]
            without = play(world, replace(scenario, steps=steps))
            if without.broken:
                scenario, found = replace(scenario, steps=steps), without
                tell(f"{len(steps)} steps left")
            place = min(place - 1, len(scenario.steps) - 1)
    return found


def play_everywhere(seeds: range, workers: int) -> Iterator[Result]:
    """Play on so many processes, each with its own database; in the order of their ends."""
    context = multiprocessing.get_context("spawn")
    results: Queue[Result | int] = context.Queue()
    processes = [
        context.Process(target=_work, args=(number, seeds[number::workers], results), daemon=True)
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    left = set(range(workers))
    while left:
        result = _next(results, processes)
        if isinstance(result, int):
            left.discard(result)
        else:
            yield result
    for process in processes:
        process.join()


def _next(results: "Queue[Result | int]", processes: Sequence[BaseProcess]) -> Result | int:
    while results.empty() and not any(process.exitcode for process in processes):
        time.sleep(0.05)
    if results.empty():
        raise RuntimeError("A process of the simulation has ended by itself: see above.")
    return results.get()


def _work(number: int, seeds: range, results: "Queue[Result | int]") -> None:
    os.environ["PYTEST_XDIST_WORKER"] = f"gw{number}"
    set_up()
    for result in play_here(seeds):
        faulthandler.dump_traceback_later(STUCK, exit=True)
        results.put(result)
    results.put(number)


def set_up() -> None:
    """Django, and this process's own database; the servers are running."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    logging.getLogger().handlers.clear()  # what is logged is a broken rule, and told as that
    from tests import databases

    databases.renew()
