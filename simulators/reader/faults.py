"""How a reader twin misbehaves. Both twins obey alike: the logic is the slot's, `slot.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class ReaderFaults:
    """Faults of one reader, all of its slots alike; may be changed at any time, and are off to begin with.

    `silent`: nothing is passed to a card, and no command is answered. `delay_s`: so late comes each answer to a
    command. `garble`: what becomes of each answer. `atr`: given in place of the card's own; empty is a card that is
    mute to its reset. `missed_insertions`, `missed_removals`: so many coming movements go unnoticed. `drop_out_at`: the
    reader is gone by itself at the n-th command from now, which no card sees. `hide_serial`: it no longer tells its
    number.
    """

    silent: bool = False
    delay_s: float = 0.0
    garble: Callable[[bytes], bytes] | None = None
    atr: bytes | None = None
    missed_insertions: int = 0
    missed_removals: int = 0
    drop_out_at: int | None = None
    hide_serial: bool = False

    def drops_out(self) -> bool:
        """Counts one command; whether it is the one at which the reader is gone."""
        if self.drop_out_at is None:
            return False
        self.drop_out_at -= 1
        if self.drop_out_at > 0:
            return False
        self.drop_out_at = None
        return True

    def misses_insertion(self) -> bool:
        """Counts one insertion; whether it goes unnoticed."""
        missed = self.missed_insertions > 0
        self.missed_insertions -= missed
        return missed

    def misses_removal(self) -> bool:
        """Counts one removal; whether it goes unnoticed."""
        missed = self.missed_removals > 0
        self.missed_removals -= missed
        return missed
