"""GET PROCESSING OPTIONS: a transaction begins. EMV Book 3, 6.5.8 and 10.1."""

from __future__ import annotations

from protocols.emv import Apdu, TlvError, build, parse, split_dol
from simulators.card import risk
from simulators.card.core import DONE, NOT_SATISFIED, WRONG_LENGTH, WRONG_P1P2, Answer, Chip, Phase

COMMAND_TEMPLATE = "83"
LAST_ATC = 0xFFFF


def initiate(chip: Chip, command: Apdu) -> Answer:
    """The counter rises here and nowhere else. AIP and AFL, format 1. A card whose counter is used up starts nothing.

    A blocked application goes on: it has told so at its selection, and gives nothing but an AAC. EMV Book 3, 6.5.1
    """
    session = chip.session
    if session.phase is not Phase.SELECTED:
        return b"", NOT_SATISFIED
    if (command.p1, command.p2) != (0, 0):
        return b"", WRONG_P1P2
    data = _list(command.data)
    if data is None:
        return b"", WRONG_LENGTH
    session.options = split_dol(bytes.fromhex(chip.rules.pdol), data)
    if chip.state.atc + chip.effects.counter_step > LAST_ATC:
        return b"", NOT_SATISFIED
    chip.state.atc += chip.effects.counter_step
    session.options_data, session.phase = data, Phase.INITIATED
    session.history, session.history_scripts = risk.history(chip), chip.state.scripts
    session.key = chip.card_key.session(chip.atc)
    return build([("80", chip.application.aip + chip.application.afl)]), DONE


def _list(data: bytes) -> bytes | None:
    """What stands in the command template; None when that is not alone."""
    try:
        nodes = parse(data)
    except TlvError:
        return None
    alone = len(nodes) == 1 and nodes[0].tag == COMMAND_TEMPLATE and data[:1] == bytes.fromhex(COMMAND_TEMPLATE)
    return nodes[0].value if alone and nodes[0].offset + len(nodes[0].value) == len(data) else None
