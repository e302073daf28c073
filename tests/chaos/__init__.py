"""Everything dies, again and again, and nothing that was promised is lost.

`make chaos`, or `python -m tests.chaos [SCENARIO …] [--seed N] [--rounds N]`

A scenario is a module of this package with `run(seed, rounds)`, which starts real servers and
processes on data of its own (benchmarks/ground.py), does its worst to them in an order that the
seed decides, and returns a Report: what it did, and what was lost. The exit code is 0 where
nothing was. The moments at which things die depend on the machine, so the same seed is the same
plan and not the same run.

Short versions of what it does stand in tests/hooks/test_durability.py and tests/rentals.
"""
