"""Steps of a session with a reader: what people, the system and the driver do. A session is a list of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done. `trap` is what happens while the card works on the command of a `transmit`."""

    do: str
    card: int = -1
    size: int = 0
    trap: str = ""
    present: bool = True
    deadline_s: float = 0.0
    revives: bool = True

    def __str__(self) -> str:
        words = [self.do]
        if self.card >= 0:
            words.append(f"card {self.card}")
        if self.do == "transmit":
            words.append(f"{self.size} bytes")
        if self.do == "wait":
            words.append("for a card" if self.present else "for none")
        if self.trap:
            words.append(f"({self.trap})")
        if self.deadline_s:
            words.append(f"{self.deadline_s:g} s")
        if not self.revives:
            words.append("alone")
        return " ".join(words)
