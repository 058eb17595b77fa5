"""F60 and F61, down to their parts. facts/unionpay-pos 2.4, 2.5. Parse by the length that is there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class F60:
    """60.1 type, 60.2 batch, 60.3 network management, 60.4 reading capability, 60.5 chip condition."""

    type: str
    batch: str
    management: str = "000"
    capability: str = ""
    condition: str = ""

    def pack(self) -> str:
        return self.type + self.batch + self.management + self.capability + self.condition

    @classmethod
    def parse(cls, digits: str) -> F60:
        return cls(digits[:2], digits[2:8], digits[8:11], digits[11:12], digits[12:13])


@dataclass(frozen=True, slots=True)
class F61:
    """61.1 original batch, 61.2 original trace, 61.3 original date MMDD."""

    batch: str
    trace: str
    date: str = ""

    def pack(self) -> str:
        return self.batch + self.trace + self.date

    @classmethod
    def parse(cls, digits: str) -> F61:
        return cls(digits[:6], digits[6:12], digits[12:16])
