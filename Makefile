# Two commands: `make run` opens the studio, `make test` proves it.
# Packages are compiled as they are imported: two thirds of their files never are, and compiling all takes a minute.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8501

.PHONY: run test setup dev models sample checks lint types bounds unit browser clean

run: setup models sample
	@$(BIN)/python -m core serve --port $(PORT)

test: dev
	@$(MAKE) --no-print-directory -j 2 models checks
	@$(MAKE) --no-print-directory unit browser

setup: $(VENV)/.installed
$(VENV)/.installed: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "ShelfGraph needs Python 3.11 or later; this is " + sys.version)'
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	@touch $@

dev: $(VENV)/.installed-dev
$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --group dev
	@touch $@

models: setup
	@$(BIN)/python -m core models fetch || echo "The app starts all the same; the Models page says what is missing and how to get it."

sample: setup
	@$(BIN)/python -m core sample

checks: types lint bounds

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: dev
	$(BIN)/mypy

bounds: dev
	$(BIN)/lint-imports

unit: dev
	$(BIN)/python -m pytest tests --ignore=tests/browser -n 2 --dist loadfile

browser: dev
	$(BIN)/python -m pytest tests/browser -n 2 --dist loadfile

clean:
	rm -rf $(VENV) .shelfgraph .mypy_cache .ruff_cache .pytest_cache .hypothesis
