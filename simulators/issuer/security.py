"""What the host knows of terminals and cards, and what it checks with it: MAC, PIN and cryptogram."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import Literal

from protocols.emv import (
    IssuerApplicationData,
    Tlv,
    TlvError,
    cryptogram,
    cryptogram_input,
    derive_udk,
    flatten,
    parse,
    response_cryptogram,
    session_key,
)
from protocols.iso8583 import EcbMac, WorkingKeys, decrypt_pin
from protocols.iso8583.keys import KEY_BYTES

PinCheck = Literal["right", "wrong", "absent", "unreadable"]
CryptogramCheck = Literal["verified", "wrong", "absent"]


@dataclass
class CardOnFile:
    """A card as its issuer knows it. Never shown."""

    name: str
    pan: str = field(repr=False)
    psn: str
    expiry: str
    pin: str = field(repr=False)
    master_key: bytes = field(repr=False)
    status: str = "open"
    wrong_pins: int = 0

    def check_pin(self, keys: WorkingKeys, block: bytes | None) -> PinCheck:
        """F52 against the PIN on file."""
        if block is None:
            return "absent"
        typed = decrypt_pin(keys.pin, block, self.pan)
        if typed is None:
            return "unreadable"
        return "right" if hmac.compare_digest(typed, self.pin) else "wrong"

    def check_cryptogram(self, chip: bytes | None) -> tuple[CryptogramCheck, bytes, bytes]:
        """F55's ARQC; returns the session key and the ARQC too, for the answer. facts/pcsc-emv 4.3."""
        if chip is None:
            return "absent", b"", b""
        try:
            values = {node.tag: node.value for node in flatten(_nodes(chip))}
            issuer = IssuerApplicationData.parse(values["9F10"])
            key = session_key(derive_udk(self.master_key, self.pan, self.psn), values["9F36"])
            expected = cryptogram(key, cryptogram_input(values, issuer.cvr))
        except (TlvError, KeyError, ValueError):
            return "wrong", b"", b""
        given = values.get("9F26", b"")
        return ("verified" if hmac.compare_digest(given, expected) else "wrong"), key, given

    @staticmethod
    def answer_cryptogram(key: bytes, request: bytes, code: str) -> bytes:
        """Tag 91: ARPC and the response code it covers. facts/unionpay-pos 2.2."""
        response_code = code.encode("ascii")
        return response_cryptogram(key, request, response_code) + response_code


def _nodes(chip: bytes) -> list[Tlv]:
    return parse(chip)


@dataclass
class EnrolledTerminal:
    """A terminal that may sign on, with the keys of its session once it has."""

    merchant: str
    master_key: bytes = field(repr=False)
    batch: str = "000001"
    keys: WorkingKeys | None = None
    mac: EcbMac | None = None

    def sign_on(self, form: str) -> bytes:
        """Fresh working keys in the given form (F60.3); returns F62. The old ones are void at once."""
        size = KEY_BYTES[form]
        self.keys = WorkingKeys(secrets.token_bytes(size), secrets.token_bytes(size))
        self.mac = EcbMac(self.keys.mac)
        return self.keys.wrap(self.master_key)

    def sign_off(self) -> None:
        self.keys = self.mac = None


class Terminals:
    """Enrolled terminals by their number."""

    def __init__(self) -> None:
        self._known: dict[str, EnrolledTerminal] = {}

    def enrol(self, terminal: str, merchant: str, master_key: bytes) -> None:
        self._known[terminal] = EnrolledTerminal(merchant, master_key)

    def find(self, terminal: str, merchant: str) -> EnrolledTerminal | None:
        known = self._known.get(terminal)
        return known if known is not None and known.merchant == merchant else None
