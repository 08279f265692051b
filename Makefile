# Each target works alone in a fresh clone: it makes .venv and installs what it needs.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
TRAINER := .venv/.ready-to-train

export OMP_WAIT_POLICY := PASSIVE

.PHONY: help setup demo test test-all check bench docs lock clean

help:
	@echo "make setup     install everything into .venv"
	@echo "make demo      analyse a small study of synthetic mice; prints the path of its report"
	@echo "make test      the tests that take seconds"
	@echo "make test-all  all tests"
	@echo "make check     style, types and the rules of the house"
	@echo "make bench     the benchmarks, small; all sizes: $(BIN)/python -m benchmarks list"
	@echo "make docs      check the documents: links, paper map"
	@echo "make lock      renew requirements.lock (needs uv)"

setup: $(READY)

demo: $(READY)
	$(BIN)/mousegpt demo demo

test: $(TRAINER)
	$(BIN)/python -m pytest -m "not slow"

test-all: $(TRAINER)
	$(BIN)/python -m pytest

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m benchmarks all --quick

docs: $(READY)
	$(BIN)/python -m pytest -q tests/test_paper_map.py tests/test_documents.py

lock:
	uv pip compile pyproject.toml --extra dev --extra synth --extra train --extra vlm --universal --python-version 3.11 \
		--no-emit-index-url --no-header --no-annotate --upgrade -o requirements.lock

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

# uv is ten times faster than pip; it is told where pip would look for wheels besides the index.
$(READY): EXTRAS := dev,synth
$(TRAINER): EXTRAS := dev,synth,train,vlm
$(READY) $(TRAINER): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "mousegpt needs Python 3.11 or newer; name one, for example: make PYTHON=python3.12"; \
		exit 1; }
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python "$$($(PYTHON) -c "import sys; print(sys.executable)")" .venv && \
		UV_FIND_LINKS="$${UV_FIND_LINKS-$$($(PYTHON) -m pip config get global.find-links 2>/dev/null || true)}" \
		uv pip install --quiet --python $(BIN)/python -c requirements.lock -e ".[$(EXTRAS)]"; \
	else \
		$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
			echo "Python's venv module is missing; on Debian and Ubuntu: sudo apt install python3-venv"; \
			exit 1; }; \
		$(PYTHON) -m venv .venv && \
		$(BIN)/python -m pip install --quiet -c requirements.lock -e ".[$(EXTRAS)]"; \
	fi
	@touch $@
