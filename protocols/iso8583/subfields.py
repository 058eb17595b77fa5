"""F60 and F61, down to their parts. facts/unionpay-pos 2.4, 2.5. Parse by the length that is there."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583.errors import PackError


@dataclass(frozen=True, slots=True)
class F60:
    """Digits of 60.1 type (2), 60.2 batch (6), 60.3 network management (3), 60.4 reading capability (1), 60.5 chip
    condition (1), 60.6 partial amounts (1), 60.7 account type (3). An empty part ends the field.
    """

    type: str
    batch: str
    management: str = "000"
    capability: str = ""
    condition: str = ""
    partial: str = ""
    account: str = ""

    def pack(self) -> str:
        """Raises PackError when a part has not its length, or follows one that is not there."""
        return _join("60", [
            (self.type, 2), (self.batch, 6), (self.management, 3), (self.capability, 1), (self.condition, 1),
            (self.partial, 1), (self.account, 3),
        ])  # fmt: skip

    @classmethod
    def parse(cls, digits: str) -> F60:
        """Parts that are not there are empty."""
        return cls(digits[:2], digits[2:8], digits[8:11], digits[11:12], digits[12:13], digits[13:14], digits[14:17])


@dataclass(frozen=True, slots=True)
class F61:
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
        return _join("61", [
            (self.batch, 6), (self.trace, 6), (self.date, 4), (self.method, 2), (self.institution, 11),
        ])  # fmt: skip

    @classmethod
    def parse(cls, digits: str) -> F61:
        """Parts that are not there are empty."""
        return cls(digits[:6], digits[6:12], digits[12:16], digits[16:18], digits[18:29])


def _join(field: str, parts: list[tuple[str, int]]) -> str:
    packed, ended = "", False
    for number, (part, width) in enumerate(parts, start=1):
        path = (f"F{field}", f"{field}.{number}")
        if part and ended:
            raise PackError(path, "it follows a part that is not there")
        if part and len(part) != width:
            raise PackError(path, f"{len(part)} digits instead of {width}")
        packed, ended = packed + part, not part
    return packed
