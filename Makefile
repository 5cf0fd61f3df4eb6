# The commands of this repository. `make demo` is the main job, `make test` is everything that must pass.
# Uses uv where it is there, else venv and pip; both install what requirements.txt pins, by hash.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= python3
FAULT  ?=
ROW    ?=
STAMP  := $(VENV)/.installed

.PHONY: demo test lint types contracts units real kills races wheel fuzz bench lock clean

demo: $(STAMP)
	$(BIN)/gitcanary demo $(if $(FAULT),--fault $(FAULT))

test: lint types contracts units wheel

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

units: $(STAMP)
	$(BIN)/python tests/programs.py
	$(BIN)/pytest -q -n 2 -m "not real"
	$(BIN)/pytest -q -m real

# The whole grid of "killed at any instant"; `units` runs a part of it. Takes about a quarter of an hour.
kills: $(STAMP)
	GITCANARY_KILLS=all $(BIN)/pytest -q -n 2 tests/real/test_killed.py

# Controllers beside people who push by the clock, as fast as every 200 ms; prints how many attempts a push took.
races: $(STAMP)
	GITCANARY_RACES=all $(BIN)/pytest -q -s tests/real/test_races.py

wheel: $(STAMP)
	$(BIN)/python tests/wheel.py

# The generated tests of exact edits, with many more cases than `make units` tries.
fuzz: $(STAMP)
	FUZZ_EXAMPLES=$(or $(CASES),20000) $(BIN)/pytest -q -n 2 tests/manifests/test_exactness.py tests/manifests/test_splice.py \
	  tests/manifests/test_insertion.py tests/manifests/test_graft.py

# All rows, and docs/benchmarks.md; `make bench ROW=advance` measures one row and prints it.
bench: $(STAMP)
	PYTHONPATH=tests $(BIN)/python -m benchmarks $(ROW)

$(STAMP): pyproject.toml requirements.txt
	@if command -v uv >/dev/null 2>&1; then \
	  set -e; uv venv --quiet --allow-existing --python $(PYTHON) $(VENV); \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  set -e; $(PYTHON) -m venv $(VENV) || { echo "gitcanary: python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt; \
	  $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $@

lock: $(STAMP)
	uv pip compile --quiet --generate-hashes --universal --no-emit-index-url --no-annotate \
	  --extra demo --group dev -o requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
