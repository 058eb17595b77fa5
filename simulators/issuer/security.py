"""What the host knows of terminals and cards, and what it checks with it: MAC, PIN, track and cryptogram."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from protocols.emv import (
    IssuerApplicationData,
    TlvError,
    cryptogram,
    cryptogram_input,
    derive_udk,
    flatten,
    parse,
    response_cryptogram,
    session_key,
)
from protocols.iso8583 import WorkingKeys, decrypt_pin, mac_of
from protocols.iso8583.keys import FORMS
from protocols.iso8583.mac import Mac, MacCheck
from protocols.iso8583.pin import PinFormat
from simulators.issuer.keystore import KeyStore

PinCheck = Literal["right", "wrong", "absent", "unreadable"]
CryptogramCheck = Literal["verified", "wrong", "absent"]
WhichKey = Literal["current", "previous"]


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

    def check_pin(self, keys: WorkingKeys, block: bytes | None, form: PinFormat = PinFormat.WITH_PAN) -> PinCheck:
        """F52, in the format that F53 tells, against the PIN on file."""
        if block is None:
            return "absent"
        typed = decrypt_pin(keys.pin, block, self.pan, form)
        if typed is None:
            return "unreadable"
        return "right" if hmac.compare_digest(typed, self.pin) else "wrong"

    def check_cryptogram(self, chip: bytes | None) -> tuple[CryptogramCheck, bytes, bytes]:
        """F55's ARQC; returns the session key and the ARQC too, for the answer. facts/pcsc-emv 4.3."""
        if chip is None:
            return "absent", b"", b""
        try:
            values = {node.tag: node.value for node in flatten(parse(chip))}
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


@dataclass(repr=False)
class Session:
    """What one sign-on brought: working keys, and the MAC under them."""

    keys: WorkingKeys
    mac: Mac


@dataclass(frozen=True, repr=False)
class Sealed:
    """A MAC that was looked at: whether it is right, and under which session of the terminal."""

    check: MacCheck
    session: Session
    key: WhichKey = "current"


@dataclass
class EnrolledTerminal:
    """A terminal that may sign on, with the keys of its session once it has, and those of the session before.

    `master_key` is the name of its key in the key store.
    """

    number: str
    merchant: str
    master_key: str
    scheme: str
    session: Session | None = None
    previous: Session | None = None
    previous_until: float = 0.0

    def sign_on(self, form: str, store: KeyStore, now: float, grace: float) -> bytes:
        """Fresh working keys in the given form (F60.3); returns F62. The old ones count for `grace` seconds more."""
        self.previous, self.previous_until = self.session, now + grace
        layout = FORMS[form]
        keys = WorkingKeys(*(secrets.token_bytes(layout.key_bytes) for _ in range(layout.keys)))
        self.session = Session(keys, mac_of(self.scheme, keys.mac))
        return keys.wrap(store.get(self.master_key))

    def sign_off(self) -> None:
        self.session = self.previous = None

    def check_mac(self, body: bytes, now: float) -> Sealed | None:
        """None when it has not signed on. The key before counts while what was sent under it may be on its way."""
        if self.session is None:
            return None
        check = self.session.mac.check(body)
        before = self.previous if now <= self.previous_until else None
        if check == "wrong" and before is not None and before.mac.check(body) == "valid":
            return Sealed("valid", before, "previous")
        return Sealed(check, self.session)


class Terminals:
    """Enrolled terminals by their number."""

    def __init__(self, store: KeyStore, scheme: str) -> None:
        self.store = store
        self._scheme = scheme
        self._known: dict[str, EnrolledTerminal] = {}

    def enrol(self, terminal: str, merchant: str, master_key: bytes, *, test: bool) -> None:
        """Raises ConfigurationError unless the key is marked as a test key."""
        name = f"TMK {terminal}"
        self.store.put(name, master_key, test=test)
        self._known[terminal] = EnrolledTerminal(terminal, merchant, name, self._scheme)

    def find(self, terminal: str, merchant: str) -> EnrolledTerminal | None:
        known = self._known.get(terminal)
        return known if known is not None and known.merchant == merchant else None

    def numbered(self, terminal: str) -> EnrolledTerminal | None:
        """The terminal of this number, whichever merchant it belongs to."""
        return self._known.get(terminal)

    def __iter__(self) -> Iterator[EnrolledTerminal]:
        return iter(self._known.values())
