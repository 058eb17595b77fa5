"""The virtual people of a bench: a cardholder at PIN pad and display, an operator and a supervisor at the keys.

They follow what displays ask them for; a scenario says beforehand who does otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from protocols.faults import ConfigurationError
from protocols.pinpad import PinEnd
from simulators.pinpad import Typed

RIGHT, WRONG = "right", "wrong"
ENTRIES = (RIGHT, WRONG)
KEYS = {"bypass": PinEnd.BYPASSED, "cancel": PinEnd.CANCELLED, "nothing": PinEnd.TIMED_OUT}
"""What a cardholder may do at a PIN pad in place of a PIN."""
PIN_ENTRIES = (*ENTRIES, *KEYS)
CANCEL = "cancel"
SUPERVISOR_PASSWORD = "123456"
"""Of the virtual terminal's supervisor; no secret of anybody."""


class VirtualPeople:
    """Stands at the keys of an in-process terminal and its PIN pad. Of several entries the last one stays."""

    def __init__(self) -> None:
        self._pin = self._pan = self._expiry = ""
        self.reset()

    def has_card(self, pan: str, expiry: str, pin: str) -> None:
        """The card in hand: what stands on it (its expiry as YYMM), and its PIN."""
        self._pan, self._expiry, self._pin = pan, expiry, pin

    @property
    def card_number(self) -> str:
        """Of the card in hand; empty without one."""
        return self._pan

    # ── what a scenario says of them ──────────────────────────────────────────────────────────────────────────

    def cardholder_types(self, *entries: str) -> None:
        self._entries = _said("a cardholder does not type", entries, PIN_ENTRIES)

    def cardholder_chooses(self, *choices: str) -> None:
        wrong = [choice for choice in choices if choice != CANCEL and not (choice.isdecimal() and int(choice))]
        if wrong or not choices:
            raise ConfigurationError(
                f"a cardholder does not choose {', '.join(map(repr, wrong)) or 'nothing'}",
                advice=f"say numbers from 1 on, or {CANCEL}",
            )
        self._choices = list(choices)

    def cardholder_confirms(self, confirms: bool) -> None:
        self._confirms = confirms

    def operator_types(self, entry: str) -> None:
        [self._number] = _said("an operator does not type", [entry], ENTRIES)

    def operator_cancels(self) -> None:
        self._cancels = True

    def supervisor_present(self, present: bool) -> None:
        self._supervisor = present

    def reset(self) -> None:
        self._entries, self._choices = [RIGHT], ["1"]
        self._number = RIGHT
        self._confirms = self._supervisor = True
        self._cancels = False

    # ── at the PIN pad ────────────────────────────────────────────────────────────────────────────────────────

    def type_pin(self) -> Typed:
        """What the cardholder does when the pad asks him."""
        entry = _next(self._entries)
        if entry in KEYS:
            return Typed(end=KEYS[entry])
        return Typed(self._pin if entry == RIGHT else _another(self._pin))

    # ── at the displays and keys of the terminal ──────────────────────────────────────────────────────────────

    def choose(self, labels: Sequence[str]) -> int | None:
        """Which application, counted from 0. Raises ConfigurationError for one that was not offered."""
        choice = _next(self._choices)
        if choice == CANCEL:
            return None
        if int(choice) > len(labels):
            raise ConfigurationError(
                f"the cardholder cannot choose application {choice}", advice=f"offered were: {', '.join(labels)}"
            )
        return int(choice) - 1

    def confirm(self, label: str) -> bool:
        return self._confirms

    def document_matches(self, kind: str, number: str) -> bool:
        """The virtual cardholder has the document that his card speaks of."""
        return True

    def enter_card(self) -> tuple[str, str] | None:
        """The keypad's question to the operator: number and expiry (YYMM) of the card. None without a card."""
        if not self._pan:
            return None
        return self._pan if self._number == RIGHT else _mistyped(self._pan), self._expiry

    def cancel_pressed(self) -> bool:
        """Whether the operator presses cancel while the terminal waits for a card."""
        return self._cancels

    def enter_supervisor_password(self) -> str | None:
        """The keypad's question to the supervisor."""
        return SUPERVISOR_PASSWORD if self._supervisor else None


def _said(nobody: str, entries: Sequence[str], known: Sequence[str]) -> list[str]:
    unknown = [entry for entry in entries if entry not in known]
    if unknown or not entries:
        near = difflib.get_close_matches(unknown[0], known, n=1) if unknown else []
        raise ConfigurationError(
            f"{nobody} {', '.join(map(repr, unknown)) or 'nothing'}",
            advice=f"did you mean {near[0]}?" if near else f"say one or more of: {', '.join(known)}",
        )
    return list(entries)


def _next(entries: list[str]) -> str:
    return entries.pop(0) if len(entries) > 1 else entries[0]


def _another(pin: str) -> str:
    """A PIN of the same length that is not this one."""
    return "".join(str((int(digit) + 1) % 10) for digit in pin)


def _mistyped(pan: str) -> str:
    """A number whose check digit is wrong."""
    return pan[:-1] + _another(pan[-1])
