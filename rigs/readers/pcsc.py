"""Drives a reader through PC/SC, by raw calls on a thread of its own with a deadline each. facts/pcsc-emv 1.5, 1.6.

The only module of the house that imports `smartcard`. Results are told by their 32-bit code, never by class. A card
that was torn out and a reader that was lost look alike at first: they are told apart once the reader's state is known.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from protocols.events import Channel, Direction, Emit, Event
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone, RigFault
from rigs.readers.caller import Caller

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
SETTLE_S = 1.5
READY_S = 5.0
STEP_MS = 250
NOT_OFFERED = "not offered"
PNP = "\\\\?PnP?\\Notification"

OK = 0x00000000
TIMEOUT = 0x8010000A
CARD_GONE = {0x8010000C: "no card", 0x80100069: "card removed", 0x80100068: "card was reset"}
SHARED = 0x8010000B
READER_GONE = {
    0x80100009: "unknown reader", 0x80100017: "reader unavailable", 0x8010002E: "no readers", 0x8010001D: "no service",
    0x8010001E: "service stopped", 0x80100013: "communication with the service lost", 0x80100003: "stale handle",
}  # fmt: skip
STATE_UNKNOWN, STATE_UNAVAILABLE, STATE_EMPTY, STATE_PRESENT = 0x0004, 0x0008, 0x0010, 0x0020
LOST = STATE_UNKNOWN | STATE_UNAVAILABLE
ATTRIBUTES = {  # facts/pcsc-emv 5
    "vendor": 0x00010100,
    "type": 0x00010101,
    "version": 0x00010102,
    "serial": 0x00010103,
    "longest APDU": 0x0007A007,
}
NUMBERS = {"version", "longest APDU"}


class PcscReader:
    """A `CardReader` behind PC/SC. `name` is part of its name; `socket` is the service's, if not the system's."""

    def __init__(
        self, name: str, emit: Emit, *, socket: str = "", call_deadline_s: float = 5.0,
        revive: Callable[[], None] | None = None, on_close: Callable[[], None] | None = None,
        extra: Callable[[], dict[str, str]] | None = None,
    ) -> None:  # fmt: skip
        if socket:
            os.environ[SOCKET_VARIABLE] = socket  # libpcsclite reads it at the first call of the process
        from smartcard import scard

        self._scard: Any = scard
        self._wanted = name
        self._emit = emit
        self._deadline_s = call_deadline_s
        self._revive = revive
        self._on_close = on_close
        self._extra = extra
        self._caller = Caller()
        self._context: Any = None
        self._card: Any = None
        self._protocol = 0
        self._movements = 0
        self._lost = self._was_gone = False
        self._closed = False
        self.name = ""
        try:
            self._connect_service()
        except BaseException:
            self._release()
            self._caller.end()
            raise

    # ── CardReader ────────────────────────────────────────────────────────────────────────────────────────────

    def card_present(self) -> bool:
        return bool(self._seen() & STATE_PRESENT)

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        wanted, deadline = STATE_PRESENT if present else STATE_EMPTY, time.monotonic() + timeout_s
        state = self._seen()
        while not state & wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            state = self._seen(state, min(left, 1.0))
        return True

    def power_on(self) -> bytes:
        """Exclusive: nobody else may speak to the card in a run that reports on it."""
        scard = self._scard
        self.power_off()
        code, handle, protocol = self._call(
            lambda: scard.SCardConnect(
                self._context, self.name, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
            )
        )
        if code & 0xFFFFFFFF != OK:
            raise self._classify(code, "connect")
        self._card, self._protocol = handle, protocol
        code, _, _, _, atr = self._call(lambda: scard.SCardStatus(handle))
        if code & 0xFFFFFFFF != OK:
            raise self._classify(code, "status")
        self._movements = self._state() >> 16
        self._emit(Event(Channel.CARD, "atr", {"atr": bytes(atr).hex().upper()}, Direction.IN))
        return bytes(atr)

    def transmit(self, command: bytes) -> bytes:
        if self._card is None:
            raise CardRemoved("the card is not powered")
        scard, handle = self._scard, self._card
        pci = scard.SCARD_PCI_T1 if self._protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        self._emit(Event(Channel.CARD, "command", {}, Direction.OUT, command))
        code, response = self._call(lambda: scard.SCardTransmit(handle, pci, list(command)))
        if code & 0xFFFFFFFF != OK or len(response) < 2:
            raise self._classify(code, "transmit")
        raw = bytes(response)
        self._emit(Event(Channel.CARD, "response", {}, Direction.IN, raw))
        return raw

    def power_off(self) -> None:
        handle, self._card = self._card, None
        if handle is not None and not self._lost:
            scard = self._scard
            with suppress(DeviceSilent):
                self._call(lambda: scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD))

    # ── identity and life ─────────────────────────────────────────────────────────────────────────────────────

    def attributes(self) -> dict[str, str]:
        """The reader's own words; what it does not say is `not offered`. facts/pcsc-emv 5."""
        scard = self._scard
        found = {"driver": "PC/SC", "name": self.name, **(self._extra() if self._extra else {})}
        code, handle, _ = self._call(lambda: scard.SCardConnect(self._context, self.name, scard.SCARD_SHARE_DIRECT, 0))
        if code & 0xFFFFFFFF in READER_GONE:
            raise self._gone(code, "connect")
        if code & 0xFFFFFFFF != OK:
            return found | dict.fromkeys(ATTRIBUTES, NOT_OFFERED)
        for key, tag in ATTRIBUTES.items():
            found[key] = self._attribute(handle, key, tag)
        self._call(lambda: scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD))
        return found

    def _attribute(self, handle: Any, key: str, tag: int) -> str:
        code, value = self._call(lambda: self._scard.SCardGetAttrib(handle, tag))
        if code & 0xFFFFFFFF != OK:
            return NOT_OFFERED
        raw = bytes(value)
        if key in NUMBERS and len(raw) == 4:
            number = struct.unpack("<I", raw)[0]
            return f"{number >> 24}.{number >> 16 & 0xFF}.{number & 0xFFFF}" if key == "version" else str(number)
        return raw.rstrip(b"\x00").decode("utf-8", "replace")

    def healthy(self) -> bool:
        """Whether the reader answers now, and has not been found gone since it was last recovered.

        A service notices an unplugged reader only after a second or two: until then it speaks well of it.
        """
        if self._lost or self._was_gone:
            return False
        try:
            return not self._state() & LOST
        except (ReaderGone, DeviceSilent):
            return False

    def recover(self) -> None:
        """Revive the service if it is ours, and start over afresh. Raises ReaderGone when it stays lost."""
        self._card = None
        self._caller.end()
        self._caller = Caller()
        self._lost = self._was_gone = False
        if self._revive is not None:
            self._revive()
        self._release()
        self._connect_service()

    def close(self) -> None:
        """Release the card, the context and what stands behind them. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.power_off()
        self._release()
        self._caller.end()
        if self._on_close is not None:
            self._on_close()

    def _release(self) -> None:
        """Let the context go, with the connection to the service that it holds, also where that one has gone."""
        context, self._context = self._context, None
        if context is not None and not self._lost:
            with suppress(DeviceSilent):
                self._call(lambda: self._scard.SCardReleaseContext(context))

    # ── calls ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _call(self, work: Callable[[], Any]) -> Any:
        """One PC/SC call within its deadline. A call that hangs cannot be cancelled: its thread is abandoned."""
        if self._lost:
            raise DeviceSilent(
                "the PC/SC service did not answer", advice="recover the reader first", component="reader"
            )
        try:
            return self._caller.call(work, self._deadline_s)
        except TimeoutError:
            self._lost = True
            raise DeviceSilent(
                f"the PC/SC service did not answer within {self._deadline_s:g} s",
                advice="restart pcscd",
                component="reader",
            ) from None

    def _connect_service(self) -> None:
        scard = self._scard
        deadline = time.monotonic() + READY_S
        code, self._context = self._call(lambda: scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM))
        if code & 0xFFFFFFFF != OK:
            raise self._gone(code, "establish context")
        names: list[str] = []
        while True:
            code, names = self._call(lambda: scard.SCardListReaders(self._context, []))
            self.name = next((name for name in names or [] if self._wanted in name), "")
            if self.name and not self._state() & LOST:
                return
            if time.monotonic() > deadline:
                listed = ", ".join(names or []) or "none"
                raise ReaderGone(f"no reader is called {self._wanted!r}", advice=f"PC/SC lists: {listed}")
            watched = [(self.name or PNP, scard.SCARD_STATE_EMPTY)]
            self._call(partial(scard.SCardGetStatusChange, self._context, STEP_MS, watched))

    def _state(self, known: int = 0, wait_s: float = 0.0) -> int:
        """The reader's event state now, or when it changes from `known`; its upper 16 bits count card movements."""
        scard = self._scard
        code, states = self._call(
            lambda: scard.SCardGetStatusChange(self._context, int(wait_s * 1000), [(self.name, known & 0xFFFF & ~0x2)])
        )
        code &= 0xFFFFFFFF
        if code == TIMEOUT:
            return known
        if code != OK:
            raise self._gone(code, "status change")
        return int(states[0][1])

    def _seen(self, known: int = 0, wait_s: float = 0.0) -> int:
        """As `_state`; a reader that is lost has none."""
        state = self._state(known, wait_s)
        if state & LOST:
            self._was_gone = True
            raise ReaderGone("reader gone", advice="plug it in again")
        return state

    def _classify(self, code: int, during: str) -> CardRemoved | RigFault:
        """Torn card, lost reader or silent card? The reader's state tells, once it has settled."""
        code &= 0xFFFFFFFF
        if code in READER_GONE:
            return self._gone(code, during)
        if code == SHARED:
            return RigFault("another program holds the card", advice="end it", component="reader")
        deadline = time.monotonic() + SETTLE_S
        state = 0
        try:
            while time.monotonic() < deadline:
                state = self._state(state, min(SETTLE_S, max(0.0, deadline - time.monotonic())) if state else 0.0)
                if state & LOST:
                    return self._gone(code, during)
                moved = during == "transmit" and state >> 16 != self._movements  # pulled, and in again already
                if moved or state & STATE_EMPTY:
                    return CardRemoved(f"the card was removed ({during}, {code:08X})")
        except ReaderGone as gone:
            return gone
        if code in CARD_GONE:
            return CardRemoved(f"{CARD_GONE[code]} ({during}, {code:08X})")
        return DeviceSilent(f"the card gave no valid answer ({during}, {code:08X})", component="card")

    def _gone(self, code: int, during: str) -> ReaderGone:
        self._was_gone = True
        code &= 0xFFFFFFFF
        return ReaderGone(
            f"reader gone: {READER_GONE.get(code, 'PC/SC error')} ({during}, {code:08X})", advice="check it"
        )
