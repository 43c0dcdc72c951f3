# CityOps. GNU make and Python 3.11 or newer are all it needs.
#   make demo [PORT=8123] [DATA=dir] [SCENE=helsinki]   the running program, with sample data
#   make demo SCENE=tianjin-model   the same on the model city, which is generated first
#   make test        every test that needs neither browser nor running service, under 5 minutes
#   make test-all    everything; installs Debian's chromium, a Chinese font and PostGIS when root may
#   make soak        hours of it in minutes: 100 kills -9 of each kind of process under load
#   make lint        style, types, import directions, templates
# Others: bench, lock (renew the lock files; UPGRADE=1 for newer versions), clean.

PYTHON ?=
PORT ?= 8000
DATA ?= var
SCENE ?= tianjin
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/core.stamp
TEST := $(VENV)/test.stamp

.PHONY: help demo test test-all soak lint lock bench clean core
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

help:
	@sed -n 's/^#  *make/make/p' Makefile

$(BIN)/python:
	@python=$$(PYTHON="$(PYTHON)" sh tools/python.sh) && "$$python" -m venv $(VENV)

$(CORE): $(BIN)/python lock/build.txt lock/uv.txt lock/core.txt pyproject.toml tools/install.py
	@$(BIN)/python tools/install.py lock/core.txt
	@touch $@

# The test lock holds the core lock, so that one installation serves both.
$(TEST): $(BIN)/python lock/build.txt lock/uv.txt lock/test.txt pyproject.toml tools/install.py
	@$(BIN)/python tools/install.py lock/test.txt
	@touch $(CORE) $@

core: $(CORE)

demo: $(CORE)
	@exec $(BIN)/cityops demo --port $(PORT) --data "$(DATA)" --scene $(SCENE)

ifeq ($(SCENE),tianjin-model)
demo: fixtures/tianjin-model/scene.json
endif

fixtures/tianjin-model/scene.json: $(CORE) $(wildcard fixtures/tianjin/generate/*.py)
	@cd fixtures/tianjin && $(CURDIR)/$(BIN)/python -m generate --jobs 2

test: $(TEST)
	@$(BIN)/python -m pytest -n auto --dist loadscope -m "not browser and not server and not postgis" $(PYTEST_ARGS)

test-all: $(TEST)
	@sh tools/browser.sh
	@sh tools/postgis.sh
	@$(BIN)/python -m pytest -n auto --dist loadscope $(PYTEST_ARGS)

# What it printed last stands in docs/reliability.md.
soak: $(TEST)
	@CITYOPS_KILLS=$${CITYOPS_KILLS:-100} $(BIN)/python -m pytest -s tests/system/test_service_kills.py tests/system/test_kills.py tests/system/test_failing_writes.py

# All checks run even when one fails, so that one run shows everything.
lint: $(TEST)
	@sh tools/lint.sh $(BIN)

bench: $(TEST)
	@$(BIN)/python -m benchmarks

lock: $(TEST)
	@sh tools/lock.sh $(BIN)/uv $(if $(UPGRADE),--upgrade)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build
	find . -name __pycache__ -type d -not -path "./.git/*" -prune -exec rm -rf {} +
