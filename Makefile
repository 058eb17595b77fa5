# Each target does the set-up that is missing first. ARGS goes through to the command.
.PHONY: certify test lint qualify coverage bench bench-setup bench-report fuzz fuzz-minute setup setup-test clean help

# Compiled files are kept, whatever the shell says: without them every start costs a second more.
unexport PYTHONDONTWRITEBYTECODE

certify: setup ## run the default plan on the virtual bench; reports in runs/latest
	@.venv/bin/holdfast certify $(ARGS)

test: setup-test ## all tests of Holdfast itself
	@.venv/bin/python -m pytest -n 2 --dist worksteal $(ARGS)

qualify: setup ## does each seeded defect get caught?
	@.venv/bin/holdfast qualify $(ARGS)

lint: setup ## style, types and import rules
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

coverage: setup-test ## all tests, and which branches of the code they went through
	@.venv/bin/python -m pytest -n 2 --dist worksteal --cov --cov-report=term:skip-covered $(ARGS)

bench: setup ## measurements
	@for script in benchmarks/bench_*.py; do .venv/bin/python $$script || exit; done

bench-setup: setup ## what the measurements against peers need; ARGS='--with iso8583sim' for that one, too
	@.venv/bin/python -m benchmarks.peers.environment $(ARGS)

bench-report: bench-setup ## measure codec, host, history, delays and reader anew, and write docs/benchmarks.md
	@mkdir -p build/benchmarks
	@for one in codec host history delay reader kernel; do .venv/bin/python benchmarks/bench_$$one.py --json build/benchmarks/$$one.json || exit; done
	@.venv/bin/python benchmarks/bench_host.py --scheme x9.19 --json build/benchmarks/host-x919.json
	@.venv/bin/python benchmarks/table.py

fuzz: setup-test ## fuzz codec, TLV, frames and host; ARGS="--minutes 60"
	@.venv/bin/python benchmarks/fuzz.py $(ARGS)

fuzz-minute: setup-test ## the same for a minute altogether, from the kept corpus on
	@.venv/bin/python benchmarks/fuzz.py --minutes 0.2 --jobs 2

setup:
	@setup/bootstrap.sh

setup-test:
	@setup/bootstrap.sh test

clean: ## forget runs and builds; the environment stays
	@rm -rf runs build .pytest_cache .mypy_cache .ruff_cache

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
