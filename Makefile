# Everything a newcomer or contributor types. `make run` and `make test` set themselves up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SPEECH ?= base

.DEFAULT_GOAL := help
.PHONY: help run setup weights setup-dev test test-long coverage check format bench lock clean

help:  ## Show what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

run: weights  ## Start Atelier: with DISCORD_TOKEN on Discord, else on a local Discord in the browser
	@$(BIN)/atelier run

setup: $(VENV)/.installed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Atelier needs Python 3.11 or newer; set PYTHON=…")'
	@echo "Creating the environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# --no-build-isolation: what is needed for building is in the lock already, and stays at the locked version
$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked packages (a few minutes the first time) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

weights: setup  ## Fetch the speech model that the catalogue names (skipped where it cannot be had)
	@$(BIN)/python -m inference.engines.speech.fetch $(SPEECH) --optional

setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -r requirements-dev.lock
	@touch $@

# Several processes, for much of a test is waiting for children; a module's tests stay together, as they share models.
# In the order of the folders: the slow modules of acceptance/ begin, and the short ones of unit/ fill up the end.
TOGETHER := --dist loadscope --no-loadscope-reorder
WORKERS ?= 3
test: weights setup-dev  ## Run the tests (under ten minutes on two cores)
	@$(BIN)/python -m pytest -n $(WORKERS) $(TOGETHER)

# SEED=7: of the random walk, which goes another way with each
test-long: weights setup-dev  ## Run the tests that need more time
	@$(BIN)/python -m pytest -m long -n 2 $(TOGETHER) $(if $(SEED),--seed $(SEED))

# Not part of `make test`: before Python 3.12, counting lines takes half as much computing again.
coverage: weights setup-dev  ## Run the tests, and report which lines they reach
	@$(BIN)/python -m pytest -n $(WORKERS) $(TOGETHER) --cov --cov-report=term --cov-report=html:.cache/coverage

check: setup-dev  ## Format check, lint of Python and of the pages' scripts, imports between rooms, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/oxlint --deny-warnings bot
	@$(BIN)/lint-imports --no-cache --no-logo
	@$(BIN)/mypy

format: setup-dev  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: setup-dev  ## Run every benchmark, quickly
	@for name in overhead batching builtin speech train fairness; do \
		test -f tests/bench/$$name.py || continue; \
		$(BIN)/python -m tests.bench.$$name --quick || exit 1; done

# '+cpu' is dropped so that the same pin gives the CUDA build elsewhere; triton stays at what that build asks for.
TRITON := triton==3.7.1 ; platform_system == "Linux" and platform_machine == "x86_64"
COMPILE := $(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
	--unsafe-package triton
lock: setup-dev  ## Choose versions anew and lock them
	@$(BIN)/python -m pip install --quiet pip-tools
	@$(COMPILE) --upgrade --output-file requirements.lock pyproject.toml
	@sed -i -e 's/+cpu$$//' -e '/^#/d' -e '/^$$/d' requirements.lock && echo '$(TRITON)' >> requirements.lock
	@$(COMPILE) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	@sed -i -e 's/+cpu$$//' -e '/^#/d' -e '/^$$/d' requirements-dev.lock
	@grep -vxFf requirements.lock requirements-dev.lock > requirements-dev.new; mv requirements-dev.new requirements-dev.lock

clean:  ## Delete the environment and everything that was made
	rm -rf $(VENV) .cache build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
