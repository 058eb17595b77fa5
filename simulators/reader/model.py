"""The reader model behind our IFD handler: a server on an AF_UNIX socket. See `ifdhandler/wire.h`."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from protocols.events import Emit
from protocols.faults import CardRemoved, DeviceSilent
from simulators.reader.profile import ReaderProfile
from simulators.reader.shown import Shown
from simulators.reader.slot import Answered, Slot

HEAD = struct.Struct(">cII")
ANSWER = struct.Struct(">II")
OK, REFUSED, SILENT = Answered.OK, Answered.REFUSED, Answered.SILENT
POWER_UP, POWER_DOWN, RESET = 500, 501, 502
T0, T1 = 0, 1
SLOTS_NUMBER = 0x0FAE
LONGEST = 65_600
JOIN_S = 2.0

Result = tuple[Answered, bytes]


class ReaderModel(Slot):
    """A whole reader; as a slot it is its first one. Listens on `path` from construction to `close()`."""

    def __init__(self, path: Path, emit: Emit, profile: ReaderProfile | None = None) -> None:
        super().__init__(emit, profile)
        self.path = path
        further = (Slot(emit, self.profile, kind=kind, casing=self.casing) for kind in self.profile.slots[1:])
        self.slots: tuple[Slot, ...] = (self, *further)
        self._shown = {slot: Shown(slot) for slot in self.slots}
        self._agreed = dict.fromkeys(self.slots, False)
        self._events: dict[socket.socket, Slot] = {}
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.casing.on_card = self._wake
        self.casing.on_unplug = self._hang_up
        self.casing.on_replug = self._listen
        self._listen()

    # ── connections ───────────────────────────────────────────────────────────────────────────────────────────

    def _listen(self) -> None:
        with suppress(FileNotFoundError):
            self.path.unlink()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen(2 * len(self.slots) + 6)
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
        slot: Slot = self
        try:
            stream = connection.makefile("rb")
            while len(head := stream.read(HEAD.size)) == HEAD.size:
                operation, code, length = HEAD.unpack(head)
                if length > LONGEST or len(data := stream.read(length)) != length:
                    return
                if operation in b"RE":
                    if code >= len(self.slots):
                        return
                    slot = self.slots[code]
                    if operation == b"E":
                        self._watch(connection, slot)
                    continue
                result, answer = self._do(operation, slot, code, data)
                if not self.plugged:  # a reader that is gone says nothing, not even that it sees no card
                    return
                connection.sendall(ANSWER.pack(result, len(answer)) + answer)
        except OSError:
            return
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._events.pop(connection, None)
            connection.close()

    def _watch(self, connection: socket.socket, slot: Slot) -> None:
        """Told of a movement at once: one may have come since the handler dialled, and it may be waiting already."""
        with self._lock:
            self._events[connection] = slot
            self._wake(slot)

    def _wake(self, slot: Slot) -> None:
        with self._lock:
            for connection, watched in self._events.items():
                if watched is slot:
                    with suppress(OSError):  # a full buffer wakes its reader anyway
                        connection.send(b"!", socket.MSG_DONTWAIT)

    def _hang_up(self) -> None:
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

    def close(self) -> None:
        """Hang up and end all threads."""
        with self._lock:
            self.casing.plugged = False
        self._hang_up()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(JOIN_S)

    # ── operations ────────────────────────────────────────────────────────────────────────────────────────────

    def _do(self, operation: bytes, slot: Slot, code: int, data: bytes) -> Result:
        handler = _OPERATIONS.get(operation)
        return handler(self, slot, code, data) if handler else (REFUSED, b"")

    def _presence(self, slot: Slot, code: int, data: bytes) -> Result:
        """Code 1 is a look of pcscd's status thread."""
        with self._lock:
            return (OK if self._shown[slot].look(by_status_thread=code == 1) else REFUSED), b""

    def _wait(self, slot: Slot, code: int, data: bytes) -> Result:
        """OK: the status thread may wait for the next movement. Refused: it has to look again at once."""
        with self._lock:
            return (OK if self._shown[slot].wait() else REFUSED), b""

    def _power_action(self, slot: Slot, code: int, data: bytes) -> Result:
        """No card is powered as long as pcscd has to be shown that another one left."""
        with self._lock:
            self._agreed[slot] = False
            shown = self._shown[slot].look(by_status_thread=False)
        if code in (POWER_UP, RESET):
            return _offered(slot.power_up() if shown else None)
        slot.power_down()
        return (OK if shown else REFUSED), b""

    def _agree(self, slot: Slot, code: int, data: bytes) -> Result:
        with self._lock:
            self._agreed[slot] = True
        return OK, b""

    def _transmit(self, slot: Slot, code: int, data: bytes) -> Result:
        """pcscd looks at a connection first and sends its command later; in between it may see the card gone and back,
        and power it anew. With each new connection it agrees upon a protocol: a command before that is an old one's."""
        if not self._agreed[slot] and code in (T0, T1):
            return REFUSED, b""
        return slot.command(data)

    def _capability(self, slot: Slot, code: int, data: bytes) -> Result:
        return (OK, bytes([len(self.slots)])) if code == SLOTS_NUMBER else _offered(slot.attribute(code))

    def _control(self, slot: Slot, code: int, data: bytes) -> Result:
        try:
            return _offered(slot.control(code, data))
        except (CardRemoved, DeviceSilent):  # the handler has one error for both, as real readers have
            return SILENT, b""


_OPERATIONS: dict[bytes, Callable[[ReaderModel, Slot, int, bytes], Result]] = {
    b"I": ReaderModel._presence,
    b"W": ReaderModel._wait,
    b"P": ReaderModel._power_action,
    b"S": ReaderModel._agree,
    b"X": ReaderModel._transmit,
    b"G": ReaderModel._capability,
    b"C": ReaderModel._control,
}


def _offered(value: bytes | None) -> Result:
    return (REFUSED, b"") if value is None else (OK, value)
