"""What the tests of the reader twins share: a card that echoes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

ATR = bytes.fromhex("3B6800000073C84013009000")
ECHO = bytes.fromhex("00B2010C00")


@dataclass(eq=False)
class EchoCard:
    """Answers each command with itself and 9000. `during` runs once while the card works, `mute` keeps it silent."""

    name: str = "card"
    atr: bytes = ATR
    uid: bytes = b""
    mute: bool = False
    during: Callable[[], object] | None = None
    seen: list[bytes] = field(default_factory=list)

    def power_on(self) -> bytes:
        return self.atr

    def transmit(self, raw: bytes) -> bytes | None:
        self.seen.append(raw)
        during, self.during = self.during, None
        if during is not None:
            during()
        return None if self.mute else raw + b"\x90\x00"
