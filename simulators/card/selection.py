"""SELECT: the directory or an application, by name. EMV Book 1, 11.3 and 12.2."""

from __future__ import annotations

from protocols.emv import Apdu
from simulators.card.core import (
    DONE,
    NOT_FOUND,
    NOT_SUPPORTED,
    WARNED_BLOCKED,
    WRONG_P1P2,
    Answer,
    Chip,
    Phase,
    Session,
)
from simulators.card.directory import PSE

BY_NAME, FIRST, NEXT = 0x04, 0x00, 0x02
SHORTEST_NAME = 5
"""The RID: EMV Book 1, 12.2.1"""


def select(chip: Chip, command: Apdu) -> Answer:
    """By name; a beginning of a name will do, and the next occurrence follows the one found before. A name that is not
    here leaves nothing selected."""
    if command.p1 != BY_NAME or command.p2 not in (FIRST, NEXT):
        return b"", WRONG_P1P2
    before, chip.session = chip.session, Session()
    if chip.state.card_blocked:  # EMV Book 3, 6.5.3
        return b"", NOT_SUPPORTED
    if command.data == PSE and command.p2 == FIRST:
        return _directory(chip)
    return _application(chip, command, before)


def _directory(chip: Chip) -> Answer:
    if chip.personal.pse is None:
        return b"", NOT_FOUND
    chip.session = Session(Phase.DIRECTORY, name=PSE.decode())
    return chip.personal.pse.fci, WARNED_BLOCKED if chip.personal.pse.blocked else DONE


def _application(chip: Chip, command: Apdu, before: Session) -> Answer:
    """EMV Book 1, 12.3.1: the next occurrence is the next of those that share the name, from the last one found on."""
    after = before.found if command.p2 == NEXT and command.data == before.searched else -1
    if command.p2 == NEXT and after < 0:
        return b"", NOT_FOUND
    for at, application in enumerate(chip.personal.applications):
        if at > after and len(command.data) >= SHORTEST_NAME and application.aid.startswith(command.data):
            chip.session = Session(
                Phase.SELECTED, application, application.aid.hex().upper(), command.data, at, tries_at_start=chip.tries
            )
            return application.fci, WARNED_BLOCKED if chip.blocked else DONE
    return b"", NOT_FOUND
