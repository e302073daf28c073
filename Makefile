# Everything starts here. It needs Python 3 and make; uv is fetched where it is missing.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
PYTHON := .venv/bin/python
# A test process more than there are processors, as tests wait a lot: at least three, at most five.
WORKERS ?= $(shell python3 -c 'import os; print(min(5, max(3, 1 + (os.cpu_count() or 2))))')
SEEDS ?= 10000
# As root in somebody's checkout, what we install is theirs afterwards, and is no link to our cache.
OWNER := $(if $(filter 0,$(shell id -u)),$(filter-out 0,$(shell stat -c %u .)))

# Compiled once and kept: else each of our processes compiles all that it loads, which takes seconds.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test check format messages bench simulate chaos screenshots install clean

run: install ## start the whole portal; Ctrl-C stops it
	@exec $(PYTHON) -m smsportal

test: install ## every test, browser tests included
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: install ## lint, types, import rules, missing migrations
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy .
	.venv/bin/lint-imports
	$(PYTHON) -W ignore manage.py makemigrations --check --dry-run

format: install ## put the code into shape
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

messages: install ## what the code says, into the catalogues of translations
	@$(PYTHON) -m tests.catalogues

bench: install ## every benchmark, a line a figure: name value goal ok|short
	@$(PYTHON) -m benchmarks

simulate: install ## whole lives of wallets against the provider's own books: SEEDS=10000
	$(PYTHON) -m tests.simulation --seeds $(SEEDS) $(ARGS)

chaos: install ## kill everything again and again; nothing promised may be lost
	$(PYTHON) -m tests.chaos $(ARGS)

screenshots: install ## the pictures in docs/images
	$(PYTHON) -m docs.screenshots

install: $(filter .tools/bin/uv,$(UV))
	@$(PYTHON) -c '' 2>/dev/null || rm -rf .venv
	@$(if $(OWNER),UV_LINK_MODE=copy) $(UV) sync --locked --quiet
	@$(if $(OWNER),chown -hR $(OWNER) .venv $(wildcard .tools))

.tools/bin/uv:
	@echo "Getting uv ..."
	@python3 -m venv .tools || { echo "python3 can't make a virtual environment: install python3-venv, or uv."; exit 1; }
	@.tools/bin/pip install --quiet --disable-pip-version-check uv

clean: ## remove what can be made again; the data in .data stays
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +
	@[ ! -d .data ] || echo "Kept .data, which holds the database and the keys."
