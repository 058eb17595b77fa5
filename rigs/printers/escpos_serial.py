"""An ESC/POS printer on a serial port, real or virtual. facts/pcsc-emv 6, 7.1."""

from __future__ import annotations

import termios
import time
from contextlib import suppress

import serial

from protocols.faults import PrinterGone, RigFault
from protocols.printing import Paper, PrinterStatus

STATUS_DEADLINE_S = 1.0
WRITE_DEADLINE_S = 10.0
PAPER_QUERY, ONLINE_QUERY = b"\x10\x04\x04", b"\x10\x04\x01"
IDENTITY_QUERIES = {"firmware": 0x41, "maker": 0x42, "model": 0x43, "serial": 0x44}
NOT_OFFERED = "not offered"
LOST = (serial.SerialException, OSError, termios.error)
"""What pyserial raises for a port that is gone; it lets `termios.error`, which is no OSError, through."""


class EscposSerialPrinter:
    """Holds the port exclusively. Raises RigFault when it cannot be opened, PrinterGone when it is lost."""

    def __init__(self, port: str, baud: int = 115200) -> None:
        self.port = port
        try:
            self._port = serial.serial_for_url(
                port, baudrate=baud, timeout=STATUS_DEADLINE_S, write_timeout=WRITE_DEADLINE_S, exclusive=True
            )
        except (*LOST, ValueError) as error:
            raise RigFault(
                f"the printer's port {port} cannot be opened: {_reason(error)}",
                advice="does it exist, and does no other program hold it?", component="printer",
            ) from None  # fmt: skip

    def write(self, data: bytes) -> None:
        """Send bytes. Raises PrinterGone when they cannot leave within the deadline."""
        try:
            self._port.write(data)
        except LOST as error:
            raise self._gone(error) from None

    def status(self) -> PrinterStatus:
        """Asked now; what does not answer is unknown."""
        paper = self.paper()
        online = b"" if paper is Paper.UNKNOWN else self._ask(ONLINE_QUERY)
        return PrinterStatus(paper, not online[0] & 0x08 if online else None)

    def paper(self) -> Paper:
        """Of the roll alone, for a terminal between two slips. facts/pcsc-emv 7.1: an empty answer is no "adequate"."""
        answer = self._ask(PAPER_QUERY)
        return _paper(answer[0]) if answer else Paper.UNKNOWN

    def attributes(self) -> dict[str, str]:
        """What the printer says of itself by GS I."""
        found = {"port": self.port}
        for name, code in IDENTITY_QUERIES.items():
            answer = self._ask(b"\x1dI" + bytes([code]), until=b"\x00")
            text = answer.strip(b"_\x00").decode("ascii", "replace")
            found[name] = text or NOT_OFFERED
        return found

    def close(self) -> None:
        """Let go of the port."""
        with suppress(*LOST):
            self._port.close()

    def _ask(self, query: bytes, until: bytes = b"") -> bytes:
        try:
            if not self._port.is_open or self._port.in_waiting:  # asking is cheaper than flushing what is empty
                self._port.reset_input_buffer()
            self._port.write(query)
            if not until:
                return bytes(self._port.read(1))
            return self._read_until(until)
        except LOST as error:
            raise self._gone(error) from None

    def _read_until(self, end: bytes) -> bytes:
        answer, deadline = b"", time.monotonic() + STATUS_DEADLINE_S
        while not answer.endswith(end) and time.monotonic() < deadline:
            got = self._port.read(1)
            if not got:
                break
            answer += got
        return answer

    def _gone(self, error: Exception) -> PrinterGone:
        return PrinterGone(f"the printer on {self.port} is gone: {_reason(error)}", advice="check cable and power")


def _paper(bits: int) -> Paper:
    """DLE EOT 4: bits 5 and 6 are the end sensor, bits 2 and 3 the near-end sensor."""
    if bits & 0x60:
        return Paper.OUT
    return Paper.NEAR_END if bits & 0x0C else Paper.PRESENT


def _reason(error: Exception) -> str:
    return type(error).__name__ if not getattr(error, "strerror", None) else str(error.strerror)  # type: ignore[attr-defined]
