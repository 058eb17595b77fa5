"""What any receipt printer says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Paper(StrEnum):
    """State of the roll. A printer that does not answer is `UNKNOWN`, never fine."""

    PRESENT = "present"
    NEAR_END = "near end"
    OUT = "out"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """Asked of the device now; `online` is None when it did not say."""

    paper: Paper
    online: bool | None
