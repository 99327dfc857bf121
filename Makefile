# Everything a person runs here. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

# Where it is set, each of the many processes of the tests compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo test check bench soak lock clean

help:
	@echo "make demo     a whole petition in the terminal and in the browser (ARGS=--once: no page, ends by itself)"
	@echo "make test     the tests (ARGS='-k broadcast' picks some)"
	@echo "make check    ruff, mypy, import-linter, vulture, the texts and what they promise"
	@echo "make bench    the benchmarks (ARGS=--quick for a look, ARGS='--only speed' for one)"
	@echo "make soak     the long kill runs"
	@echo "make install  the set-up alone"

install: $(READY)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@if command -v uv >/dev/null 2>&1; then \
	  { [ -x $(BIN)/python ] || uv venv --quiet --seed --python $(PYTHON) .venv; } && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  { [ -x $(BIN)/python ] || $(PYTHON) -m venv .venv; } && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
	@touch $(READY)

demo: $(READY)
	@$(BIN)/petition-bot demo $(ARGS)

# More at once than there are cores: most of a test is waiting. ARGS='-n 0' runs one by one.
test: $(READY)
	@$(BIN)/python -m pytest -n 6 $(ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(BIN)/petition-bot check --words
	@$(BIN)/python -m pytest -q tests/test_promises_page.py

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(READY)
	@$(BIN)/python -m pytest tests/soak --soak $(ARGS)

# Written with uv, for every platform; it records hashes and no address.
lock:
	uv pip compile pyproject.toml --all-extras --universal --generate-hashes --no-header \
	  --no-annotate --python-version 3.11 --quiet --output-file requirements.lock
	for peers in broadcasters ptb; do uv pip compile benchmarks/peers/$$peers.in --universal \
	  --generate-hashes --no-header --no-annotate --python-version 3.11 --quiet \
	  --output-file benchmarks/peers/$$peers.lock; done

clean:
	rm -rf .venv .venv-peers build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
