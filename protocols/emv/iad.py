"""Issuer application data of a PBOC card. facts/pcsc-emv 4.2 (JR/T 0025)."""

from __future__ import annotations

from typing import NamedTuple

CVN_01 = 0x01
ALGORITHM_3DES = 0x01


class IssuerApplicationData(NamedTuple):
    """Key index, cryptogram version, card verification results (4 bytes) and algorithm."""

    key_index: int
    version: int
    cvr: bytes
    algorithm: int = ALGORITHM_3DES

    def pack(self) -> bytes:
        """9F10 without issuer discretionary data. Raises ValueError unless the CVR has 4 bytes."""
        if len(self.cvr) != 4:
            raise ValueError(f"a CVR has 4 bytes, not {len(self.cvr)}")
        return bytes([0x07, self.key_index, self.version]) + self.cvr + bytes([self.algorithm])

    @classmethod
    def parse(cls, data: bytes) -> IssuerApplicationData:
        """Raises ValueError when it is too short to hold the CVR."""
        if len(data) < 7 or data[0] < 6:
            raise ValueError("issuer application data is too short")
        return cls(data[1], data[2], data[3:7], data[7] if len(data) > 7 else ALGORITHM_3DES)
