"""The card's own log of its transactions. EMV Book 3, Annex D4; facts/pcsc-emv 4.2: SFI 11, 10 records."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.emv import fill_dol
from simulators.card.core import Chip

LOG_FILE, LOG_LENGTH = 11, 10


def keep(chip: Chip, values: Mapping[str, bytes]) -> None:
    """One approved transaction, by the card's log format (9F4F); the oldest goes. EMV Book 3, Annex D4"""
    if not chip.rules.log:
        return
    entry = fill_dol(bytes.fromhex(chip.rules.log_format), {**values, "9F36": chip.atc})
    chip.state.log = [entry.hex().upper(), *chip.state.log][:LOG_LENGTH]
