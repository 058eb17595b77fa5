"""GET DATA and PUT DATA: what is not in records. EMV Book 3, 6.5.7."""

from __future__ import annotations

from protocols.emv import Apdu, build
from simulators.card.core import DONE, NO_DATA, NOT_SATISFIED, WRONG_LENGTH, Answer, Chip, Phase

COUNTER, LAST_ONLINE, TRIES = "9F36", "9F13", "9F17"
LOWER_LIMIT, UPPER_LIMIT = "9F14", "9F23"
READ_ONLY = ("9F36", "9F13", "9F17", "9F4F")
"""What the card alone writes. EMV Book 3, Annex A1, likely for 9F4F"""


def get(chip: Chip, command: Apdu) -> Answer:
    """Its counters as they stand, and what was personalised or written since."""
    if chip.session.phase < Phase.SELECTED:
        return b"", NOT_SATISFIED
    tag = f"{command.p1:02X}{command.p2:02X}".removeprefix("00")
    value = _value(chip, tag)
    return (build([(tag, value)]), DONE) if value is not None else (b"", NO_DATA)


def put(chip: Chip, command: Apdu) -> Answer:
    """A script's new value of an object that the card has, in the length that it has."""
    tag = f"{command.p1:02X}{command.p2:02X}".removeprefix("00")
    present = None if tag in READ_ONLY else _value(chip, tag)
    if present is None:
        return b"", NO_DATA
    if len(present) != len(command.data):
        return b"", WRONG_LENGTH
    chip.state.data[tag] = command.data.hex().upper()
    return b"", DONE


def limit(chip: Chip, tag: str) -> int | None:
    """9F14 or 9F23 as they stand; None: the card has none."""
    value = _value(chip, tag)
    return None if value is None else int.from_bytes(value, "big")


def _value(chip: Chip, tag: str) -> bytes | None:
    if tag == COUNTER:
        return chip.atc
    if tag == LAST_ONLINE:
        return chip.state.last_online_atc.to_bytes(2, "big")
    if tag == TRIES:
        return bytes([chip.tries])
    written = chip.state.data.get(tag)
    if written is not None:
        return bytes.fromhex(written)
    return chip.application.data.get(tag, _limits(chip).get(tag))


def _limits(chip: Chip) -> dict[str, bytes]:
    """The card counts by its own copies of what its records say."""
    limits = {LOWER_LIMIT: chip.rules.lower_limit, UPPER_LIMIT: chip.rules.upper_limit}
    return {tag: bytes([value]) for tag, value in limits.items() if value is not None}
