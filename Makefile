# The one task runner. Each target works on a fresh checkout, and is quick when there is nothing to do.
.DEFAULT_GOAL := help
.PHONY: help up down test unit lint lock bench docs clean

BIN := .venv/bin
READY := .venv/.ready

# What `make up` serves lives in the checkout, so that trying uncork leaves nothing behind. As root what answers
# requests runs as an unprivileged user, who could not reach a checkout under /root: there it is uncork's own default.
ifeq ($(shell id -u),0)
STATE := /var/lib/uncork
else
STATE := $(CURDIR)/.uncork
endif
up down: export UNCORK_HOME ?= $(STATE)

help:
	@echo "make up     serve examples/guestbook and print its address (make down stops it)"
	@echo "make test   all tests, with real servers    make unit   the quick ones, no network"
	@echo "make lint   style, types, layers            make docs   write docs/reference again"
	@echo "make bench  measure against the peers       make lock   lock uncork's own dependencies again"
	@echo "make clean  remove what make made"

up: $(READY)
	@$(BIN)/uncork up examples/guestbook

down: $(READY)
	@$(BIN)/uncork down

# Most tests wait for servers: four at once keep two cores busy. tests/conftest.py says what stays together.
test: $(READY)
	$(BIN)/pytest -n 4 --no-loadscope-reorder

unit: $(READY)
	$(BIN)/pytest tests/unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# The second file travels with uncork: machines get just what is tested here.
lock: $(READY)
	$(BIN)/uv lock --quiet
	$(BIN)/uv export --quiet --frozen --no-dev --no-emit-project --all-extras --no-annotate --no-header \
	  --output-file src/uncork/remote/requirements.txt

bench: $(READY)
	$(BIN)/python -m bench

docs: $(READY)
	$(BIN)/python docs/reference.py

clean:
	@if [ -d .uncork ] && [ -x $(BIN)/uncork ]; then $(BIN)/uncork down --home $(CURDIR)/.uncork; fi
	rm -rf .venv .uncork dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv makes the environment exactly as uv.lock says; it needs no Python but the one that is there.
$(READY): pyproject.toml uv.lock
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "uncork needs Python 3.10 or newer as python3"; exit 1; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "python3 can't make virtual environments; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || python3 -m venv --clear .venv
	@$(BIN)/uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv sync --quiet --locked
	@touch $@
