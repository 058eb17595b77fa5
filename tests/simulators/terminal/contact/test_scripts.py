"""Issuer scripts. EMV Book 3, 10.10; Book 4, A5."""

from __future__ import annotations

import pytest

from protocols.emv import build
from protocols.emv.tlv import top
from protocols.faults import CardRemoved
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.scripts import LONGEST_SCRIPTS, Script, run, scripts_of

IDENTIFIER = bytes.fromhex("00000001")
COMMAND = bytes.fromhex("8418000004A1B2C3D4")


def script(template: str, *commands: bytes, identifier: bytes | None = IDENTIFIER) -> bytes:
    named = [("9F18", identifier)] if identifier is not None else []
    return build([(template, [*named, *(("86", command) for command in commands)])])


def found(chip: bytes) -> tuple[Script, ...]:
    return scripts_of(top(chip))


def test_scripts_are_found_in_their_order_beside_the_arpc() -> None:
    chip = build([("91", bytes(10))]) + script("72", COMMAND) + script("71", COMMAND, COMMAND)
    assert found(chip) == (Script("72", IDENTIFIER, (COMMAND,)), Script("71", IDENTIFIER, (COMMAND, COMMAND)))


@pytest.mark.parametrize("chip", [b"", build([("91", bytes(10))]), build([("70", [("71", [("86", COMMAND)])])])])
def test_only_the_outermost_objects_are_scripts(chip: bytes) -> None:
    assert found(chip) == ()


@pytest.mark.parametrize(
    ("identifier", "told"), [(None, "00000000"), (b"\x05", "00000005"), (bytes.fromhex("0102030405"), "02030405")]
)
def test_an_identifier_has_four_bytes_or_is_zeros(identifier: bytes | None, told: str) -> None:
    """Book 4, A5."""
    assert found(script("71", COMMAND, identifier=identifier))[0].identifier.hex() == told


def test_a_script_whose_inside_is_no_tlv_cannot_be_run_and_hides_no_other() -> None:
    chip = bytes.fromhex("7103 86FF84") + script("72", COMMAND)
    assert found(chip) == (Script("71", bytes(4), (), runnable=False), Script("72", IDENTIFIER, (COMMAND,)))


def test_what_goes_beyond_the_length_of_all_scripts_cannot_be_run() -> None:
    """EMV Book 3, 10.10: 128 bytes, with tags and lengths."""
    room = LONGEST_SCRIPTS - len(script("71", COMMAND)) - len(script("72", b""))
    fits, beyond = script("72", bytes(room)), script("72", bytes(room + 1))
    assert len(script("71", COMMAND) + fits) == LONGEST_SCRIPTS
    assert [s.runnable for s in found(script("71", COMMAND) + fits)] == [True, True]
    assert [s.runnable for s in found(script("71", COMMAND) + beyond)] == [True, False]
    assert [s.runnable for s in found(beyond + script("71", COMMAND))] == [True, False]


@pytest.mark.parametrize(
    ("answers", "result", "sent"),
    [
        (["9000", "9000", "9000"], "20", 3),
        (["9000", "6300", "6283"], "20", 3),
        (["9000", "6985", "9000"], "12", 2),
        (["6D00", "9000", "9000"], "11", 1),
        (["9000", "9000", "6400"], "13", 3),
        (["9000", "9001", "9000"], "12", 2),
    ],
)
def test_commands_go_on_until_one_fails_and_its_number_is_told(answers: list[str], result: str, sent: int) -> None:
    """A warning is no failure: 10.10."""
    said = iter(answers)
    asked: list[bytes] = []

    def send(command: bytes) -> str:
        asked.append(command)
        return next(said)

    assert run(Script("71", IDENTIFIER, (COMMAND,) * 3), send).hex() == result + IDENTIFIER.hex()
    assert len(asked) == sent


def never(command: bytes) -> str:
    raise AssertionError("nothing is to be sent")


def test_a_script_that_cannot_be_run_is_told_as_not_run() -> None:
    """Book 4, A5."""
    assert run(Script("71", IDENTIFIER, (COMMAND,), runnable=False), never).hex() == "00" + IDENTIFIER.hex()


def test_a_command_too_short_to_be_one_is_not_sent_and_fails() -> None:
    assert run(Script("71", IDENTIFIER, (b"\x84\x18\x00",)), never)[0] == 0x11


def test_a_script_without_commands_is_done() -> None:
    assert run(Script("71", IDENTIFIER, ()), never)[0] == 0x20


@pytest.mark.parametrize("error", [CardRemoved("gone"), CardUnusable("mute")])
def test_a_card_that_leaves_has_failed_the_command(error: Exception) -> None:
    def send(command: bytes) -> str:
        raise error

    assert run(Script("72", IDENTIFIER, (COMMAND,)), send)[0] == 0x11


def test_the_sixteenth_command_and_on_is_told_as_the_fifteenth() -> None:
    """Book 4, A5: four bits."""
    answers = iter(["9000"] * 16 + ["6985"])
    assert run(Script("71", IDENTIFIER, (COMMAND,) * 17), lambda command: next(answers))[0] == 0x1F
