"""The virtual people of a bench: a cardholder who types PINs, and a supervisor with his password."""

from __future__ import annotations

from protocols.faults import ConfigurationError

ENTRIES = ("right", "wrong")
SUPERVISOR_PASSWORD = "123456"
"""Of the virtual terminal's supervisor; no secret of anybody."""


class VirtualPeople:
    """Stands at the keypad of an in-process terminal. Entries are `right` and `wrong`; the last one stays."""

    def __init__(self) -> None:
        self._pin = ""
        self._entries = ["right"]
        self._supervisor = True

    def knows_pin(self, pin: str) -> None:
        """The PIN of the card in hand."""
        self._pin = pin

    def cardholder_types(self, *entries: str) -> None:
        unknown = [entry for entry in entries if entry not in ENTRIES]
        if unknown or not entries:
            raise ConfigurationError(
                f"a cardholder does not type {', '.join(map(repr, unknown)) or 'nothing'}",
                advice=f"say one or more of: {', '.join(ENTRIES)}",
            )
        self._entries = list(entries)

    def supervisor_present(self, present: bool) -> None:
        self._supervisor = present

    def reset(self) -> None:
        self._entries = ["right"]
        self._supervisor = True

    def enter_pin(self, tries_left: int | None) -> str | None:
        """The keypad's question to the cardholder."""
        entry = self._entries.pop(0) if len(self._entries) > 1 else self._entries[0]
        return self._pin if entry == "right" else _another(self._pin)

    def enter_supervisor_password(self) -> str | None:
        """The keypad's question to the supervisor."""
        return SUPERVISOR_PASSWORD if self._supervisor else None


def _another(pin: str) -> str:
    """A PIN of the same length that is not this one."""
    return "".join(str((int(digit) + 1) % 10) for digit in pin)
