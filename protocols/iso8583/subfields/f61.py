"""F61: which transaction a message speaks of. facts/unionpay-pos 2.5."""

from __future__ import annotations

from typing import NamedTuple

from protocols.iso8583.subfields.part import Part, cut, join

METHODS = {"00": "POS", "01": "phone", "02": "small amount"}
"""61.4: how the original was authorised."""
PARTS = (
    Part("original batch", 6), Part("original trace", 6), Part("original date", 4),
    Part("method of authorisation", 2, METHODS), Part("authorising institution", 11),
)  # fmt: skip


class F61(NamedTuple):
    """Digits of 61.1 original batch (6), 61.2 original trace (6), 61.3 original date MMDD (4), 61.4 original method of
    authorisation (2), 61.5 authorising institution (11). An empty part ends the field.
    """

    batch: str
    trace: str
    date: str = ""
    method: str = ""
    institution: str = ""

    def pack(self) -> str:
        """Raises PackError when a part has not its length, or follows one that is not there."""
        return join(61, PARTS, self)

    @classmethod
    def parse(cls, digits: str) -> F61:
        """Parts that are not there are empty."""
        return cls(*cut(PARTS, digits))
