# Everything a person runs here. `make demo` and `make test` set up what they need by themselves.
# The newest Python that can make an environment: it runs everything faster than an older one.
ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3.14 python3.13 python3.12 python3,\
  $(shell $(name) -c 'import ensurepip, ssl, sqlite3, venv' 2>/dev/null && echo $(name))) python3)
endif
BIN := .venv/bin
READY := .venv/ready
NOT_FETCHED := Not everything could be fetched; above is why. Is the network there? A proxy is named with \
  HTTPS_PROXY=http://host:port. What was fetched is kept: type the same again.

# Where it is set, each of the many processes of the tests compiles everything anew.
unexport PYTHONDONTWRITEBYTECODE

# What a machine that runs the bot has: no tests, no sources. EXTRAS="postgres pdf" adds the heavy parts.
LIVE ?= live
EXTRAS ?=
# Where petition-bot is linked, so that it can be typed alone. LINK= links it nowhere.
LINK ?= $(if $(filter 0,$(shell id -u)),/usr/local/bin,$(HOME)/.local/bin)

# uv is quicker than pip; pip is there with every Python. An environment that works is kept.
ifneq ($(shell command -v uv 2>/dev/null),)
make_environment = $(1)/bin/python -c "" 2>/dev/null || UV_VENV_CLEAR=1 uv venv --quiet --python $(PYTHON) $(1)
install_into = uv pip install --quiet --python $(1)/bin/python
else
make_environment = $(1)/bin/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(1)
install_into = $(1)/bin/python -m pip install --quiet --disable-pip-version-check
endif
LOCKED := --only-binary :all: --require-hashes

.PHONY: help install live wheel installed container demo test test-processes check bench soak lock clean

help:
	@echo "make demo     an open petition in the browser (ARGS=--once plays a whole one in the terminal)"
	@echo "make test     the tests (ARGS='-k broadcast' picks some)"
	@echo "make test-processes  those that start PostgreSQL, a browser, or the program"
	@echo "make check    ruff, mypy, import-linter, vulture, the texts and what they promise"
	@echo "make bench    the benchmarks (ARGS=--quick for a look, ARGS='--only capped' for one)"
	@echo "make soak     the long kill runs"
	@echo "make install  the set-up alone"
	@echo "make live     the bot for a machine that runs it, in the folder live (EXTRAS='postgres pdf' for those)"
	@echo "make wheel    the wheel, in dist; make installed tries it in every Python that is here"
	@echo "make container  checks the container's files, and builds the image where that can be done"

# What a Python has to have, and what to do where it has not.
define has_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "This needs Python 3.11 or newer. Under another name: make $(MAKECMDGOALS) PYTHON=python3.12"; \
  echo "On Debian or Ubuntu it comes with: apt install python3 python3-venv"; exit 1; }; \
command -v uv >/dev/null 2>&1 || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo "This Python cannot make an environment of its own: its venv or its pip is missing."; \
  echo "On Debian or Ubuntu: apt install python3-venv. Or install uv, which needs neither."; exit 1; }
endef

install: $(READY)

# What takes long says what it does, and what fails says what to do.
$(READY): requirements.lock pyproject.toml
	@$(has_python)
	@packages=$$(grep -c '^[a-z].*==' requirements.lock); \
	failed() { echo "$$1"; exit 1; }; \
	echo "Setting up, only this once, in .venv: a minute or two with pip, less with uv."; \
	if command -v uv >/dev/null 2>&1; then \
	  echo "1 of 3  Making the environment"; \
	  [ -x $(BIN)/python ] || UV_VENV_CLEAR=1 uv venv --quiet --seed --python $(PYTHON) .venv || \
	    failed "$(NOT_FETCHED)"; \
	  echo "2 of 3  Fetching and installing $$packages packages"; \
	  [ -t 2 ] || quiet=--quiet; \
	  uv pip install $$quiet --python $(BIN)/python --require-hashes -r requirements.lock || \
	    failed "$(NOT_FETCHED)"; \
	  echo "3 of 3  Installing petition-bot"; \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
	  echo "1 of 3  Making the environment"; \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || \
	    failed "Python could not make it; above is why. Then type the same again."; \
	  echo "2 of 3  Fetching and installing $$packages packages"; \
	  { $(BIN)/python -m pip install --disable-pip-version-check --no-input --progress-bar off \
	      --require-hashes -r requirements.lock && echo "Everything is there"; } | { \
	    fetched=0; while read -r word more; do case "$$word $$more" in \
	      Collecting\ *) fetched=$$((fetched + 1)); [ $$((fetched % 10)) != 0 ] || \
	        echo "        $$fetched of $$packages";; \
	      Installing\ collected\ *) echo "        all there; installing them";; \
	      Everything\ is\ there) exit 0;; \
	    esac; done; exit 1; } || failed "$(NOT_FETCHED)"; \
	  echo "3 of 3  Installing petition-bot"; \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi || failed "It is not installed; above is why."
	@touch $(READY)

wheel:
	@$(has_python)
	@rm -rf dist
	@$(call make_environment,build/hatchling)
	@$(call install_into,build/hatchling) $(LOCKED) -r deploy/build.lock || { echo "$(NOT_FETCHED)"; exit 1; }
	@build/hatchling/bin/hatchling build -t wheel >build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }

live:
	@$(has_python)
	@echo "1 of 3  Building the bot"
	@$(MAKE) --no-print-directory wheel
	@echo "2 of 3  Fetching and installing $$(cat deploy/live.lock $(EXTRAS:%=deploy/%.lock) | grep -c '^[a-z].*==') packages, half a minute or so"
	@$(call make_environment,$(LIVE))
	@$(call install_into,$(LIVE)) $(LOCKED) -r deploy/live.lock $(EXTRAS:%=-r deploy/%.lock) || { echo "$(NOT_FETCHED)"; exit 1; }
	@echo "3 of 3  Installing petition-bot"
	@$(call install_into,$(LIVE)) --no-deps --no-index --force-reinstall dist/*.whl
	@program=$(abspath $(LIVE))/bin/petition-bot; \
	if [ -n "$(LINK)" ] && mkdir -p "$(LINK)" && { [ -L "$(LINK)/petition-bot" ] || [ ! -e "$(LINK)/petition-bot" ]; } && \
	  ln -sfn "$$program" "$(LINK)/petition-bot"; \
	then case ":$$PATH:" in *":$(LINK):"*) program=petition-bot;; esac; fi; \
	echo "The bot is installed. Set it up with: $$program init"

# Tries the wheel as people have it, in every Python from 3.11 to 3.14 that is here.
installed: wheel
	@deploy/try_wheel dist/*.whl

# Checks the container's files, and builds the image where that can be done.
container:
	@deploy/try_container

demo: $(READY)
	@$(BIN)/petition-bot demo $(ARGS)

# One more at once than there are cores, as some wait now and then; no more, as each reads all tests
# first. Each begins with a part of its own, which costs less than handing them out one by one.
# ARGS='-n 0' runs one by one.
test: $(READY)
	@$(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist worksteal -m "not processes" $(ARGS)

# These wait for other programs, so that more of them go on at once.
test-processes: $(READY)
	@$(BIN)/python -m pytest -n 4 -m processes $(ARGS)

check: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture
	@$(BIN)/petition-bot check bot/bundled_petitions/andry
	@$(BIN)/python -m tests.text.catalogs --check
	@$(BIN)/python -m pytest -q tests/test_promises_and_threats.py

bench: $(READY)
	@$(BIN)/python -m benchmarks $(ARGS)

soak: $(READY)
	@$(BIN)/python -m pytest tests/soak --soak $(ARGS)

# Written with uv, for every platform; they record hashes and no address. What a live machine installs
# is a part of what the tests run with.
COMPILE := uv pip compile --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --quiet
EXTRA := $(PYTHON) -c 'import sys, tomllib; \
  print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]])'

lock:
	$(COMPILE) pyproject.toml --all-extras --output-file requirements.lock
	$(COMPILE) pyproject.toml --constraints requirements.lock --output-file deploy/live.lock
	for extra in postgres pdf; do \
	  $(EXTRA) $$extra | tr ' ' '\n' | $(COMPILE) - --constraints requirements.lock --output-file deploy/$$extra.lock || exit 1; done
	echo hatchling | $(COMPILE) - --constraints requirements.lock --output-file deploy/build.lock
	for peers in broadcasters ptb; do \
	  $(COMPILE) benchmarks/peers/$$peers.in --output-file benchmarks/peers/$$peers.lock || exit 1; done

clean:
	rm -rf .venv .venv-peers live build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage*
