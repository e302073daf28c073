"""Everything dies, again and again, and nothing that was promised is lost.

`make chaos`, or `python -m tests.chaos [SCENARIO …] [--seed N] [--rounds N] [--seconds N]`

A scenario is a module of this package with `ROUNDS` and `run(plan, report)`. It starts real servers
and processes on data of its own (benchmarks/ground.py), does its worst to them in an order that the
seed decides, and tells the report what it did and what was lost. The exit code is 0 where nothing
was. The moments at which things die depend on the machine, so the same seed is the same plan and
not the same run.

A stage (stage.py) is the whole portal with the two providers. The sandbox's books are in this
process, behind a wire (wire.py) on which a request can be held, so that its sender dies with it on
the way; what goes on in PostgreSQL is held by a lock (moments.py). An onlooker (browser.py) reads
the pages all the time and believes nothing; the checker (checker.py) compares the provider's books
with the database when all has recovered.

Short versions are played by tests/hooks/test_chaos.py and tests/rentals/test_chaos.py.
"""
