"""What an issuer has done to a card that he sent out: commands with a MAC. EMV Book 3, 6.5 and 10.10; Book 2, 9."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from protocols.emv import Apdu
from protocols.emv.scripts import SECURE, UNBLOCK_ONLY, WITH_CURRENT, WITHOUT_CURRENT
from protocols.emv.secure_messaging import MAC_SIZE, ScriptKeys, opened, pin_of_change
from simulators.card import getdata, records
from simulators.card.core import (
    DONE,
    NO_MAC,
    NOT_ALLOWED,
    NOT_SATISFIED,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_MAC,
    WRONG_P1P2,
    Answer,
    Chip,
    Handler,
    Phase,
)

MOST_COUNTED = 15
"""Of the card verification results' four bits."""
Mac = Literal["right", "wrong", "absent", "unchecked"]


def script(chip: Chip, command: Apdu) -> Answer:
    """A command of a script, right or not: what the terminal is told, and what the card found of its MAC."""
    status, mac = _carried_out(chip, command)
    if status != DONE:
        chip.session.script_failed = chip.state.script_failed = True
    elif chip.session.phase is Phase.FINISHED:
        chip.state.scripts = min(chip.state.scripts + 1, MOST_COUNTED)
    chip.tell("script", command=command.name, sw=status, mac=mac)
    return b"", status


def _carried_out(chip: Chip, command: Apdu) -> tuple[str, Mac]:
    """The keys are of a transaction: without its first cryptogram there are none. EMV Book 2, 9.2.2 and 9.3.2"""
    session = chip.session
    if session.phase < Phase.REQUESTED:
        return NOT_SATISFIED, "unchecked"
    if command.cla not in SECURE:
        return NOT_ALLOWED, "absent"
    if len(command.data) < MAC_SIZE:
        return NO_MAC, "absent"
    bare = opened(command, _keys(chip))
    if bare is None:
        return WRONG_MAC, "wrong"
    return SCRIPTS[command.ins](chip, bare)[1], "right"


def _keys(chip: Chip) -> ScriptKeys:
    return chip.version.script_keys(chip.personal.keys, chip.atc, chip.session.cryptogram)


def _bare(handler: Handler) -> Handler:
    """For a command of no parameters and no data but its MAC."""

    def checked(chip: Chip, command: Apdu) -> Answer:
        if (command.p1, command.p2) != (0, 0):
            return b"", WRONG_P1P2
        return (b"", WRONG_LENGTH) if command.data else handler(chip, command)

    return checked


@_bare
def _block_application(chip: Chip, command: Apdu) -> Answer:
    """EMV Book 3, 6.5.1."""
    chip.block()
    return b"", DONE


@_bare
def _unblock_application(chip: Chip, command: Apdu) -> Answer:
    """EMV Book 3, 6.5.2."""
    chip.unblock()
    chip.state.blocked_by_tries = False
    return b"", DONE


@_bare
def _block_card(chip: Chip, command: Apdu) -> Answer:
    """EMV Book 3, 6.5.3: for good."""
    chip.state.card_blocked = True
    return b"", DONE


def _change_pin(chip: Chip, command: Apdu) -> Answer:
    """EMV Book 3, 6.5.10: all tries back, and with data a new PIN."""
    if command.p1 or command.p2 not in (UNBLOCK_ONLY, WITH_CURRENT, WITHOUT_CURRENT):
        return b"", WRONG_P1P2
    if command.p2 == UNBLOCK_ONLY:
        if command.data:
            return b"", WRONG_LENGTH
    else:
        new = pin_of_change(_keys(chip), command.data, chip.pin if command.p2 == WITH_CURRENT else "")
        if new is None:
            return b"", WRONG_DATA
        chip.state.pin = new
    chip.tries = chip.profile.pin_tries
    return b"", DONE


SCRIPTS: Mapping[int, Handler] = {
    0x1E: _block_application,
    0x18: _unblock_application,
    0x16: _block_card,
    0x24: _change_pin,
    0xDA: getdata.put,
    0xDC: records.update,
}
