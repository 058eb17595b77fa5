"""A walk through a card: the commands of a transaction up to its first cryptogram, so that a reader has something to
pass on. No terminal takes part, and whatever a terminal would know is zeros. EMV Book 1, 12.3; Book 3, 10.1, 10.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocols.emv import Apdu, TlvError, fill_dol, flatten, parse

FIELD_DIRECTORY, CONTACT_DIRECTORY = b"2PAY.SYS.DDF01", b"1PAY.SYS.DDF01"
RID = bytes.fromhex("A000000333")
"""Selected in part: the card's first application of this house is the one."""
ARQC = 0x80
OPTIONS_FORMAT_1 = "80"


class Reader(Protocol):
    """What a walk asks of a driver."""

    def power_on(self) -> bytes: ...

    def transmit(self, command: bytes) -> bytes: ...

    def power_off(self) -> None: ...


@dataclass
class Walk:
    """A walk under way: what the card has said of itself, and how many commands it answered."""

    reader: Reader
    directory: bytes
    answered: int = 0

    def __post_init__(self) -> None:
        self._values: dict[str, bytes] = {}

    def go(self) -> int:
        """From the reset to the first cryptogram; returns the number of commands. Raises as the driver does."""
        try:
            self.reader.power_on()
            self._select()
            for first, last, file in self._options():
                for record in range(first, last + 1):
                    self._learn(self._send(Apdu(0x00, 0xB2, record, (file & 0xF8) | 0x04, le=256)))
            self._send(Apdu(0x80, 0xAE, ARQC, 0x00, self._filled("8C"), 256))
        finally:
            self.reader.power_off()
        return self.answered

    def _select(self) -> None:
        """A card without the directory says so, and is walked through all the same."""
        self._send(Apdu(0x00, 0xA4, 0x04, 0x00, self.directory, 256))
        self._learn(self._send(Apdu(0x00, 0xA4, 0x04, 0x00, RID, 256)))

    def _options(self) -> list[tuple[int, int, int]]:
        """First and last record, and file, of each entry of the locator."""
        data = self._filled("9F38")
        self._learn(self._send(Apdu(0x80, 0xA8, 0x00, 0x00, b"\x83" + bytes([len(data)]) + data, 256)))
        locator = self._values.get(OPTIONS_FORMAT_1, bytes(2))[2:]
        entries = (locator[at : at + 4] for at in range(0, len(locator), 4))
        return [(entry[1], entry[2], entry[0]) for entry in entries if len(entry) == 4]

    def _send(self, command: Apdu) -> bytes:
        answer = self.reader.transmit(command.pack())
        self.answered += 1
        return answer[:-2]

    def _filled(self, dol: str) -> bytes:
        return fill_dol(self._values.get(dol, b""), {})

    def _learn(self, data: bytes) -> None:
        """A reader that spoils an answer is found out by others: here it only ends what can be learnt."""
        try:
            self._values |= {node.tag: node.value for node in flatten(parse(data)) if not node.children}
        except TlvError:
            return
