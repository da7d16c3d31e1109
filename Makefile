# Two commands for a newcomer: `make demo` and `make test`. Both prepare what they need.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test lint format migrate lock clean

PYTHON ?= python3
PIP := .venv/bin/python -m pip --disable-pip-version-check --quiet
ARGS ?=

help: ## Say what there is
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' Makefile | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

setup: .venv/ready ## Make .venv and install the pinned requirements; nothing else

demo: .venv/ready ## Run the main job with no account, no database and no internet (ARGS=--exit ends it)
	@.venv/bin/channelwatch demo $(ARGS)

run: .venv/ready ## Run everything that the environment or .env configures (real Telegram)
	@.venv/bin/channelwatch run $(ARGS)

test: lint ## Lint, types, import contracts, and all tests on a real PostgreSQL
	@.venv/bin/python -m pytest -n 4 --dist worksteal -q $(ARGS)

lint: .venv/ready-dev ## Lint, formatting, types and import contracts only
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

format: .venv/ready-dev ## Let ruff format and mend what it can
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

migrate: .venv/ready ## Bring the database of DATABASE_URL to this release's schema
	@.venv/bin/channelwatch migrate $(ARGS)

lock: .venv/ready-dev ## Resolve the requirements anew (hashes, no addresses)
	@$(PIP) install uv
	@for set in "runtime pyproject.toml" "dev --group dev --all-extras pyproject.toml -c requirements/runtime.txt" "build --group build"; do \
	  set -- $$set; name=$$1; shift; \
	  .venv/bin/uv pip compile --no-config --universal --python-version 3.11 --generate-hashes --no-annotate --quiet \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -o requirements/$$name.txt $$@ || exit 1; \
	done

clean: ## Remove .venv and caches (never the data folder)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "channelwatch needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { echo "Python cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@touch $@

.venv/ready: .venv/python requirements/build.txt requirements/runtime.txt pyproject.toml
	@echo "Installing what channelwatch needs (about a minute, once) ..." >&2
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-dev: .venv/ready requirements/dev.txt
	@echo "Installing the development tools ..." >&2
	@$(PIP) install --require-hashes --no-build-isolation -r requirements/dev.txt
	@touch $@
