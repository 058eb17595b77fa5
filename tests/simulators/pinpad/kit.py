"""What the tests of the PIN pad share: hands that do as they are told, and a card that hears what it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.emv import Apdu
from protocols.emv.pin import decipher_pin
from protocols.emv.rsa import RsaPrivate
from protocols.iso8583 import WorkingKeys
from protocols.pinpad import PinEnd
from simulators.pinpad import Typed

MASTER = bytes.fromhex("44" * 16)  # facts/unionpay-pos 4.2: a public test key
KEYS = WorkingKeys(bytes.fromhex("4567C298FB0B045DAB54BF499E10EFCD"), bytes.fromhex("33" * 16))
PIN = "9173"
PAN = "6250947000000014"


class Fingers:
    """Does one thing after the other; the last one stays. A text of digits is a PIN."""

    def __init__(self, *entries: str | PinEnd) -> None:
        self.entries = list(entries) or [PIN]
        self.asked = 0

    def type_pin(self) -> Typed:
        self.asked += 1
        entry = self.entries.pop(0) if len(self.entries) > 1 else self.entries[0]
        return Typed(end=entry) if isinstance(entry, PinEnd) else Typed(entry)


@dataclass
class HearingCard:
    """Keeps the commands that reach it. With a key it deciphers what a VERIFY holds."""

    key: RsaPrivate | None = None
    challenge: bytes = b"CHALLENG"
    status: str = "9000"
    challenge_status: str = "9000"
    heard: list[Apdu] = field(default_factory=list)

    def send(self, raw: bytes) -> bytes:
        command = Apdu.parse(raw)
        self.heard.append(command)
        if command.name == "GET CHALLENGE":
            right = self.challenge_status == "9000"
            return (self.challenge if right else b"") + bytes.fromhex(self.challenge_status)
        return bytes.fromhex(self.status)

    def deciphered(self) -> tuple[bytes, bytes]:
        """PIN block and challenge of the last VERIFY."""
        assert self.key is not None
        found = decipher_pin(self.key, self.heard[-1].data)
        return found.block, found.challenge
