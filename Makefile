# The words of CI and of people. `make demo` and `make test` set everything up by themselves.
PYTHON ?= python3
VENV   ?= .venv
RUN     = $(VENV)/bin/python -m
OUT    ?= results/clr131_myeloma_phase1

.PHONY: demo test lint verify bench calibrate setup clean

demo: $(VENV)/ready
	$(RUN) pdcraft run examples/clr131_myeloma_phase1.toml --out $(OUT) --resume

test: $(VENV)/ready-dev
	$(RUN) pytest -n 2 --dist loadfile

lint: $(VENV)/ready-dev
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(VENV)/bin/lint-imports --no-cache
	$(RUN) pyright

verify: $(VENV)/ready-dev
	$(RUN) pdcraft verify

bench: $(VENV)/ready-dev
	$(RUN) bench.river

calibrate: $(VENV)/ready-dev
	$(RUN) scripts.calibrate_clr1404
	$(RUN) scripts.calibrate_pbpk
	$(RUN) scripts.calibrate_marrow
	$(RUN) scripts.calibrate_myeloma

setup: $(VENV)/ready-dev

clean:
	rm -rf $(VENV) results build dist

# uv where it is found (seconds), else venv and pip (a minute or two).
$(VENV)/ready: pyproject.toml
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
	  uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python -c constraints.txt -e . ; \
	else \
	  $(PYTHON) -m venv $(VENV) && \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e . ; \
	fi
	@touch $@

$(VENV)/ready-dev: $(VENV)/ready
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python -c constraints.txt -e ".[dev]" ; \
	else \
	  $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]" ; \
	fi
	@touch $@
