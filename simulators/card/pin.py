"""VERIFY and GET CHALLENGE: the offline PIN, plain and enciphered. EMV Book 3, 6.5.12 and 6.5.6; Book 2, 7.2."""

from __future__ import annotations

import hmac
from typing import Literal

from protocols.emv import Apdu
from protocols.emv.certificates import AuthenticationFailed
from protocols.emv.pin import ENCIPHERED, PLAIN, decipher_pin, pin_block_2
from simulators.card.core import (
    DONE,
    NOT_SATISFIED,
    PIN_BLOCKED,
    PIN_UNUSABLE,
    WRONG_LENGTH,
    WRONG_P1P2,
    Answer,
    Chip,
    Phase,
)
from simulators.card.risk import DefaultAction, default_action

BLOCK_SIZE = 8
FORMS: dict[int, Literal["plain", "enciphered"]] = {PLAIN: "plain", ENCIPHERED: "enciphered"}
_CHALLENGE = b"challenge"


def challenge(chip: Chip, command: Apdu) -> Answer:
    """8 bytes, good for the next command. Of the key, the counter, and how many there were: none comes twice."""
    if (command.p1, command.p2) != (0, 0):
        return b"", WRONG_P1P2
    chip.state.challenges += 1
    given = chip.random(_CHALLENGE + chip.state.challenges.to_bytes(8, "big"))
    chip.session.challenge = given
    return given, DONE


def verify(chip: Chip, command: Apdu) -> Answer:
    """EMV Book 3, 6.5.12.4: the tries that are left, or that there were none."""
    if chip.session.phase < Phase.SELECTED:
        return b"", NOT_SATISFIED
    form = FORMS.get(command.p2)
    if form is None or command.p1 or (form == "enciphered" and chip.application.pin_key is None):
        return b"", WRONG_P1P2
    if chip.tries == 0:
        return b"", _told(chip, form, "blocked", _no_tries(chip))
    block = _plain(command) if form == "plain" else _deciphered(chip, command)
    if isinstance(block, str):
        return b"", block
    return b"", _judged(chip, form, block)


def _no_tries(chip: Chip) -> str:
    """Used up in this session, or before it: likely; both say the same to a terminal. EMV Book 3, 10.5.1"""
    return PIN_BLOCKED if chip.session.tries_at_start else PIN_UNUSABLE


def _plain(command: Apdu) -> bytes | str:
    return command.data if len(command.data) == BLOCK_SIZE else WRONG_LENGTH


def _deciphered(chip: Chip, command: Apdu) -> bytes | str:
    """The PIN block; empty where the book says that verification has failed; status words where it does not begin."""
    key, given = chip.application.pin_key, chip.session.challenge
    assert key is not None
    if not given:
        return NOT_SATISFIED
    if len(command.data) != key.size:
        return WRONG_LENGTH
    try:
        clear = decipher_pin(key, command.data)
    except AuthenticationFailed:
        return b""
    return clear.block if hmac.compare_digest(clear.challenge, given) else b""  # EMV Book 2, 7.2, step 3


def _judged(chip: Chip, form: str, block: bytes) -> str:
    session = chip.session
    if hmac.compare_digest(pin_block_2(chip.pin), block):
        chip.tries, session.pin = chip.profile.pin_tries, "right"
        return _told(chip, form, "right", DONE)
    chip.tries, session.pin = chip.tries - 1, "wrong"
    if chip.tries == 0 and DefaultAction.TRIES_BLOCK in default_action(chip):
        chip.block()
        chip.state.blocked_by_tries = True
    return _told(chip, form, "wrong" if block else "unreadable", f"63C{chip.tries:X}")


def _told(chip: Chip, form: str, result: str, status: str) -> str:
    chip.tell("pin", form=form, result=result, tries_left=chip.tries)
    return status
