# Two commands do everything: `make run` opens the shell on the embedded lab, `make test` passes
# the tests. Both make the virtual environment on first use.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
ARGS   ?=

.PHONY: run test check interop bench docs clean

$(VENV)/run.ok: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e . >&2
	@touch $@

$(VENV)/dev.ok: $(VENV)/run.ok
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]' >&2
	@touch $@

run: $(VENV)/run.ok
	@$(BIN)/ipsecsh $(ARGS)

test: $(VENV)/dev.ok
	$(BIN)/python -m pytest -m 'not interop and not bench' -n auto --maxprocesses 4 --dist loadfile

check: $(VENV)/dev.ok
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

interop: $(VENV)/dev.ok
	sh tests/interop/install.sh
	$(BIN)/python -m pytest -m interop

bench: $(VENV)/dev.ok
	$(BIN)/python -m pytest -m bench -s

clean:
	rm -rf $(VENV)
