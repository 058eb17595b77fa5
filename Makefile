# Each target does the set-up that is missing first. ARGS goes through to the command.
.PHONY: certify test lint qualify bench setup clean help

certify: setup ## run the default plan on the virtual bench; reports in runs/latest
	@.venv/bin/holdfast certify $(ARGS)

test: setup ## all tests of Holdfast itself
	@.venv/bin/python -m pytest -n 2 --dist worksteal $(ARGS)

qualify: setup ## does each seeded defect get caught?
	@.venv/bin/holdfast qualify $(ARGS)

lint: setup ## style, types and import rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench: setup ## measurements
	@for script in benchmarks/bench_*.py; do .venv/bin/python $$script; done

setup:
	@setup/bootstrap.sh

clean: ## forget runs and builds; the environment stays
	@rm -rf runs build .pytest_cache .mypy_cache .ruff_cache

help:
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
