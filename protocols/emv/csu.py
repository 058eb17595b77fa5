"""Card status update: what the issuer has the card do with its counters and blocks, in an ARPC of method 2.

EMV Book 3, Annex C10.
"""

from __future__ import annotations

from protocols.emv.bits import Bits


class Csu(Bits):
    """Bytes 5 to 8 of issuer authentication data. EMV Book 3, Annex C10, tables 50 to 52"""

    PROPRIETARY_DATA = 0x80_00_00_00, "proprietary authentication data included"
    APPROVED = 0x00_80_00_00, "issuer approves online transaction"
    CARD_BLOCK = 0x00_40_00_00, "card block"
    APPLICATION_BLOCK = 0x00_20_00_00, "application block"
    UPDATE_PIN_TRIES = 0x00_10_00_00, "update PIN try counter"
    GO_ONLINE_NEXT = 0x00_08_00_00, "set go online on next transaction"
    BY_PROXY = 0x00_04_00_00, "CSU created by proxy for the issuer"
    COUNTERS_TO_ZERO = 0x00_02_00_00, "reset velocity checking counters to zero"
    COUNTERS_TO_UPPER = 0x00_01_00_00, "set velocity checking counters to upper offline limits"

    @classmethod
    def size(cls) -> int:
        return 4

    @property
    def pin_tries(self) -> int:
        """The PIN try counter to be set, if that is asked for."""
        return int(self) >> 24 & 0x0F

    def with_pin_tries(self, tries: int) -> Csu:
        """Asks the card to set its PIN try counter."""
        return (self & ~Csu(0x0F_00_00_00)) | Csu(tries << 24) | Csu.UPDATE_PIN_TRIES


NOTHING = Csu(0)
"""The card is to change nothing."""
