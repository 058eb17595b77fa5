"""Seeded defects of a reader under test: one named switch each, and the criterion that must catch it. Design 8.

A defect is a fault of the twin (`faults.py`) that comes back in every case: `arm` is called before each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from protocols.defects import Defect
from simulators.reader.faults import ReaderFaults

COMPONENT = "reader"
SHORTEST_WITH_DATA = 8
"""Bytes of an answer that is worth cutting: some data, and the status words."""
DROPS_OUT_AT = 6
LATE_S = 0.4


def _cut(answer: bytes) -> bytes:
    """The last byte of the data is lost on the way."""
    return answer[:-3] + answer[-2:] if len(answer) >= SHORTEST_WITH_DATA else answer


_SWITCHES: dict[str, Callable[[ReaderFaults], None]] = {
    "reader-drops-out": lambda faults: setattr(faults, "drop_out_at", DROPS_OUT_AT),
    "reader-cuts-answers": lambda faults: setattr(faults, "garble", _cut),
    "reader-slow": lambda faults: setattr(faults, "delay_s", LATE_S),
    "reader-forgets-serial": lambda faults: setattr(faults, "hide_serial", True),
    "reader-misses-removal": lambda faults: setattr(faults, "missed_removals", 1),
}

DEFECTS: dict[str, Defect] = {
    defect.name: replace(defect, component=COMPONENT)
    for defect in (
        Defect("reader-drops-out", "the reader is gone in the middle of a transaction", "reader.stays", (1,)),
        Defect("reader-cuts-answers", "answers of the card lose their last byte", "reader.passes-on", (1,)),
        Defect("reader-slow", "every command takes the reader far too long", "reader.in-time", (1,)),
        Defect(
            "reader-forgets-serial",
            "after a while the reader no longer tells its serial number",
            "reader.same-identity",
            (1,),
        ),
        Defect("reader-misses-removal", "a card that is taken out is still reported", "reader.sees-removal", (1,)),
    )
}


class ReaderDefects:
    """The defects of one reader twin, out of the names of a whole rig. Until it is armed the reader is a good one."""

    def __init__(self, names: Iterable[str], faults: ReaderFaults) -> None:
        self._switches = [_SWITCHES[name] for name in sorted(names) if name in _SWITCHES]
        self._faults = faults

    def arm(self) -> None:
        """Before a case: whatever the last one used up is there again."""
        for switch in self._switches:
            switch(self._faults)
