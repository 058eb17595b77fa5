"""The issuer's answer, by EXTERNAL AUTHENTICATE or in the second GENERATE AC. EMV Book 3, 6.5.4, 10.9; Book 2, 8.2."""

from __future__ import annotations

from protocols.emv import Apdu
from protocols.emv.csu import Csu
from protocols.emv.iad import CVN_18
from simulators.card.core import (
    DONE,
    NOT_AUTHENTIC,
    NOT_SATISFIED,
    WRONG_LENGTH,
    WRONG_P1P2,
    Answer,
    Chip,
    Phase,
)

SHORTEST, LONGEST = 8, 16
"""Of issuer authentication data, tag 91. EMV Book 3, 6.5.4.3"""
_CSU = slice(4, 8)
"""Method 2: four bytes of ARPC, then the card status update. EMV Book 2, 8.2.2"""


def external_authenticate(chip: Chip, command: Apdu) -> Answer:
    """Once a transaction, between an ARQC and the second cryptogram."""
    session = chip.session
    asked = chip.rules.issuer_authentication == "external authenticate" if session.application else False
    if session.phase is not Phase.REQUESTED or session.issuer or not asked:
        return b"", NOT_SATISFIED
    if (command.p1, command.p2) != (0, 0):
        return b"", WRONG_P1P2
    if not SHORTEST <= len(command.data) <= LONGEST:
        return b"", WRONG_LENGTH
    return b"", DONE if look_at(chip, command.data) == "right" else NOT_AUTHENTIC


def look_at(chip: Chip, authentication: bytes) -> str:
    """What the issuer says, and whether it is he. Nothing but zeros is what a terminal gives that has nothing."""
    session = chip.session
    if not any(authentication):
        chip.tell("issuer authentication", result="absent")
        return "absent"
    assert session.key is not None
    authentication = _its_own(chip, authentication)
    right = not chip.effects.refuse_issuer and chip.version.check_response(
        session.key, session.cryptogram, authentication
    )
    session.issuer = "right" if right else "wrong"
    chip.tell("issuer authentication", result=session.issuer)
    if right and chip.version.number == CVN_18:
        _obey(chip, Csu.parse(authentication[_CSU]))
    return session.issuer


def _its_own(chip: Chip, authentication: bytes) -> bytes:
    """Without the filling of a list that asks for more: proprietary data are there when the status update says so.

    EMV Book 3, Annex C10
    """
    status = authentication[_CSU]
    method_2 = chip.version.number == CVN_18 and len(status) == Csu.size()
    return authentication[:SHORTEST] if method_2 and Csu.PROPRIETARY_DATA not in Csu.parse(status) else authentication


def _obey(chip: Chip, csu: Csu) -> None:
    """What the issuer orders with his answer. EMV Book 3, Annex C10"""
    session, state = chip.session, chip.state
    session.csu = csu
    if Csu.CARD_BLOCK in csu:
        state.card_blocked = True
    if Csu.APPLICATION_BLOCK in csu:
        chip.block()
    if Csu.UPDATE_PIN_TRIES in csu:
        chip.tries = csu.pin_tries
