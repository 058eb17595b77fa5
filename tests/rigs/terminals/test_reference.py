"""Drives the reference terminal in this process: what the port asks reaches the twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from protocols.faults import ConfigurationError
from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.transactions import Transaction
from rigs.bench import Bench
from rigs.ports import Way
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.terminal import ClientTls, Gateway, TerminalParameters
from tests.rigs.kit import card_in, case_on, plan_of, to_itself

PARAMETERS = TerminalParameters("50080001", "309310083985008", "M", "01", bytes(16), serial="SIM-1")
OUTCOME = Outcome(Transaction.SIGN_ON, Result.APPROVED, Money(0))


class Twin:
    """Keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.parameters = PARAMETERS
        self.last_trace = 0

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


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read"),
    [
        ("local limit", "off", "local_limit", False),
        ("partial approvals", "on", "partial_approvals", True),
        ("batch limit", "3", "batch_limit", 3),
    ],
)
def test_parameters_are_set_and_restored(
    driver: ReferenceTerminalDriver, twin: Twin, name: str, value: str, attribute: str, read: object
) -> None:
    driver.set_parameter(name, value)
    assert twin.parameters == replace(PARAMETERS, **{attribute: read})  # type: ignore[arg-type]
    driver.restore_parameters()
    assert twin.parameters == PARAMETERS


def test_what_stands_already_is_not_loaded_anew(driver: ReferenceTerminalDriver, twin: Twin) -> None:
    driver.set_parameter("local limit", "on")
    driver.restore_parameters()
    assert twin.asked == []


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("lokal limit", "on", "local limit"),
        ("colour", "red", "there are"),
        ("local limit", "maybe", "on or off"),
        ("batch limit", "none", "a number"),
        ("batch limit", "0", "above 0"),
        ("next trace", "1000000", "at most 999999"),
    ],
)
def test_what_cannot_be_set_is_named(driver: ReferenceTerminalDriver, name: str, value: str, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        driver.set_parameter(name, value)


def test_the_next_trace_is_set_and_counting_goes_on_from_before(driver: ReferenceTerminalDriver, twin: Twin) -> None:
    """The traces after it were used in this batch already."""
    twin.last_trace = 41
    driver.set_parameter("next trace", "999999")
    driver.set_parameter("next trace", "999998")
    driver.restore_parameters()
    driver.restore_parameters()
    assert twin.asked == [("count_on_from", 999_998), ("count_on_from", 999_997), ("count_on_from", 41)]


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
    bench.terminal.set_parameter("local limit", "off")
    outcome = bench.terminal.perform(above)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "64")
    bench.close_case()
    case.close()


def test_time_outs_are_the_markets_divided_by_the_scale(bench: Bench) -> None:
    parameters = bench.terminal._terminal.parameters  # type: ignore[attr-defined]
    assert (parameters.response_timeout_s, parameters.card_wait_s) == (0.5, 1.0)
    assert parameters.connect_timeout_s == 0.5
    assert parameters.time_scale == 20


def test_ways_are_the_terminals_gateways_until_its_parameters_are_restored(
    driver: ReferenceTerminalDriver, twin: Twin
) -> None:
    trusted = Path("authority.pem")
    ways = [Way("primary", "127.0.0.1", 1, trusted, "host.test"), Way("second", "127.0.0.1", 2)]
    driver.use_ways(ways)
    assert twin.parameters.gateways == (
        Gateway(("127.0.0.1", 1), ClientTls(trusted, "host.test"), "primary"),
        Gateway(("127.0.0.1", 2), None, "second"),
    )
    driver.restore_parameters()
    assert twin.parameters.gateways == ()
