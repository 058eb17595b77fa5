"""Issuer scripts. EMV Book 3, 10.10; Book 4, A5."""

from __future__ import annotations

import pytest

from protocols.emv import build
from simulators.terminal.scripts import Script, run, scripts_of

IDENTIFIER = bytes.fromhex("00000001")
COMMAND = bytes.fromhex("8418000004A1B2C3D4")


def script(template: str, *commands: bytes) -> bytes:
    return build([(template, [("9F18", IDENTIFIER), *(("86", command) for command in commands)])])


def test_scripts_are_found_in_their_order_beside_the_arpc() -> None:
    chip = build([("91", bytes(10))]) + script("72", COMMAND) + script("71", COMMAND, COMMAND)
    assert scripts_of(chip) == [Script("72", IDENTIFIER, (COMMAND,)), Script("71", IDENTIFIER, (COMMAND, COMMAND))]


@pytest.mark.parametrize("chip", [None, b"", b"\x91\x20\x00", build([("91", bytes(10))])])
def test_what_is_no_tlv_or_has_no_script_has_none(chip: bytes | None) -> None:
    assert scripts_of(chip) == []


def test_a_script_without_identifier_has_zeros() -> None:
    assert scripts_of(build([("71", [("86", COMMAND)])])) == [Script("71", bytes(4), (COMMAND,))]


@pytest.mark.parametrize(
    ("answers", "result", "sent"),
    [
        (["9000", "9000", "9000"], "20", 3),
        (["9000", "6300", "6283"], "20", 3),
        (["9000", "6985", "9000"], "12", 2),
        (["6D00", "9000", "9000"], "11", 1),
    ],
)
def test_commands_go_on_until_one_fails_and_its_number_is_told(answers: list[str], result: str, sent: int) -> None:
    said = iter(answers)
    asked: list[bytes] = []

    def send(command: bytes) -> str:
        asked.append(command)
        return next(said)

    assert run(Script("71", IDENTIFIER, (COMMAND,) * 3), send).hex() == result + IDENTIFIER.hex()
    assert len(asked) == sent


def test_a_command_too_short_to_be_one_is_not_sent_and_fails() -> None:
    assert run(Script("71", IDENTIFIER, (b"\x84",)), lambda command: "9000")[0] == 0x11


def test_the_sixteenth_command_and_on_is_told_as_the_fifteenth() -> None:
    """Book 4, A5: four bits."""
    answers = iter(["9000"] * 16 + ["6985"])
    assert run(Script("71", IDENTIFIER, (COMMAND,) * 17), lambda command: next(answers))[0] == 0x1F
