"""A PIN pad: its master key is injected, its PIN key comes wrapped, and a PIN leaves it in a block or in a VERIFY.

What a cardholder types is nowhere but in the local names of one call: no attribute, event, error or representation of
the pad holds it, and nothing that it gives back.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.crypto import check_value
from protocols.emv.rsa import RsaPublic
from protocols.events import Channel, Emit, Event, discard
from protocols.iso8583 import WorkingKeys
from protocols.iso8583.pin import PinFormat, PinKey, pin_block
from protocols.pinpad import PinEnd, PinEntry, TerminalKeys
from simulators.pinpad.hands import Hands, Typed
from simulators.pinpad.offline import verify_enciphered, verify_plain

SHORTEST_PIN, LONGEST_PIN = 4, 12  # ISO 9564-1, 8.1; EMV Book 3, 6.5.12.2
ATTEMPTS = 3
"""Entries that the pad's keys do not take, such as three digits, before its time is over."""


class PinPad:
    """See the module. `hands` are whose keys are pressed; `broken` is a pad that shows nothing and takes nothing."""

    def __init__(
        self, *, test_master_key: bytes, hands: Hands, pin_format: PinFormat = PinFormat.WITH_PAN,
        emit: Emit = discard, defects: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self.broken = False
        self._hands = hands
        self._format = pin_format
        self._emit = emit
        self._defects = defects
        self._pin_key: PinKey | None = None
        self._check = b""
        self.inject(test_master_key)

    def __repr__(self) -> str:
        return f"PinPad({'broken' if self.broken else 'working'}, {'keyed' if self._pin_key else 'no PIN key'})"

    # ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────

    def inject(self, test_master_key: bytes) -> None:
        """Another master key, as in a key loading room: what was under the one before is gone."""
        self._master = test_master_key
        self.forget_keys()

    def load_keys(self, wrapped: bytes) -> TerminalKeys:
        """The working keys of a sign-on (F62): the PIN key stays here. facts/unionpay-pos 2.6, 4.4

        Raises KeyCheckError for one whose check value is wrong, and keeps none then.
        """
        self.forget_keys()
        keys = WorkingKeys.unwrap(self._master, wrapped)
        self._pin_key, self._check = PinKey(keys.pin), check_value(keys.pin)
        return TerminalKeys(keys.mac, keys.track, len(keys.pin))

    def forget_keys(self) -> None:
        """Without a PIN key there is no online PIN."""
        self._pin_key, self._check = None, b""

    @property
    def key_check(self) -> str:
        """The check value of the PIN key in hex, which may be shown; empty without one."""
        return self._check.hex().upper()

    # ── entry ─────────────────────────────────────────────────────────────────────────────────────────────────

    def works(self) -> bool:
        """Whether a PIN can be typed now."""
        return not self.broken

    def online_pin(self, pan: str) -> PinEntry:
        """F52, under the PIN key of the last sign-on. A pad without one is no use for this."""
        key = self._pin_key
        if key is None:
            return self._told("online", PinEntry(PinEnd.BROKEN))
        typed = self._typed()
        if typed.end is not PinEnd.ENTERED:
            return self._told("online", PinEntry(typed.end))
        if "pin-in-clear" in self._defects:
            block = pin_block(typed.digits, pan, self._format)
        else:
            block = key.encrypt(typed.digits, pan, self._format)
        return self._told("online", PinEntry(PinEnd.ENTERED, block, digits=len(typed.digits)))

    def offline_pin(self, send: Callable[[bytes], bytes], key: RsaPublic | None, tries_left: int | None) -> PinEntry:
        """The PIN goes to the card alone; its status words come back."""
        form = "plain" if key is None else "enciphered"
        typed = self._typed()
        if typed.end is not PinEnd.ENTERED:
            return self._told(form, PinEntry(typed.end))
        digits = len(typed.digits)
        self._told(form, PinEntry(PinEnd.ENTERED, digits=digits))
        status = verify_plain(typed.digits, send) if key is None else verify_enciphered(typed.digits, key, send)
        return PinEntry(PinEnd.ENTERED, status=status, digits=digits)

    def _typed(self) -> Typed:
        """What the cardholder does; the green key takes no PIN that is too short or too long."""
        if self.broken:
            return Typed(end=PinEnd.BROKEN)
        for _ in range(ATTEMPTS):
            typed = self._hands.type_pin()
            if typed.end is not PinEnd.ENTERED or _is_pin(typed.digits):
                return typed
        return Typed(end=PinEnd.TIMED_OUT)

    def _told(self, form: str, entry: PinEntry) -> PinEntry:
        fields = {
            "form": form, "end": entry.end.value, "digits": entry.digits, "cancelled": entry.end is PinEnd.CANCELLED,
        }  # fmt: skip
        self._emit(Event(Channel.OPERATOR, "pin", fields))
        return entry


def _is_pin(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and SHORTEST_PIN <= len(digits) <= LONGEST_PIN
