"""A receipt printer behind a pseudo terminal: it prints, answers status, runs out of paper and can be unplugged.

Without paper it takes bytes and prints nothing of them, as a thermal printer whose buffer is cleared does; it says so
with a `lost` event. Status is answered at once, whatever is being printed.
"""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from contextlib import suppress
from dataclasses import replace

from protocols.escpos import Decoder, Line, Slip, StatusRequest
from protocols.events import Channel, Direction, Emit, Event, Json
from protocols.printing import Paper

CHUNK = 4096
JOIN_S = 2.0
PAPER_BITS = {Paper.PRESENT: 0x12, Paper.NEAR_END: 0x1E, Paper.OUT: 0x72}  # facts/pcsc-emv 7.1, DLE EOT 4
READY, OFFLINE = 0x12, 0x1A  # DLE EOT 1
IDENTITY = {b"\x01": b"\x20", b"\x02": b"\x02", b"\x03": b"\x00"}
NAMES = {0x41: b"_1.0\x00", 0x42: b"_Holdfast\x00", 0x43: b"_virtual printer\x00", 0x44: b"_SIM-PRN-1\x00"}


class VirtualPrinter:
    """Open from construction to `close()`. `path` is the tty that a driver opens."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._lock = threading.Lock()
        self._paper = Paper.PRESENT
        self._decoder = Decoder()
        self._slips: list[Slip] = []
        self._on_paper: list[Line] = []
        self._untold: list[Line] = []
        self._ended = False
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        os.set_blocking(self._master, False)  # a driver that never reads must not stop the printer
        self._wake_r, self._wake_w = os.pipe()
        self._thread = threading.Thread(target=self._run, name="virtual-printer", daemon=True)
        self._thread.start()

    # ── what a hand beside it does ────────────────────────────────────────────────────────────────────────────

    def load_paper(self) -> None:
        self._set_paper(Paper.PRESENT)

    def remove_paper(self) -> None:
        self._set_paper(Paper.OUT)

    def _set_paper(self, paper: Paper) -> None:
        with self._lock:
            changed, self._paper = self._paper is not paper, paper
        if changed:
            self._emit(Event(Channel.PRINTER, "paper", {"state": paper.value}))

    def unplug(self) -> None:
        """The port is gone: whoever holds it gets an input/output error."""
        if self._end():
            self._emit(Event(Channel.PRINTER, "gone", {}))

    def close(self) -> None:
        """End the thread and give the tty back."""
        self._end()

    def slips(self) -> list[Slip]:
        """Slips cut since it was opened, oldest first."""
        with self._lock:
            return list(self._slips)

    # ── the machine ───────────────────────────────────────────────────────────────────────────────────────────

    def _end(self) -> bool:
        """Whether this call ended it: whoever comes first closes, so that no number is closed twice."""
        with self._lock:
            if self._ended:
                return False
            self._ended = True
        os.write(self._wake_w, b"!")
        if threading.current_thread() is not self._thread:
            self._thread.join(JOIN_S)
        for fd in (self._master, self._slave, self._wake_r, self._wake_w):
            os.close(fd)
        return True

    def _run(self) -> None:
        while not self._ended:
            ready, _, _ = select.select([self._master, self._wake_r], [], [])
            if self._wake_r in ready:
                return
            try:
                data = os.read(self._master, CHUNK)
            except OSError:
                return
            for item in self._decoder.feed(data):
                self._handle(item)
            self._tell_uncut()

    def _handle(self, item: Line | Slip | StatusRequest) -> None:
        if isinstance(item, StatusRequest):
            self._answer(item.raw)
            return
        with self._lock:
            paper = self._paper
        if isinstance(item, Slip):
            self._cut(item, paper)
        elif paper is Paper.OUT:
            self._lose("line")
        else:
            self._on_paper.append(item)
            self._untold.append(item)

    def _tell_uncut(self) -> None:
        """Lines that stand on the paper and were not cut off with what came: a slip tells of its own."""
        for line in self._untold:
            style = line.style
            fields: dict[str, Json] = {"text": line.text, "kind": line.kind, "bold": style.bold, "align": style.align}
            self._emit(Event(Channel.PRINTER, "line", fields, Direction.OUT, line.raw))
        self._untold.clear()

    def _cut(self, slip: Slip, paper: Paper) -> None:
        """What comes off the roll holds what was printed: a line that was lost is not on it."""
        printed, self._on_paper = tuple(self._on_paper), []
        self._untold.clear()
        if paper is Paper.OUT:
            self._lose("slip")
            return
        if len(printed) < len(slip.lines):
            slip = replace(slip, lines=printed, raw=b"".join(line.raw for line in printed))
        with self._lock:
            self._slips.append(slip)
        fields: dict[str, Json] = {"lines": [line.text for line in slip.lines], "cut": slip.cut}
        self._emit(Event(Channel.PRINTER, "slip", fields, Direction.OUT, slip.raw))

    def _lose(self, what: str) -> None:
        self._emit(Event(Channel.PRINTER, "lost", {"what": what}))

    def _answer(self, request: bytes) -> None:
        with self._lock:
            paper = self._paper
        answer = _status(request, paper)
        self._emit(Event(Channel.PRINTER, "status asked", {"command": request.hex().upper()}, Direction.OUT, request))
        self._emit(Event(Channel.PRINTER, "status", {"paper": paper.value}, Direction.IN, answer))
        with suppress(OSError):
            os.write(self._master, answer)


def _status(request: bytes, paper: Paper) -> bytes:
    out = paper is Paper.OUT
    if request[:2] == b"\x10\x04":
        return bytes([{1: OFFLINE if out else READY, 4: PAPER_BITS[paper]}.get(request[2], READY)])
    if request[:2] == b"\x1dr":
        return bytes([0x0C if out else 0x00])
    return NAMES.get(request[2]) or IDENTITY.get(request[2:3], b"\x00")
