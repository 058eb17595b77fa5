"""A plan of few terminals and cards, and servers that run for a test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.load.plan import Plan, make_plan
from benchmarks.load.terminals import Chips

TERMINALS, CARDS = 4, 20


@pytest.fixture
def generator() -> None:
    """Skips what needs the load generator where it cannot be built."""
    if shutil.which("gcc") is None:
        pytest.skip("there is no gcc to build the load generator with")


@pytest.fixture
def plan() -> Plan:
    return make_plan("x9.19", TERMINALS, CARDS)


@pytest.fixture
def chips(plan: Plan) -> Chips:
    return Chips(plan)


@pytest.fixture
def plan_file(plan: Plan, tmp_path: Path) -> Path:
    return plan.write(tmp_path / "plan.json")
