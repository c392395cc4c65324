# Two commands matter: `make demo` and `make test`. Each makes its own .venv when there is none.
PORT ?= 8080
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check bench soak lock clean

.venv/ready: requirements.lock pyproject.toml
	@bin/setup "$(PYTHON)"

demo: .venv/ready
	@$(BIN)/closeloop demo --port $(PORT)

test: .venv/ready
	@bin/test

check: .venv/ready
	@bin/check

bench: .venv/ready
	@$(BIN)/python -m bench

soak: .venv/ready
	@$(BIN)/pytest -m soak -q -rs

lock:
	$(BIN)/uv pip compile -q --all-extras --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11 pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
