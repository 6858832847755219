# Two commands matter: `make run` (serve with demo data) and `make test`.
# Everything they need is set up on the way, in .venv, from the pins in constraints.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 0
STAMP := $(VENV)/.installed

.PHONY: run test check bench bench-peer tools contracts texts clean

run: $(STAMP)
	@HAIHE_REGISTRATION=$${HAIHE_REGISTRATION:-open} $(BIN)/haihe serve --demo

# JOBS=2 runs two files of tests at a time.
test: $(STAMP) tools
	@$(BIN)/pytest -n $(JOBS) --dist loadfile $(ARGS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/tools/check_style.py identity certificates ledger service

bench: $(STAMP)
	@$(BIN)/python -m tests.benchmarks

# Beside node-oidc-provider, which npm installs into build/peer; needs PostgreSQL and Node.js.
bench-peer: $(STAMP) tools
	@$(BIN)/python -m tests.benchmarks.peer $(ARGS)

# Chromium, PostgreSQL, Node.js packages and fonts: installed where this machine lets us.
tools: $(STAMP)
	@sh tests/tools/install-tools.sh

contracts: tools
	node contracts/build.mjs

clean:
	rm -rf $(VENV) node_modules build .pytest_cache .mypy_cache .ruff_cache

$(STAMP): constraints.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (the first time takes a minute or two) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)
