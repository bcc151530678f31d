# Two commands are enough on a fresh machine with Python 3.11+ and make: `make run` and `make test`.
# Every path is relative and quoted, so a folder with a space in its name works.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PEERS := .venv-peers/.ready

.PHONY: run test test-slow check format protos bench lock clean help

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' Makefile

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "ecopledge needs Python 3.11 or newer, found %d.%d; set PYTHON=python3.11" % v[:2])'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

run: $(READY) ## Set up, start the services, run the main job on bundled real input, write out/report.html
	$(BIN)/ecopledge demo --out out

test: check ## Set up and pass every check and test (under 12 minutes on two cores)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow"

test-slow: $(READY) ## Evidence that takes longer
	$(BIN)/python -m pytest -m slow

check: $(READY) ## Format, lint, types, import contracts, contracts fresh and linted
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/generate.py --lint

format: $(READY) ## Put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

protos: $(READY) ## Regenerate protos/gen from the contracts
	$(BIN)/python protos/generate.py

$(PEERS): benchmarks/requirements-peers.lock $(READY)
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements-peers.lock
	touch $(PEERS)

bench: $(READY) $(PEERS) ## Measure, side by side; peers run in an environment of their own
	$(BIN)/python -m benchmarks

lock: $(READY) ## Renew both lock files from their requirements
	$(BIN)/uv pip compile requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file requirements.lock
	$(BIN)/uv pip compile benchmarks/requirements-peers.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet --output-file benchmarks/requirements-peers.lock

clean: ## Remove what the other targets made
	rm -rf .venv .venv-peers out var .mypy_cache .ruff_cache .hypothesis
