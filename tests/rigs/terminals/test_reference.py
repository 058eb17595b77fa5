"""Drives the reference terminal in this process: what the port asks reaches the twin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from protocols.events import Channel, Event
from protocols.faults import ConfigurationError
from protocols.money import Money
from protocols.orders import Order, Outcome, Result
from protocols.transactions import Transaction
from rigs.bench import Bench
from rigs.ports import Way
from rigs.terminals.ca_keys import KeyRing
from rigs.terminals.keyfile import keys_of
from rigs.terminals.reference import ReferenceTerminalDriver
from simulators.card.authority import house_authority
from simulators.terminal import ClientTls, Gateway, TerminalParameters
from simulators.terminal.contact import Revoked
from tests.rigs.kit import PAN, card_in, case_on, plan_of, to_itself

KEYS = keys_of(house_authority()).store()
REVOKED = Revoked(bytes.fromhex("A000000333"), 0xF0, bytes(3))
PARAMETERS = TerminalParameters("50080001", "309310083985008", "M", "01", serial="SIM-1", ca_keys=KEYS)
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
        ("PIN pad", "off", "pinpad", False),
        ("PIN bypass", "off", "pin_bypass", False),
        ("cardholder choice", "off", "cardholder_choice", False),
        ("fallback", "off", "fallback", False),
        ("offline approval", "on", "offline_approval", True),
        ("chip attempts", "1", "chip_attempts", 1),
        ("floor limit", "0", "floor_limit", 0),
        ("floor limit", "150000", "floor_limit", 150_000),
        ("random selection", "100", "random_percent", 100),
        ("capabilities", "e0b8c8", "capabilities", "E0B8C8"),
        ("TAC denial", "0000000000", "tac_denial", "0000000000"),
        ("TAC online", "FFFFFFFFFF", "tac_online", "FFFFFFFFFF"),
        ("TAC default", "d84000a800", "tac_default", "D84000A800"),
        ("terminal country", "0840", "country", "840"),
        ("terminal country", "156", "country", "156"),
    ],
)
def test_parameters_are_set_and_restored(
    driver: ReferenceTerminalDriver, twin: Twin, name: str, value: str, attribute: str, read: object
) -> None:
    driver.set_parameter(name, value)
    assert twin.parameters == replace(PARAMETERS, **{attribute: read})  # type: ignore[arg-type]
    driver.restore_parameters()
    assert twin.parameters == PARAMETERS


@pytest.mark.parametrize(("value", "may"), [("on", True), ("off", False)])
def test_key_entry_is_of_everything_or_of_nothing(
    driver: ReferenceTerminalDriver, twin: Twin, value: str, may: bool
) -> None:
    driver.set_parameter("key entry", value)
    assert (twin.parameters.manual_entry, twin.parameters.typed_for_all) == (may, may)


# ── CA keys and the exception file ────────────────────────────────────────────────────────────────────────────────


def usable(driver: ReferenceTerminalDriver, twin: Twin) -> tuple[list[str], list[str]]:
    driver.perform(Order(Transaction.PREAUTH, Money(1)))
    [told] = [event.fields for event in driver._emit.seen if event.kind == "configuration"]  # type: ignore[attr-defined]
    return told["ca_keys"], told["expired_ca_keys"]


class Seen:
    def __init__(self) -> None:
        self.seen: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.seen.append(event)


@pytest.fixture
def keyed(twin: Twin) -> ReferenceTerminalDriver:
    ring = KeyRing(KEYS, lambda: frozenset({REVOKED}))
    return ReferenceTerminalDriver(
        twin,  # type: ignore[arg-type]
        keys=ring, card_in_hand=lambda: PAN, emit=Seen(), today=lambda: datetime(2026, 6, 15),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "keys", "expired"),
    [
        ("all", ["F0", "F1", "F3"], ["F2"]),
        ("none", [], []),
        ("expired", [], ["F0", "F1", "F2", "F3"]),
        ("wrong digest", [], []),
        ("revoked", ["F0", "F1", "F3"], ["F2"]),
    ],
)
def test_ca_keys_are_as_a_scenario_wants_them_until_they_are_restored(
    keyed: ReferenceTerminalDriver, twin: Twin, value: str, keys: list[str], expired: list[str]
) -> None:
    """F4's digest is another key's: no terminal ever has it. EMV Book 2, 11.2.2"""
    keyed.set_parameter("CA keys", value)
    assert twin.asked[0] == ("forget_downloads",)
    assert usable(keyed, twin) == (keys, expired)
    assert (REVOKED in twin.parameters.ca_keys.revoked) == (value == "revoked")
    keyed.restore_parameters()
    assert twin.parameters.ca_keys == KEYS


def test_the_card_in_hand_is_put_on_the_exception_file_and_taken_off(
    keyed: ReferenceTerminalDriver, twin: Twin
) -> None:
    keyed.set_parameter("exception file", "on")
    assert twin.parameters.exception_file == {PAN}
    assert PAN not in repr(twin.parameters)
    keyed.set_parameter("exception file", "off")
    assert twin.parameters.exception_file == frozenset()


def test_the_rig_tells_what_was_set_and_before_each_order_how_the_terminal_is_set_up(
    keyed: ReferenceTerminalDriver, twin: Twin
) -> None:
    keyed.set_parameter("floor limit", "5000")
    keyed.set_parameter("exception file", "on")
    keyed.perform(Order(Transaction.SALE, Money(1)))
    keyed.perform(Order(Transaction.SETTLEMENT, Money(0)))
    seen = keyed._emit.seen  # type: ignore[attr-defined]
    assert {event.channel for event in seen} == {Channel.RIG}
    assert [event.kind for event in seen] == ["parameter", "parameter", "configuration"]
    assert seen[0].fields == {"name": "floor limit", "value": "5000"}
    told = seen[-1].fields
    assert (told["floor_limit"], told["exception_file"], told["pinpad"], told["random_percent"]) == (
        5000,
        True,
        True,
        None,
    )
    assert {row[0] for row in told["revoked"]} == {"F3"}
    assert PAN not in str(told)


def test_what_stands_already_is_not_loaded_anew(driver: ReferenceTerminalDriver, twin: Twin) -> None:
    driver.set_parameter("local limit", "on")
    driver.restore_parameters()
    assert "parameters" not in twin.asked


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("lokal limit", "on", "local limit"),
        ("colour", "red", "there are"),
        ("local limit", "maybe", "on or off"),
        ("batch limit", "none", "a number"),
        ("batch limit", "0", "from 1 on"),
        ("next trace", "1000000", "at most 999999"),
        ("PIN pat", "on", "PIN pad"),
        ("CA key", "all", "CA keys"),
        ("CA keys", "expird", "expired"),
        ("CA keys", "blue", "it can have: all, none"),
        ("chip attempts", "0", "from 1 to 9"),
        ("random selection", "101", "from 0 to 100"),
        ("floor limit", "-1", "a number from 0 on"),
        ("capabilities", "E0F8", "6 hex digits"),
        ("TAC denial", "001000000G", "10 hex digits"),
        ("terminal country", "CN", "three digits"),
        ("exception file", "mine", "on or off"),
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
    counted = [asked for asked in twin.asked if asked[0] == "count_on_from"]
    assert counted == [("count_on_from", 999_998), ("count_on_from", 999_997), ("count_on_from", 41)]


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
