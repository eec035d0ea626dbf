# What one does with GovSync's sources. `make` alone prints the list; CONTRIBUTING.md explains it.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv
RUN := $(VENV)/bin/python
LOCK := requirements/development.lock
# Set up again exactly when what is installed would differ: the stamp carries the content, since a checkout touches every time.
READY := $(VENV)/.ready-$(shell cat $(LOCK) pyproject.toml | sha256sum | cut -c1-16)

SEED ?= 1
export GOVSYNC_SIMULATION_SECONDS ?= 120
# The worst days (docs/reliability.md) as large as they were: make test-all FULL=1
export GOVSYNC_FULL ?= $(FULL)
# Journeys start some hundred processes, which would otherwise compile all that they import each time.
unexport PYTHONDONTWRITEBYTECODE
# tests/conftest.py says what stays in one process, and what comes first.
PYTEST := $(RUN) -m pytest --dist loadfile --no-loadscope-reorder
# Many tests wait for another thread, and journeys wait more than they compute: more processes than cores.
CORES = $$(getconf _NPROCESSORS_ONLN)

.PHONY: help setup demo play screenshots pictures test test-rest test-journeys test-thorough test-all test-packages test-windows check check-style check-types check-windows check-macos check-walls format sim soak brink mutants bench bench-peers package-linux package-server package-windows docs generate texts lock clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY) ## virtual environment, locked dependencies, system libraries where missing

$(READY):
	python=$$(packaging/find-python.sh) && "$$python" -m venv $(VENV)
	packaging/install-desktop.sh
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r $(LOCK)
	$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	rm -f $(VENV)/.ready-*
	touch $@

demo: $(READY) ## a server and two people's desks with sample files, and the window of one; every change is printed as it travels
	$(VENV)/bin/govsync demo

play: $(READY) ## the same world, without a window and with its files under ./play, to break at will
	mkdir -p play
	TMPDIR=$(CURDIR)/play $(VENV)/bin/govsync demo --headless

screenshots: $(READY) ## every page of the window in each state and language, light and dark, at 100 % and 200 %, into build/screenshots
	QT_QPA_PLATFORM=offscreen $(RUN) -m tests.desktop.screenshots build/screenshots
	QT_QPA_PLATFORM=offscreen $(RUN) -m tests.desktop.screenshots build/screenshots/least --least
	QT_QPA_PLATFORM=offscreen QT_SCALE_FACTOR=2 $(RUN) -m tests.desktop.screenshots build/screenshots/200

pictures: $(READY) ## the pictures of the pages for staff, drawn anew into docs/pictures; to be looked at, then committed
	$(RUN) -m tests.desktop.guide docs/pictures

test: $(READY) ## the quick tests (six to nine minutes on two cores)
	$(PYTEST) --numprocesses $$(($(CORES) + 1)) -m "not slow and not journey and not packages and not wine"

# Side by side: journeys, which wait for most of their time, and what computes whenever they wait.
test-rest: $(READY) ## what `make test` leaves out, and its Hypothesis tests once more, with many more examples
	$(MAKE) --no-print-directory --jobs=2 --output-sync=target test-journeys test-thorough

test-journeys: $(READY) ## the first part of it: journeys, with real processes
	packaging/install-browser.sh
	packaging/install-screen.sh
	$(PYTEST) --numprocesses $$((4 * $(CORES))) --timeout 400 -m "journey and not packages and not wine" tests/journeys

test-thorough: $(READY) ## the second part of it: what is slow, and Hypothesis thoroughly
	HYPOTHESIS_PROFILE=thorough nice -n 5 $(PYTEST) --numprocesses $$(($(CORES) + 1)) -m "(slow or hypothesis) and not journey and not packages and not wine"

test-all: test test-rest ## every test: simulation (GOVSYNC_SIMULATION_SECONDS=120), journeys, PostgreSQL, S3

test-packages: $(READY) ## make the desk's package, and install, upgrade and remove it in a bare Debian (root; kept in build/debian)
	packaging/install-debootstrap.sh
	packaging/install-rpm.sh
	$(PYTEST) -m packages

test-windows: $(READY) ## what has to hold on Windows too, by Windows' own Python under wine, and journeys with a desk and with packages there (ONLY="tests/system -k lock"; kept in build/windows)
	packaging/install-windows-tools.sh
	PYTHONPATH=packaging $(RUN) -m packages.wine -m pytest -p no:cacheprovider -n 2 --dist loadfile -m windows $(or $(ONLY),tests)
	$(if $(ONLY),,$(PYTEST) -m wine tests/journeys tests/packaging)

check: check-style check-types check-windows check-macos check-walls ## style, types, walls (the git hook runs it)

check-style: $(READY) ## its first part: how the code is written and laid out
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

check-types: $(READY) ## its second part
	$(VENV)/bin/mypy

check-windows: $(READY) ## its third part: the types of what is Windows' own
	$(VENV)/bin/mypy --platform win32 --cache-dir .mypy_cache/windows src/govsync/system/windows/*.py

check-macos: $(READY) ## its fourth part: the types of what macOS has, and of all that it takes from POSIX
	$(VENV)/bin/mypy --platform darwin --cache-dir .mypy_cache/macos src/govsync/system/*.py src/govsync/system/macos/*.py

check-walls: $(READY) ## its last part: which folder may know which
	$(VENV)/bin/lint-imports --no-logo

format: $(READY) ## let ruff lay out and mend what it can
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

sim: $(READY) ## replay one simulated world, to the letter: make sim SEED=4711
	PYTHONHASHSEED=0 $(RUN) -m tests.simulation --seed $(SEED)

soak: $(READY) ## simulate new worlds until stopped
	PYTHONHASHSEED=0 $(RUN) -m tests.simulation --until-stopped

brink: $(READY) ## end a desk at every point of every scene, by a kill and by power cuts: make brink ONLY="saves/1"
	PYTHONHASHSEED=0 $(RUN) -m tests.simulation.brink --only "$(ONLY)"

mutants: $(READY) ## take each guard of the rules away and see that the tests notice: make mutants ONLY="R20 I3"
	$(RUN) -m tests.mutations $(ONLY)

bench: $(READY) ## the workloads beside this machine's own limits
	$(RUN) -m bench

bench-peers: $(READY) ## the same workloads, with syncthing in a second column (installed where missing)
	packaging/install-peers.sh
	$(RUN) -m bench --peers

# The interpreter that packages bring with them; one of the version with which this environment is made.
PYTHON ?= /usr/bin/python3
PACKAGE := PYTHONPATH=packaging:src $(RUN) -m packages --python $(PYTHON) $(if $(KEPT),--kept)

package-linux: $(READY) ## the desk's packages, .deb and .rpm, of what is committed, into dist: PYTHON=/usr/bin/python3 KEPT=1
	packaging/install-rpm.sh
	$(PACKAGE) client dist

package-server: $(READY) ## the server's package, in the same way
	$(PACKAGE) server dist

package-windows: $(READY) ## the desk's two packages for Windows (MSI), in the same way: RUNTIME=python-3.13.x-embed-amd64.zip SHA256=…, SIGN_CERT, SIGN_KEY
	packaging/install-windows-tools.sh
	$(PACKAGE) windows $(if $(RUNTIME),--runtime $(RUNTIME) --sha256 $(SHA256)) dist

docs: $(READY) ## build the documentation into docs/_build/html; a warning fails
	$(RUN) -m sphinx -W --keep-going -q -j auto -b html docs docs/_build/html

generate: $(READY) ## write again what is derived from the code (docs/reference)
	$(RUN) -m docs.generate

texts: $(READY) ## bring the files of translators (src/govsync/text/locale) up to the texts of the sources
	$(RUN) -m tests.text.texts

lock: $(READY) ## resolve the dependencies again; UPGRADE=--upgrade takes the newest
	$(RUN) -m uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--extra server --extra postgres --extra s3 --extra desktop pyproject.toml -o requirements/product.lock
	$(RUN) -m uv pip compile $(UPGRADE) --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		-c requirements/product.lock \
		--extra server --extra postgres --extra s3 --extra desktop --extra dev --extra docs pyproject.toml -o $(LOCK)

clean: ## remove everything that can be made again
	rm -rf $(VENV) build dist docs/_build play .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
