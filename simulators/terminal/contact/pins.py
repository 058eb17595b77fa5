"""A PIN as a method of verification: asked for by the pad, checked by the card or sent to the issuer.

EMV Book 3, 10.5.1 and 10.5.2; Book 4, 6.3.4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from protocols.emv import Apdu, TlvError, find
from protocols.emv.certificates import AuthenticationFailed, recover_pin
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Tvr
from protocols.faults import HoldfastError
from protocols.pinpad import PinEnd, PinEntry
from simulators.terminal.contact.authentication import recover_card_key, recover_issuer_key
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.state import ChipTransaction
from simulators.terminal.devices import PinPad

VERIFY = b"\x20"
VERIFIED, PIN_BLOCKED, NO_TRY_LEFT = "9000", ("6983", "6984"), "63C0"
"""What a card answers to it, but for a wrong PIN with tries left. EMV Book 3, 6.5.12 and 10.5.1"""
MOST_TRIES = 15
"""63Cx cannot tell of more. EMV Book 3, 6.5.12.5"""


class PinCancelled(HoldfastError):
    """The cardholder pressed cancel at the PIN: the transaction ends, and nothing was asked of card or host."""

    component = "terminal"


class PinTimedOut(HoldfastError):
    """Nobody typed a PIN."""

    component = "terminal"


class Pins:
    """The PINs of one transaction. Each method says whether it went well, and the TVR why not."""

    def __init__(self, transaction: ChipTransaction, channel: Channel, pinpad: PinPad, defects: frozenset[str]) -> None:
        self._transaction = transaction
        self._channel = channel
        self._pinpad = pinpad
        self._defects = defects
        self._bypassed = False
        self.for_issuer: PinEntry | None = None

    def online(self) -> bool:
        """EMV Book 3, 10.5.2: entered is verified, as far as the terminal can tell."""
        if self._pad_is_ready():
            self.for_issuer = self._entered(partial(self._pinpad.online_pin, self._transaction.pan))
        if self.for_issuer is not None:
            self._note(Tvr.ONLINE_PIN_ENTERED)
        return self.for_issuer is not None

    def plain(self) -> bool:
        return self._pad_is_ready() and self._verified_by_card(None)

    def enciphered(self) -> bool:
        """EMV Book 2, 7.1: without the card's key it has failed."""
        if not self._pad_is_ready():
            return False
        try:
            key = pin_key(self._transaction, self._defects)
        except AuthenticationFailed:
            return False
        return self._verified_by_card(key)

    def _verified_by_card(self, key: RsaPublic | None) -> bool:
        """EMV Book 3, 10.5.1; Book 4, 6.3.4.1: until it is right, or no try is left."""
        tries = self._tries_left()
        if tries == 0:
            self._note(Tvr.PIN_TRIES_EXCEEDED)
            return False
        for _ in range(MOST_TRIES):
            seen = _Seen(self._channel.exchange)
            if self._entered(partial(self._pinpad.offline_pin, seen, key, tries)) is None:
                return False
            if seen.status in (*PIN_BLOCKED, NO_TRY_LEFT):
                self._note(Tvr.PIN_TRIES_EXCEEDED)
            if not seen.wrong:
                return seen.status == VERIFIED
            tries = int(seen.status[3], 16)
        return False

    def _tries_left(self) -> int | None:
        """None where the card does not tell. EMV Book 4, 6.3.4.1"""
        if "pin-tries-not-looked" in self._defects:
            return None
        answer = self._channel.send(Apdu(0x80, 0xCA, 0x9F, 0x17, le=256))
        try:
            value = find(answer.data, "9F17") if answer.ok else None
        except TlvError:
            return None
        return value[0] if value is not None and len(value) == 1 else None

    def _pad_is_ready(self) -> bool:
        """If not, the TVR says why. EMV Book 3, 10.5.1 and 10.5.2"""
        if self._bypassed:
            # EMV Book 4, 6.3.4.3: a PIN that was bypassed once may count as bypassed for every later method
            self._note_bypass()
            return False
        if self._transaction.configuration.pinpad and self._pinpad.works():
            return True
        self._note(Tvr.PINPAD_NOT_WORKING)
        return False

    def _entered(self, ask: Callable[[], PinEntry]) -> PinEntry | None:
        """What the pad took; None, with its TVR bit, when no PIN was entered. EMV Book 3, 10.5.1 and 10.5.2"""
        entry = ask()
        match entry.end:
            case PinEnd.ENTERED:
                return entry
            case PinEnd.CANCELLED:
                raise PinCancelled("the cardholder cancelled the PIN entry")
            case PinEnd.TIMED_OUT:
                raise PinTimedOut("nobody typed a PIN")
            case PinEnd.BYPASSED:
                self._bypassed = True
                self._note_bypass()
            case PinEnd.BROKEN:
                self._note(Tvr.PINPAD_NOT_WORKING)
        return None

    def _note_bypass(self) -> None:
        if "bypass-not-told" not in self._defects:
            self._note(Tvr.PIN_NOT_ENTERED)

    def _note(self, bit: Tvr) -> None:
        self._transaction.tvr |= bit


def pin_key(transaction: ChipTransaction, defects: frozenset[str] = frozenset()) -> RsaPublic:
    """The card's key for PINs, or else the one that it signs with. EMV Book 2, 7.1. Raises AuthenticationFailed."""
    if "9F2D" not in transaction.card:
        return recover_card_key(transaction, defects)
    issuer, today = recover_issuer_key(transaction, defects), f"{transaction.today:%y%m%d}"
    return recover_pin(issuer, transaction.card, transaction.pan, today)


class _Seen:
    """The way to the card for a PIN pad; what the card answered to VERIFY is seen as it passes."""

    def __init__(self, exchange: Callable[[bytes], bytes]) -> None:
        self._exchange = exchange
        self.status = ""

    def __call__(self, command: bytes) -> bytes:
        answer = self._exchange(command)
        if command[1:2] == VERIFY:
            self.status = answer[-2:].hex().upper()
            if not (self.status in (VERIFIED, *PIN_BLOCKED) or self.status.startswith("63C")):
                raise CardUnusable(f"the card answered VERIFY with {self.status}", fallback=True)  # EMV Book 3, 6.3.5
        return answer

    @property
    def wrong(self) -> bool:
        """Whether the PIN was wrong, and another one may be tried."""
        return self.status.startswith("63C") and self.status != NO_TRY_LEFT
