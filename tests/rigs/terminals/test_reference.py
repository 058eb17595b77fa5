"""Drives the reference terminal in this process: what the port asks reaches the twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.transactions import Transaction
from rigs.bench import Bench
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.terminal import TerminalParameters
from tests.rigs.kit import card_in, case_on, plan_of, to_itself

PARAMETERS = TerminalParameters("50080001", "309310083985008", "M", "01", bytes(16), serial="SIM-1")
OUTCOME = Outcome(Transaction.SIGN_ON, Result.APPROVED, Money(0))


class Twin:
    """Keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.parameters = PARAMETERS

    def load_parameters(self, parameters: TerminalParameters) -> None:
        self.asked.append("parameters")
        self.parameters = parameters

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.asked.append((name, *arguments))
            return OUTCOME

        return call


@pytest.fixture
def twin() -> Twin:
    return Twin()


@pytest.fixture
def driver(twin: Twin) -> ReferenceTerminalDriver:
    return ReferenceTerminalDriver(twin)  # type: ignore[arg-type]


def test_what_is_asked_reaches_the_terminal_and_its_outcome_comes_back(
    driver: ReferenceTerminalDriver, twin: Twin
) -> None:
    order = Order(Transaction.PREAUTH, Money(1))
    assert driver.sign_on() is OUTCOME
    assert driver.perform(order) is OUTCOME
    driver.paper_loaded()
    driver.to_idle()
    driver.close()
    assert twin.asked == [("sign_on",), ("perform", order), ("paper_loaded",), ("to_idle",), ("close",)]


def test_the_limit_is_lifted_and_restored_by_parameter_alone(driver: ReferenceTerminalDriver, twin: Twin) -> None:
    driver.lift_local_limit()
    assert twin.parameters == replace(PARAMETERS, local_limit=False)
    driver.restore_limit()
    assert twin.parameters == PARAMETERS


def test_a_limit_that_stands_is_not_loaded_anew(driver: ReferenceTerminalDriver, twin: Twin) -> None:
    driver.restore_limit()
    assert twin.asked == []


def test_it_says_who_it_is_and_nothing_of_its_keys(driver: ReferenceTerminalDriver) -> None:
    assert driver.identity() == {"terminal": "50080001", "merchant": "309310083985008", "serial": "SIM-1"}


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    to_itself(monkeypatch, tmp_path)
    opened = Bench(plan_of(tmp_path)).open()
    yield opened
    opened.close()


def test_above_the_limit_the_terminal_refuses_and_with_its_limit_lifted_the_host_does(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    hold = bench.terminal.perform(Order(Transaction.PREAUTH, Money(100_00)))
    above = Order(Transaction.COMPLETION, Money(115_01), hold.as_original())
    assert bench.terminal.perform(above).result is Result.REFUSED
    bench.terminal.lift_local_limit()
    outcome = bench.terminal.perform(above)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "64")
    bench.close_case()
    case.close()


def test_time_outs_are_the_markets_divided_by_the_scale(bench: Bench) -> None:
    parameters = bench.terminal._terminal.parameters  # type: ignore[attr-defined]
    assert (parameters.response_timeout_s, parameters.card_wait_s) == (0.5, 1.0)
    assert parameters.connect_timeout_s == 0.5
