PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
SUDO = $(shell test $$(id -u) = 0 || echo sudo)

.PHONY: run test lint browser postgresql vendor clean

run: $(VENV)/.run
	$(BIN)/itss evaluate facts/json

test: $(VENV)/.test browser postgresql lint
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.test: pyproject.toml $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

# The browser that the tests of pages drive, and a font with Japanese letters.
browser:
	@command -v chromium >/dev/null || { \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) apt-get install -qq --yes --no-install-recommends chromium fonts-ipafont-gothic >/dev/null; }

# The server that tests start, each on a port and in a folder of its own; its installation is to start none.
postgresql:
	@ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null || { \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql-common >/dev/null && \
	  $(SUDO) sed -ri 's/^#? ?create_main_cluster .*/create_main_cluster = false/' \
	    /etc/postgresql-common/createcluster.conf && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends postgresql >/dev/null; }

# Front-end parts, as their packages have them, in the versions that versions.toml names.
vendor: $(VENV)/.run
	$(BIN)/python -m tests.vendored

clean:
	rm -rf $(VENV)
