"""Issuer application data and the card verification results in it. facts/pcsc-emv 4.2 (JR/T 0025)."""

from __future__ import annotations

from typing import NamedTuple

from protocols.emv.bits import Bits

CVN_01, CVN_18 = 0x01, 0x12
ALGORITHM_3DES = 0x01
LONGEST = 32
"""Bytes of 9F10. EMV Book 3, Annex A"""
_WITHOUT_ALGORITHM = frozenset({CVN_18})
"""Versions whose data ends with the CVR; PBOC's names its algorithm, too."""


class IssuerApplicationData(NamedTuple):
    """Key index, cryptogram version, card verification results (4 bytes), algorithm, and the issuer's own data."""

    key_index: int
    version: int
    cvr: bytes
    algorithm: int = ALGORITHM_3DES
    idd: bytes = b""

    def pack(self) -> bytes:
        """9F10. Raises ValueError unless the CVR has 4 bytes and all of it goes into 32."""
        if len(self.cvr) != 4:
            raise ValueError(f"a CVR has 4 bytes, not {len(self.cvr)}")
        algorithm = b"" if self.version in _WITHOUT_ALGORITHM else bytes([self.algorithm])
        own = bytes([self.key_index, self.version]) + self.cvr + algorithm
        packed = bytes([len(own)]) + own + (bytes([len(self.idd)]) + self.idd if self.idd else b"")
        if len(packed) > LONGEST:
            raise ValueError(f"issuer application data of {len(packed)} bytes is more than {LONGEST}")
        return packed

    @classmethod
    def parse(cls, data: bytes) -> IssuerApplicationData:
        """Raises ValueError when it is too short to hold the CVR."""
        if len(data) < 7 or data[0] < 6:
            raise ValueError("issuer application data is too short")
        end = 1 + data[0]
        algorithm = data[7] if min(end, len(data)) > 7 else ALGORITHM_3DES
        return cls(data[1], data[2], data[3:7], algorithm, data[end + 1 :])


class Cvr(Bits):
    """Card verification results of a PBOC card, as they stand in VIS 1.4, from which JR/T 0025 took them: likely.

    The first byte is the length of the others. Which cryptogram was given are numbers, not bits: `first` and `second`.
    """

    ISSUER_AUTHENTICATION_FAILED = 0x08_00_00, "issuer authentication performed and failed"
    OFFLINE_PIN_PERFORMED = 0x04_00_00, "offline PIN verification performed"
    OFFLINE_PIN_FAILED = 0x02_00_00, "offline PIN verification failed"
    UNABLE_ONLINE = 0x01_00_00, "unable to go online"
    LAST_ONLINE_INCOMPLETE = 0x80_00, "last online transaction not completed"
    PIN_TRIES_EXCEEDED = 0x40_00, "PIN Try Limit exceeded"
    VELOCITY_EXCEEDED = 0x20_00, "exceeded velocity checking counters"
    NEW_CARD = 0x10_00, "new card"
    LAST_ISSUER_AUTHENTICATION_FAILED = 0x08_00, "issuer authentication failure on last online transaction"
    ISSUER_AUTHENTICATION_MISSING = 0x04_00, "issuer authentication not performed after online authorisation"
    BLOCKED_BY_PIN_TRIES = 0x02_00, "application blocked by card because PIN Try Limit exceeded"
    SDA_FAILED_LAST = 0x01_00, "offline SDA failed on last transaction"
    SCRIPT_FAILED_LAST = 0x08, "issuer script processing failed on last transaction"
    DDA_FAILED_LAST = 0x04, "offline DDA failed on last transaction"
    DDA_PERFORMED = 0x02, "offline DDA performed"

    @classmethod
    def size(cls) -> int:
        return 4

    @classmethod
    def of(cls, first: str, second: str | None = None) -> Cvr:
        """With length and cryptograms; of the second None is "not requested"."""
        return cls(_LENGTH | GIVEN.index(first) << _FIRST_AT | (_SECOND.index(second) << _SECOND_AT))

    @property
    def first(self) -> str:
        """The cryptogram given to the first GENERATE AC."""
        return GIVEN[int(self) >> _FIRST_AT & 0b11]

    @property
    def second(self) -> str | None:
        """The cryptogram given to the second GENERATE AC; None when there was none."""
        return _SECOND[int(self) >> _SECOND_AT & 0b11]

    @property
    def scripts(self) -> int:
        """Script commands of the last transaction that came with a right MAC after the second GENERATE AC."""
        return int(self) >> _SCRIPTS_AT & _MOST_SCRIPTS

    def with_scripts(self, count: int) -> Cvr:
        """The count stops at 15."""
        return Cvr(int(self) & ~(_MOST_SCRIPTS << _SCRIPTS_AT) | min(count, _MOST_SCRIPTS) << _SCRIPTS_AT)

    def words(self) -> tuple[str, ...]:
        """The cryptograms and the bits; the length byte is none of them."""
        second = f"{self.second} in the second GENERATE AC" if self.second else "second GENERATE AC not requested"
        scripts = (f"{self.scripts} script commands on last transaction",) if self.scripts else ()
        flags = tuple(bit.label for bit in Cvr if bit in self)
        return (f"{self.first} in the first GENERATE AC", second, *flags, *scripts)


GIVEN = ("AAC", "TC", "ARQC", "RFU")
"""b6 and b5 of the second byte."""
_SECOND = ("AAC", "TC", None, "RFU")
"""b8 and b7 of the second byte."""
_LENGTH, _FIRST_AT, _SECOND_AT, _SCRIPTS_AT, _MOST_SCRIPTS = 0x03_00_00_00, 20, 22, 4, 0x0F
