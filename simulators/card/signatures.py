"""INTERNAL AUTHENTICATE: the card proves with its own key that it is no copy. EMV Book 3, 6.5.9; Book 2, 6.5."""

from __future__ import annotations

from protocols.emv import Apdu, build, parse_dol
from protocols.emv.oda import sign_dynamic
from protocols.emv.verification import Aip
from simulators.card import proofs
from simulators.card.core import DONE, NO_INS, NOT_SATISFIED, WRONG_LENGTH, WRONG_P1P2, Answer, Chip, Phase

_NUMBER = b"dynamic number"


def internal_authenticate(chip: Chip, command: Apdu) -> Answer:
    """Format 1. The data are those that the card's list asks for; of a card without one, the terminal's own list's."""
    session = chip.session
    if session.phase < Phase.INITIATED or session.phase is Phase.FINISHED:
        return b"", NOT_SATISFIED
    key = chip.application.card_key
    if key is None or Aip.DDA not in Aip.parse(chip.application.aip):
        return b"", NO_INS
    if (command.p1, command.p2) != (0, 0):
        return b"", WRONG_P1P2
    asked = sum(size for _, size in parse_dol(bytes.fromhex(chip.rules.ddol)))
    if not command.data or (asked and len(command.data) != asked):
        return b"", WRONG_LENGTH
    session.dynamic = True
    over = command.data + b"\0" if chip.effects.wrong_signature else command.data
    signature = sign_dynamic(key, chip.random(_NUMBER), over)
    session.proof = proofs.dynamic(chip.shown_key or key.public, command.data)
    return build([("80", signature)]), DONE
