"""The reader model behind our IFD handler: a server on an AF_UNIX socket. See `ifdhandler/ifdhandler.c`."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from protocols.events import Emit
from simulators.reader.slot import Slot

HEAD = struct.Struct(">cII")
ANSWER = struct.Struct(">II")
OK, REFUSED, SILENT = 0, 1, 2
POWER_UP, POWER_DOWN, RESET = 500, 501, 502
LONGEST = 65_600
JOIN_S = 2.0
CTL_ESCAPES = (0x42000000 + 3500, 0x42000000 + 1)  # facts/pcsc-emv 1.4


@dataclass(frozen=True, slots=True)
class ReaderIdentity:
    """What the model says of itself through PC/SC. facts/pcsc-emv 5."""

    vendor: str = "Holdfast"
    type: str = "Virtual contact reader"
    version: int = 0x01000001  # 0xMMmmbbbb
    serial: str = "HF-0001"

    def attributes(self) -> dict[int, bytes]:
        """PC/SC part 3 attribute tags to values."""
        return {
            0x00010100: self.vendor.encode(),
            0x00010101: self.type.encode(),
            0x00010102: struct.pack("<I", self.version),
            0x00010103: self.serial.encode(),
            0x0007A007: struct.pack("<I", 261),
            0x7FFF0003: f"{self.vendor} {self.type}".encode(),
        }


class ReaderModel(Slot):
    """Listens on `path` from construction to `close()`."""

    def __init__(self, path: Path, emit: Emit, identity: ReaderIdentity | None = None) -> None:
        super().__init__(emit)
        self.path = path
        self._attributes = (identity or ReaderIdentity()).attributes()
        self._connections: set[socket.socket] = set()
        self._events: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._reported = self._powered = self.moves
        self._listen()

    def _listen(self) -> None:
        with suppress(FileNotFoundError):
            self.path.unlink()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(8)
        self._spawn(self._accept, self._listener)

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="reader-model", daemon=True)
        with self._lock:  # started within: one that is not yet alive must not be taken for one that has ended
            thread.start()
            self._threads = [*(t for t in self._threads if t.is_alive()), thread]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                if listener is not self._listener or not self.plugged:  # accepted as the plug was pulled
                    connection.close()
                    return
                self._connections.add(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (head := _read(connection, HEAD.size)) is not None:
                operation, code, length = HEAD.unpack(head)
                data = _read(connection, length) if length <= LONGEST else None
                if data is None:
                    return
                if operation == b"E":
                    with self._lock:
                        self._events.add(connection)
                    continue
                result, answer = self._do(operation, code, data)
                connection.sendall(ANSWER.pack(result, len(answer)) + answer)
        except OSError:
            return
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._events.discard(connection)
            connection.close()

    def _do(self, operation: bytes, code: int, data: bytes) -> tuple[int, bytes]:
        handler = _OPERATIONS.get(operation)
        return handler(self, code, data) if handler else (REFUSED, b"")

    def _presence(self, code: int, data: bytes) -> tuple[int, bytes]:
        """A card that left and came back between two looks is reported as absent once: it has lost its power."""
        with self._lock:
            moved, self._reported = self._moves - self._reported, self._moves
            present = self._card is not None
        if present and moved > 1:
            self._changed()  # look again at once
            return REFUSED, b""
        return (OK if present else REFUSED), b""

    def _power(self, code: int, data: bytes) -> tuple[int, bytes]:
        with self._lock:
            card, self._powered = self._card, self._moves
        if card is None:
            return REFUSED, b""
        return OK, card.power_on() if code in (POWER_UP, RESET) else b""

    def _transmit(self, code: int, data: bytes) -> tuple[int, bytes]:
        """A card that is pulled while it works gives no answer, nor does one that was not powered since it came."""
        with self._lock:
            moves, card = self._moves, self._card
        if card is None or moves != self._powered:
            return REFUSED, b""
        answer = card.transmit(data)
        if self.moves != moves or not self.plugged:
            return REFUSED, b""
        return (SILENT, b"") if answer is None else (OK, answer)

    def _capability(self, code: int, data: bytes) -> tuple[int, bytes]:
        value = self._attributes.get(code)
        return (OK, value) if value is not None else (REFUSED, b"")

    def _control(self, code: int, data: bytes) -> tuple[int, bytes]:
        """Escape commands are echoed back: enough to see that they arrive."""
        return (OK, data) if code in CTL_ESCAPES else (REFUSED, b"")

    # ── movements ─────────────────────────────────────────────────────────────────────────────────────────────

    def _changed(self) -> None:
        with self._lock:
            for connection in list(self._events):
                with suppress(OSError):  # a full buffer wakes its reader anyway
                    connection.send(b"!", socket.MSG_DONTWAIT)

    def _torn(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with suppress(FileNotFoundError):
            self.path.unlink()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _back(self) -> None:
        self._listen()

    def close(self) -> None:
        """Hang up and end all threads."""
        with self._lock:
            self._plugged = False
        self._torn()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_S)


_OPERATIONS: dict[bytes, Callable[[ReaderModel, int, bytes], tuple[int, bytes]]] = {
    b"I": ReaderModel._presence,
    b"P": ReaderModel._power,
    b"X": ReaderModel._transmit,
    b"G": ReaderModel._capability,
    b"C": ReaderModel._control,
}


def _read(connection: socket.socket, size: int) -> bytes | None:
    """Exactly so many bytes; None at the end of the stream."""
    data = b""
    while len(data) < size:
        chunk = connection.recv(size - len(data))
        if not chunk:
            return None
        data += chunk
    return data
