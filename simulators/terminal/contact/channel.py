"""The way to the card: power, commands and their answers, and what makes a card unusable. EMV Book 1, 8 and 9."""

from __future__ import annotations

from collections.abc import Callable

from protocols.cardlist import only_test_cards
from protocols.emv import Apdu, ApduError, ResponseApdu
from protocols.faults import CardRemoved, ForeignCard, HoldfastError, RigFault
from protocols.pcsc.atr import AtrError, parse_atr
from simulators.terminal.devices import CardReader

RESETS, BOUNCES_S = 3, 0.3
"""Of a card that is being put in: attempts, and how long its contacts may stay open between two of them."""
MORE, WRONG_LE = "61", "6C"
MOST_PIECES = 16
"""GET RESPONSEs for one answer: EMV's longest takes one."""


class CardUnusable(HoldfastError):
    """The chip cannot be used for this: no application, a missing record, a refusal.

    `fallback` says that the chip failed technically, so that the stripe may be tried. What the card or its holder
    decided (blocked, cancelled, declined) is final. facts/unionpay-pos 5.13
    """

    component = "card"

    def __init__(self, message: str, *, fallback: bool = False, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.fallback = fallback


class ChoiceCancelled(CardUnusable):
    """The cardholder took none of the applications that he was offered, or did not confirm one. EMV Book 1, 12.4."""


class Channel:
    """Commands to one card. Raises CardRemoved, and RigFault where the bench and not the card is at fault.

    `only` raises ForeignCard for a PAN that must not be read on.
    """

    def __init__(self, reader: CardReader, only: Callable[[str], None] = only_test_cards) -> None:
        self._reader = reader
        self._only = only

    # ── power ─────────────────────────────────────────────────────────────────────────────────────────────────

    def power_on(self) -> None:
        """Cold reset. A card whose contacts bounce as it goes in gets another one; one that is mute, or whose answer is
        none, is not used. EMV Book 1, 8; ISO 7816-3, 8.2.5; cases.md 146"""
        try:
            atr = parse_atr(self._answer_to_reset())
        except AtrError as error:
            raise CardUnusable(f"the card's answer to reset is none: {error.message}", fallback=True) from None
        if not atr.tck_right:
            raise CardUnusable("the card's answer to reset has a wrong check byte", fallback=True)

    def _answer_to_reset(self) -> bytes:
        for _ in range(RESETS - 1):
            try:
                return self._reset()
            except CardRemoved:
                if not self._reader.wait_for_card(True, BOUNCES_S):
                    raise
        return self._reset()

    def _reset(self) -> bytes:
        try:
            return self._reader.power_on()
        except RigFault as silent:
            if silent.component != "card":
                raise
            raise CardUnusable("the card is mute", fallback=True) from None

    def guard(self, pan: str) -> None:
        """Only test cards: the card is let go at once. Design 7. The reader's driver has looked already, where there is
        one that does."""
        try:
            self._only(pan)
        except ForeignCard:
            self._reader.power_off()
            raise

    # ── commands ──────────────────────────────────────────────────────────────────────────────────────────────

    def send(self, command: Apdu) -> ResponseApdu:
        """The card's answer, whatever its status words."""
        try:
            raw = command.pack()
        except ApduError as error:  # its list asks for more than a command holds
            raise CardUnusable(f"the card asks too much of {command.name}: {error.message}", fallback=True) from None
        return ResponseApdu.parse(self.exchange(raw))

    def need(self, command: Apdu) -> ResponseApdu:
        """The answer of a card that must do it; any other status is a technical failure. EMV Book 3, 6.3.5."""
        answer = self.send(command)
        if not answer.ok:
            raise CardUnusable(f"the card answered {command.name} with {answer.sw}", fallback=True)
        return answer

    def exchange(self, command: bytes) -> bytes:
        """A raw command to its whole answer: what the reader left of 61xx and 6Cxx is done here. EMV Book 1, 9.3."""
        answer = self._transmit(command)
        if _starts(answer, WRONG_LE):
            answer = self._transmit(_with_le(command, answer[-1]))
        data = answer[:-2]
        for _ in range(MOST_PIECES):
            if not _starts(answer, MORE):
                return data + answer[-2:]
            answer = self._transmit(bytes([0x00, 0xC0, 0x00, 0x00, answer[-1]]))
            if _starts(answer, WRONG_LE):
                answer = self._transmit(bytes([0x00, 0xC0, 0x00, 0x00, answer[-1]]))
            data += answer[:-2]
        raise CardUnusable(f"the card promises more of {_name(command)} without end", fallback=True)

    def _transmit(self, command: bytes) -> bytes:
        try:
            answer = self._reader.transmit(command)
        except RigFault as silent:
            if silent.component != "card":
                raise
            raise CardUnusable(f"the card gave no answer to {_name(command)}", fallback=True) from None
        if len(answer) < 2:
            raise CardUnusable(f"the card gave no status words to {_name(command)}", fallback=True)
        return answer


def _starts(answer: bytes, first: str) -> bool:
    return answer[-2:-1].hex().upper() == first


def _with_le(command: bytes, le: int) -> bytes:
    """The same command with the Le that the card named. ISO 7816-3, 12.2.3."""
    try:
        parsed = Apdu.parse(command)
    except ApduError:
        return command
    return Apdu(parsed.cla, parsed.ins, parsed.p1, parsed.p2, parsed.data, le or 256).pack()


def _name(command: bytes) -> str:
    try:
        return Apdu.parse(command).name
    except ApduError:
        return "a command"
