"""Drives a reader through PC/SC, by raw calls on a thread of its own with a deadline each. facts/pcsc-emv 1.5, 1.6.

The only module of the house that imports `smartcard`. Results are told by their 32-bit code, never by class. A second
thread with a connection of its own keeps looking at the reader (`supervisor.py`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

from protocols.events import Emit
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from protocols.pcsc.codes import meaning, of_transmit
from protocols.pcsc.identity import NOT_OFFERED
from protocols.pcsc.part10 import Feature, PinOutcome, PinVerify
from rigs.readers import controls, fingerprint, listing
from rigs.readers.choice import Listed, ReaderChoice
from rigs.readers.service import Service
from rigs.readers.settling import SETTLE_S, reader_gone
from rigs.readers.telling import Admit, exchange, get_uid, is_legible, legible, powered
from rigs.readers.watch import Watch
from rigs.readers.winscard import LOST, MUTE, OK, PRESENT, Context, Handle, counter

SOCKET_VARIABLE = "PCSCLITE_CSOCK_NAME"
CONNECTS = 5
"""Attempts to power a card that keeps moving while it is powered."""
MUTE_CODES = (0x80100066, 0x80100067)
"""Unresponsive, unpowered: with a state that says so too there is nothing to settle."""
HALF_DONE_S = 0.1
"""After which pcscd has powered a card: an answer to reset that cannot be read then is the card's own."""
MASK = 0xFFFFFFFF


class Pyscard:
    """`Winscard` by pyscard."""

    def __init__(self, socket: str = "") -> None:
        if socket:
            os.environ[SOCKET_VARIABLE] = socket  # libpcsclite reads it at the first call of the process
        from smartcard import scard

        self._scard: Any = scard
        self._protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        self._pci = (scard.SCARD_PCI_T0, scard.SCARD_PCI_T1)

    def establish(self) -> tuple[int, Context]:
        code, context = self._scard.SCardEstablishContext(self._scard.SCARD_SCOPE_SYSTEM)
        return code & MASK, context

    def release(self, context: Context) -> int:
        return int(self._scard.SCardReleaseContext(context)) & MASK

    def cancel(self, context: Context) -> int:
        return int(self._scard.SCardCancel(context)) & MASK

    def readers(self, context: Context) -> tuple[int, list[str]]:
        code, names = self._scard.SCardListReaders(context, [])
        return code & MASK, list(names or [])

    def changes(self, context: Context, wait_ms: int, known: Sequence[tuple[str, int]]) -> tuple[int, list[int]]:
        code, states = self._scard.SCardGetStatusChange(context, wait_ms, list(known))
        return code & MASK, [state for _, state, _ in states]

    def connect(self, context: Context, reader: str) -> tuple[int, Handle, int]:
        code, handle, protocol = self._scard.SCardConnect(
            context, reader, self._scard.SCARD_SHARE_EXCLUSIVE, self._protocols
        )
        return code & MASK, handle, int(protocol == self._scard.SCARD_PROTOCOL_T1)

    def connect_reader(self, context: Context, reader: str) -> tuple[int, Handle]:
        code, handle, _ = self._scard.SCardConnect(context, reader, self._scard.SCARD_SHARE_DIRECT, 0)
        return code & MASK, handle

    def reset(self, handle: Handle) -> tuple[int, int]:
        scard = self._scard
        code, protocol = scard.SCardReconnect(
            handle, scard.SCARD_SHARE_EXCLUSIVE, self._protocols, scard.SCARD_RESET_CARD
        )
        return code & MASK, int(protocol == scard.SCARD_PROTOCOL_T1)

    def atr(self, handle: Handle) -> tuple[int, bytes]:
        code, _, _, _, atr = self._scard.SCardStatus(handle)
        return code & MASK, bytes(atr)

    def disconnect(self, handle: Handle, *, unpower: bool) -> int:
        scard = self._scard
        return (
            int(scard.SCardDisconnect(handle, scard.SCARD_UNPOWER_CARD if unpower else scard.SCARD_LEAVE_CARD)) & MASK
        )

    def transmit(self, handle: Handle, protocol: int, data: bytes) -> tuple[int, bytes]:
        code, answer = self._scard.SCardTransmit(handle, self._pci[protocol], list(data))
        return code & MASK, bytes(answer)

    def control(self, handle: Handle, code: int, data: bytes) -> tuple[int, bytes]:
        result, answer = self._scard.SCardControl(handle, code, list(data))
        return result & MASK, bytes(answer)

    def attribute(self, handle: Handle, tag: int) -> tuple[int, bytes]:
        code, value = self._scard.SCardGetAttrib(handle, tag)
        return code & MASK, bytes(value)


def list_readers(socket: str = "") -> Sequence[Listed]:
    """All readers that PC/SC lists, each asked who it is. Raises ReaderGone when the service is not there."""
    library = Pyscard(socket)
    code, context = library.establish()
    if code != OK:
        raise reader_gone(meaning(code), "establish context")
    try:
        return listing.everything(library, context)
    finally:
        library.release(context)


class PcscReader:
    """A `CardReader` and `Reader` behind PC/SC. `which` tells it from others; a text is a part of its name.

    `socket` is the service's, if not the system's; `revive` brings service and reader back where they are ours;
    `extra` adds to its attributes; `admit` sees every answer before it is told.
    """

    def __init__(
        self, which: ReaderChoice | str, emit: Emit, *, socket: str = "", call_deadline_s: float = 5.0,
        revive: Callable[[], None] | None = None, on_close: Callable[[], None] | None = None,
        extra: Callable[[], dict[str, str]] | None = None, admit: Admit | None = None,
    ) -> None:  # fmt: skip
        self._library = Pyscard(socket)
        self._emit = emit
        self._revive = revive
        self._on_close = on_close
        self._extra = extra
        self._admit = admit
        self._watch = Watch(emit)
        choice = ReaderChoice(name=which) if isinstance(which, str) else which
        self._service = Service(self._library, choice, self._watch, call_deadline_s)
        self._card: Handle = None
        self._protocol = self._since = self._movements = 0
        self._closed = False
        try:
            self._service.open()
        except BaseException:
            self._service.end()
            raise

    @property
    def name(self) -> str:
        """As PC/SC lists it."""
        return self._service.name

    # ── CardReader ────────────────────────────────────────────────────────────────────────────────────────────

    def card_present(self) -> bool:
        self._service.seen()
        return self._watch.present

    def wait_for_card(self, present: bool, timeout_s: float) -> bool:
        state = self._service.seen()
        if not present and not state & PRESENT:
            return True
        if self._watch.wait(present, timeout_s) is False:
            self._service.seen()  # a service that says nothing is not one that sees no card
        met = self._watch.wait(present, 0)
        if met is None:
            raise self._service.noted(ReaderGone("reader gone", advice="plug it in again"))
        return met

    def power_on(self) -> bytes:
        """Exclusive: nobody else may speak to the card in a run that reports on it.

        A card that moved while it was powered, or moves still, may be another, and what the service says of it is half
        done (its answer to reset too): the connection is let go and made again.
        """
        self.power_off()
        for _ in range(CONNECTS):
            before = self._settled()
            code, atr = self._connect()
            after = self._service.seen()
            stayed = counter(after) == counter(before) and not self._watch.under_way
            if code == OK and stayed:
                return self._awake(atr, counter(after))
            self.power_off()
            if code in MUTE_CODES and after & MUTE and stayed:
                raise DeviceSilent(f"the card gives no answer to reset ({code:08X})", component="card")
            fault = None if code == OK else self._service.fault(meaning(code), "connect", counter(before))
            if fault is not None and not (isinstance(fault, CardRemoved) and self.card_present()):
                raise fault
        raise CardRemoved("the card came and went while it was powered")

    def _awake(self, atr: bytes, count: int) -> bytes:
        self._since, self._movements = count, self._watch.movements
        try:
            legible(atr)
        except DeviceSilent:
            self.power_off()
            raise
        self._emit(powered(atr))
        return atr

    def _connect(self) -> tuple[int, bytes]:
        """To the card; a handle is kept also where its answer to reset could not be had.

        While pcscd powers a card that has just come, it tells rubbish behind the answer: it is asked again once it has
        done. eventhandler.c, cardAtrLength
        """
        code, handle, protocol = self._call(partial(self._library.connect, self._service.context, self.name))
        if code != OK:
            return code, b""
        self._card, self._protocol = handle, protocol
        code, atr = self._call(partial(self._library.atr, handle))
        if code == OK and not is_legible(atr):
            self._service.state(self._service.seen(), HALF_DONE_S)
            code, atr = self._call(partial(self._library.atr, handle))
        return code, bytes(atr)

    def _settled(self) -> int:
        """The event state, once the service is done with a card that comes. Raises CardRemoved when it never is."""
        state = self._service.seen()
        if not self._watch.under_way:
            return state
        if not self._watch.settled(SETTLE_S):
            raise CardRemoved("the card is not there, whatever the service says of it")
        return self._service.seen()

    def reset(self) -> bytes:
        """Warm reset: the card's answer to it. Raises as `transmit` does."""
        handle = self._powered()
        code, protocol = self._call(lambda: self._library.reset(handle))
        if code == OK:
            code, atr = self._call(lambda: self._library.atr(handle))
        if code != OK or counter(self._service.seen()) != self._since:
            raise self._service.fault(meaning(code), "reset", self._since)
        self._protocol = protocol
        self._emit(powered(atr, reset="warm"))
        return bytes(atr)

    def transmit(self, command: bytes) -> bytes:
        self._powered()
        return exchange(command, self._send, t0=self._protocol == 0, emit=self._emit, admit=self._admit)

    def _send(self, tpdu: bytes) -> bytes:
        handle, protocol = self._card, self._protocol
        code, answer = self._call(lambda: self._library.transmit(handle, protocol, tpdu))
        if code != OK or len(answer) < 2:
            raise self._service.fault(of_transmit(code, answer), "transmit", self._since)
        return bytes(answer)

    def power_off(self) -> None:
        """A card that has left is let go without a word on its power: pcscd would say that it is there (`watch.py`)."""
        handle, self._card = self._card, None
        stayed = self._watch.movements == self._movements and not self._watch.under_way
        if handle is not None:
            with suppress(DeviceSilent):
                self._call(lambda: self._library.disconnect(handle, unpower=stayed))

    def _powered(self) -> Handle:
        if self._card is None:
            raise CardRemoved("the card is not powered")
        return self._card

    # ── the reader itself ─────────────────────────────────────────────────────────────────────────────────────

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`; empty without a powered card."""
        return "" if self._card is None else f"T={self._protocol}"

    def movements(self) -> int:
        self._watch.settled(SETTLE_S)  # one that has begun is counted in a moment
        return self._watch.movements

    def uid(self) -> bytes:
        return get_uid(self.transmit)

    def features(self) -> dict[Feature, int]:
        with self._device() as handle:
            return controls.ask_features(self._control(handle))

    def escape(self, data: bytes) -> bytes:
        with self._device() as handle:
            return controls.escape(self._control(handle), data, self._emit)

    def verify_pin(self, request: PinVerify) -> PinOutcome:
        return controls.verify_pin(self._control(self._powered(), self._since), request, self._emit)

    def attributes(self) -> dict[str, str]:
        software = fingerprint.of_software()
        with self._device() as handle:
            told = self._call(lambda: listing.of_handle(self._library, handle))
        if told["usb path"] == NOT_OFFERED:
            software = {key: value for key, value in software.items() if key != "ccid driver"}
        return {**software, "name": self.name, **told, **(self._extra() if self._extra else {})}

    def _device(self) -> AbstractContextManager[Handle]:
        """The reader with or without a card: by the card's connection where there is one."""
        return self._service.device(self._card)

    def _control(self, handle: Handle, since: int | None = None) -> controls.Control:
        return partial(self._service.control, handle, since)

    # ── life ──────────────────────────────────────────────────────────────────────────────────────────────────

    def healthy(self) -> bool:
        """Whether the reader answers now, and has not been found gone since it was last recovered.

        A service notices an unplugged reader only after a second or two: until then it speaks well of it.
        """
        if not self._service.sound:
            return False
        try:
            return not self._service.state() & LOST
        except (ReaderGone, DeviceSilent):
            return False

    def recover(self) -> None:
        """Revive the service if it is ours, and start over afresh. Raises ReaderGone when it stays lost."""
        self._card = None
        if self._revive is not None:
            self._revive()
        self._service.reopen()

    def close(self) -> None:
        """Release the card, the context and what stands behind them. A second time does nothing."""
        if self._closed:
            return
        self._closed = True
        self.power_off()
        self._service.end()
        if self._on_close is not None:
            self._on_close()

    def _call(self, work: Callable[[], Any], deadline_s: float | None = None) -> Any:
        return self._service.call(work, deadline_s)
