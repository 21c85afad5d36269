# `make demo` shows everything at work; `make test` runs every check. Both make their own .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test tour fuzz clean

demo: .venv/demo-installed
	$(BIN)/hourhand demo --home hourhand-demo

test: .venv/test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

# docs/tour.md and its pictures, from a demo made for them.
tour: .venv/test-installed
	$(BIN)/python -m docs.tour.make

# Coverage-guided, a minute for each parser; not part of the tests, which try bounded examples.
fuzz: .venv/test-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[fuzz]" || true
	$(BIN)/python -m tests.fuzz.run

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo-installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# The official client is wanted by one contract test, which says so and skips without it.
.venv/test-installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[dev,official-client]" || true
	touch $@

clean:
	rm -rf .venv hourhand-demo
