"""How good a reader has to be: the limits that a rig file sets, and that the judge holds its readings to.

Where they come from: a contact card at the usual 372 clocks a bit and 4 MHz needs 12 bits, 1.1 ms, for each byte
(ISO 7816-3, 8.1 and 10); PC/SC sets no time for a movement to be seen, so that figure is the lab's.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ReaderLimits(BaseModel):
    """Milliseconds, of the real clock: no market's time scale touches them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    added_ms: float = Field(150.0, gt=0, description="what a reader may add to a command, whatever its length")
    per_byte_ms: float = Field(1.2, ge=0, description="and for each byte of command and answer")
    seen_ms: float = Field(1000.0, gt=0, description="after what time a card's coming or going must have been seen")

    def for_bytes(self, count: int) -> float:
        """The most, in ms, that a reader may add to an exchange of so many bytes."""
        return self.added_ms + self.per_byte_ms * count


USUAL_READER = ReaderLimits.model_validate({})
"""What a rig file that says nothing demands."""
