"""Scripts and their results, without a wire."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import parse
from protocols.emv.keys import MasterKeys
from protocols.emv.versions import COMMON_18, PBOC_01, CryptogramVersion
from simulators.issuer.actions import together
from simulators.issuer.issuerscript import HARMLESS, IssuerScript, ScriptCommand
from simulators.issuer.scripting import COMMANDS, MOST_COMMANDS, Result, learn, next_pin, results, scripts
from simulators.issuer.security import CardOnFile, Cryptogram, PinChange
from tests.simulators.kit import PAN

SENT_WITH = ("merchant", "terminal", "000001", "000002")
KEY = bytes(range(16))


def card(version: CryptogramVersion = PBOC_01) -> CardOnFile:
    return CardOnFile("credit", PAN, "01", "3012", "123456", MasterKeys(KEY, KEY[::-1], KEY), version=version)


def chip(version: CryptogramVersion = PBOC_01) -> Cryptogram:
    return Cryptogram("verified", None, bytes(range(8)), b"\x00\x01", version)


@given(st.text("0123456789", min_size=4, max_size=12))
def test_the_next_pin_is_another_of_the_same_length(pin: str) -> None:
    assert next_pin(pin) != pin
    assert len(next_pin(pin)) == len(pin)
    assert next_pin(pin).isdecimal()


@pytest.mark.parametrize(("pin", "after"), [("123456", "654321"), ("1221", "2332"), ("9999", "0000")])
def test_the_next_pin_is_the_digits_backwards_or_each_one_up(pin: str, after: str) -> None:
    assert next_pin(pin) == after


@pytest.mark.parametrize("version", [PBOC_01, COMMON_18], ids=["01", "18"])
def test_the_most_that_can_be_asked_for_goes_into_field_55_beside_the_proof(version: CryptogramVersion) -> None:
    most = IssuerScript(("71",), ("PIN change",) * MOST_COMMANDS)
    assert len(scripts(card(version), chip(version), [most], SENT_WITH).chip) + 12 <= 255


def test_scripts_are_numbered_over_all_rules_and_templates() -> None:
    wanted = [IssuerScript(("71", "72")), IssuerScript(("71",), ("put data",))]
    nodes = parse(scripts(card(), chip(), wanted, SENT_WITH).chip)
    assert [(node.tag, int.from_bytes(node.children[0].value, "big")) for node in nodes] == [
        ("71", 1), ("72", 2), ("71", 3),
    ]  # fmt: skip


def test_only_a_script_that_changes_the_pin_tells_of_one() -> None:
    wanted = [IssuerScript(("71",)), IssuerScript(("72",), ("put data", "PIN change"))]
    sent = scripts(card(), chip(), wanted, SENT_WITH)
    assert sent.pin_change == PinChange(SENT_WITH, (2).to_bytes(4, "big"), "654321")
    assert scripts(card(), chip(), wanted[:1], SENT_WITH).pin_change is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", []),
        ("2100000001", [(2, "00000001")]),
        ("1200000001" + "0000000002", [(1, "00000001"), (0, "00000002")]),
    ],
)
def test_results_have_five_bytes_each(value: str, found: list[tuple[int, str]]) -> None:
    assert list(results(bytes.fromhex(value))) == [Result(outcome, bytes.fromhex(name)) for outcome, name in found]


def test_what_was_learnt_once_is_over() -> None:
    one = card()
    one.wrong_pins = 2
    one.pin_change = PinChange(SENT_WITH, b"\x00\x00\x00\x01", "654321")
    assert not learn(one, (*SENT_WITH[:3], "000003"), bytes.fromhex("2000000001"))
    assert learn(one, SENT_WITH, bytes.fromhex("2000000001"))
    assert (one.pin, one.wrong_pins, one.pin_change) == ("654321", 0, None)
    assert not learn(one, SENT_WITH, bytes.fromhex("2000000001"))


def test_a_pin_on_its_way_does_not_show_itself() -> None:
    shown = repr(PinChange(SENT_WITH, b"\x00\x00\x00\x01", "654321")) + repr(card()) + repr(chip())
    assert "654321" not in shown
    assert "123456" not in shown
    assert PAN not in shown


@pytest.mark.parametrize(
    ("action", "name"),
    [
        (IssuerScript(("71",)), "script 71"),
        (IssuerScript(("71", "72")), "scripts 71 and 72"),
        (IssuerScript(("72",), ("put data", HARMLESS)), "script 72 put data and PIN unblock"),
        (IssuerScript(("71",), wrong_mac=True), "script 71 wrong MAC"),
        (IssuerScript(("71", "72"), ("card block",), True), "scripts 71 and 72 card block wrong MAC"),
    ],
)
def test_a_script_is_named_as_a_scenario_writes_it(action: IssuerScript, name: str) -> None:
    assert together((action,)) == name


def test_every_command_that_may_be_asked_for_can_be_sent() -> None:
    for command in COMMANDS:
        wanted: tuple[ScriptCommand, ...] = (command,)
        assert scripts(card(), chip(), [IssuerScript(("71",), wanted)], SENT_WITH).chip
