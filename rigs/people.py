"""The virtual people of a bench: a cardholder who types PINs, an operator who types card numbers, a supervisor."""

from __future__ import annotations

from protocols.faults import ConfigurationError

ENTRIES = ("right", "wrong")
SUPERVISOR_PASSWORD = "123456"
"""Of the virtual terminal's supervisor; no secret of anybody."""


class VirtualPeople:
    """Stands at the keypad of an in-process terminal. Entries are `right` and `wrong`; the last one stays."""

    def __init__(self) -> None:
        self._pin = self._pan = self._expiry = ""
        self.reset()

    def has_card(self, pan: str, expiry: str, pin: str) -> None:
        """The card in hand: what stands on it (its expiry as YYMM), and its PIN."""
        self._pan, self._expiry, self._pin = pan, expiry, pin

    def cardholder_types(self, *entries: str) -> None:
        unknown = [entry for entry in entries if entry not in ENTRIES]
        if unknown or not entries:
            raise ConfigurationError(
                f"a cardholder does not type {', '.join(map(repr, unknown)) or 'nothing'}",
                advice=f"say one or more of: {', '.join(ENTRIES)}",
            )
        self._entries = list(entries)

    def operator_types(self, entry: str) -> None:
        if entry not in ENTRIES:
            raise ConfigurationError(f"an operator does not type {entry!r}", advice=f"say {' or '.join(ENTRIES)}")
        self._number = entry

    def supervisor_present(self, present: bool) -> None:
        self._supervisor = present

    def reset(self) -> None:
        self._entries = ["right"]
        self._number = "right"
        self._supervisor = True

    def enter_pin(self, tries_left: int | None) -> str | None:
        """The keypad's question to the cardholder."""
        entry = self._entries.pop(0) if len(self._entries) > 1 else self._entries[0]
        return self._pin if entry == "right" else _another(self._pin)

    def enter_card(self) -> tuple[str, str] | None:
        """The keypad's question to the operator: number and expiry (YYMM) of the card. None without a card."""
        if not self._pan:
            return None
        return self._pan if self._number == "right" else _mistyped(self._pan), self._expiry

    def enter_supervisor_password(self) -> str | None:
        """The keypad's question to the supervisor."""
        return SUPERVISOR_PASSWORD if self._supervisor else None


def _another(pin: str) -> str:
    """A PIN of the same length that is not this one."""
    return "".join(str((int(digit) + 1) % 10) for digit in pin)


def _mistyped(pan: str) -> str:
    """A number whose check digit is wrong."""
    return pan[:-1] + _another(pan[-1])
