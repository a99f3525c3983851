# Every target sets up what it needs: a virtual environment with the locked dependencies, made once.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
CASE ?= redhat
PORT ?= 5000
SERVE_PORT = $(if $(filter command line environment,$(origin PORT)),$(PORT),5001)
CASES := redhat rossmann attrition deposit pima boston mnist imdb

.DEFAULT_GOAL := help
.PHONY: help install lint test test-services $(CASES) ui serve viz dashboard fetch bench ledger clean

help: ## list the targets
	@grep -hE '^[a-z$$()A-Z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/; s/\$$\(CASES\)/<case>/' | expand -t 16
	@echo "cases: $(CASES)"

install: $(READY) ## set up .venv with the locked dependencies

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| (echo "casebook needs Python 3.11 to 3.13; name one: make $(MAKECMDGOALS) PYTHON=python3.12" && exit 1)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)


$(CASES): $(READY) ## run a case, on a generated sample where there are no raw files
	$(BIN)/kedro run --pipeline=$@

ui: $(READY) ## browse runs in the MLflow UI (PORT=5000)
	$(BIN)/python -m casebook.ui $(PORT)

serve: $(READY) ## answer raw rows with a case's champion over HTTP (CASE=redhat PORT=5001)
	$(BIN)/python -m casebook.serve $(CASE) --port $(SERVE_PORT)

viz: $(READY) ## show the pipelines in Kedro-Viz
	$(BIN)/kedro viz run

dashboard: $(READY) ## browse a case's study in optuna-dashboard (CASE=redhat PORT=8080)
	$(BIN)/python -m casebook.dashboard $(CASE) $(if $(filter command line,$(origin PORT)),$(PORT),8080)

fetch: $(READY) ## fetch the real raw files of a case (CASE=redhat)
	$(BIN)/python -m casebook.fetch $(CASE)

lint: $(READY) ## ruff, format check, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

PYTEST = $(BIN)/pytest --numprocesses=logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

test: $(READY) ## run the tests on all cores (CASEBOOK_RAW=... adds those on real files)
	$(PYTEST)

.PHONY: test-fast
test-fast: $(READY) ## run the tests that start no process of their own
	$(PYTEST) -m 'not process'

test-services: $(READY) ## run the tests that start a PostgreSQL server of their own
	$(BIN)/pytest -m services

bench: $(READY) ## measure speed and memory beside the straightforward way, at full size
	$(BIN)/python benchmarks/bench.py

ledger: $(READY) ## run the published variants on real files and write docs/ledger.md (CASEBOOK_RAW=..., CASE=all)
	$(BIN)/python -m casebook.ledger $(if $(filter command line,$(origin CASE)),$(CASE),all)

clean: ## remove generated data, never raw files, runs or the environment
	rm -rf data/0[2-8]_* data/bench .coverage .mypy_cache .pytest_cache .ruff_cache
