"""READ RECORD and UPDATE RECORD: directory, application data, and the log. EMV Book 3, 6.5.11."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.emv import Apdu
from simulators.card.core import DONE, NO_RECORD, NOT_FOUND, NOT_SATISFIED, WRONG_P1P2, Answer, Chip, Phase
from simulators.card.layout import RecordKey
from simulators.card.log import LOG_FILE

THIS_NUMBER = 0x04
"""P2: the record whose number is in P1, of the file in the upper five bits."""


def read(chip: Chip, command: Apdu) -> Answer:
    """The directory once it is selected, the log once an application is, all else after processing options."""
    if command.p2 & 0x07 != THIS_NUMBER:
        return b"", WRONG_P1P2
    file, phase = command.p2 >> 3, chip.session.phase
    if phase is Phase.DIRECTORY and chip.personal.pse is not None:
        return _of(chip.personal.pse.records, file, command.p1)
    if phase >= Phase.SELECTED and file == LOG_FILE and chip.rules.log:
        return _entry(chip, command.p1)
    if phase < Phase.INITIATED:
        return b"", NOT_SATISFIED
    content = chip.record(file, command.p1)
    return (content, DONE) if content else (b"", _missing(chip.application.records, file))


def _of(records: Mapping[RecordKey, bytes], file: int, number: int) -> Answer:
    record = records.get((file, number))
    return (record, DONE) if record else (b"", _missing(records, file))


def _missing(records: Mapping[RecordKey, bytes], file: int) -> str:
    """The file is there without that record, or is not there. EMV Book 3, 6.5.11.5; ISO 7816-4, 5.6"""
    return NO_RECORD if any(other == file for other, _ in records) else NOT_FOUND


def _entry(chip: Chip, number: int) -> Answer:
    """EMV Book 3, Annex D4: record 1 is the newest."""
    log = chip.state.log
    return (bytes.fromhex(log[number - 1]), DONE) if 1 <= number <= len(log) else (b"", NO_RECORD)


def update(chip: Chip, command: Apdu) -> Answer:
    """A script's new content of a record that is there; signed data that it changes is not signed anew."""
    file = command.p2 >> 3
    if command.p2 & 0x07 != THIS_NUMBER:
        return b"", WRONG_P1P2
    if file == LOG_FILE:  # its own to write
        return b"", NOT_SATISFIED
    if chip.record(file, command.p1) is None:
        return b"", _missing(chip.application.records, file)
    chip.write_record(file, command.p1, command.data)
    return b"", DONE
