"""What the host knows of terminals and cards, and what it checks with it: MAC, PIN, track and cryptogram."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from protocols.emv import CardKey, IssuerApplicationData, SessionKey, TlvError
from protocols.emv.csu import NOTHING, Csu
from protocols.emv.keys import CardKeys, MasterKeys
from protocols.emv.secure_messaging import ScriptKeys
from protocols.emv.versions import PBOC_01, CryptogramVersion
from protocols.iso8583 import PinKey, WorkingKeys, mac_of
from protocols.iso8583.keys import FORMS
from protocols.iso8583.mac import Mac, MacCheck
from protocols.iso8583.pin import PinFormat, pin_in_clear
from simulators.issuer.keystore import KeyStore

PinCheck = Literal["right", "wrong", "absent", "unreadable", "clear"]
"""`clear`: it is a PIN block, and nobody enciphered it."""
CryptogramCheck = Literal["verified", "wrong", "absent"]
WhichKey = Literal["current", "previous"]


APPROVED = Csu.APPROVED | Csu.COUNTERS_TO_ZERO
"""What an issuer that approves has the card do. EMV Book 3, Annex C10"""
ANOTHER = "the cryptogram does not fit the data and the key of this card"


@dataclass(slots=True, repr=False)
class Cryptogram:
    """A request cryptogram that was looked at, and the key that answers it; none when there was nothing to look at.

    `fault` is why it is wrong.
    """

    check: CryptogramCheck
    key: SessionKey | None = None
    request: bytes = b""
    atc: bytes = b""
    version: CryptogramVersion = PBOC_01
    fault: str = ANOTHER

    def answer(self, code: str, approved: bool) -> bytes:
        """Tag 91: ARPC, and the response code or the status update that it covers, by the card's cryptogram version.

        Empty unless the request was right. facts/unionpay-pos 2.2; EMV Book 2, 8.2.
        """
        if self.check != "verified" or self.key is None:
            return b""
        return self.version.response(self.key, self.request, code.encode("ascii"), APPROVED if approved else NOTHING)


@dataclass(frozen=True, slots=True)
class PinChange:
    """A new PIN that is on its way to a card with a script: the issuer's is the old one until it is told of it.

    `sent_with` names the transaction: merchant, terminal, batch, trace.
    """

    sent_with: tuple[str, str, str, str]
    identifier: bytes
    pin: str = field(repr=False)


@dataclass
class CardOnFile:
    """A card as its issuer knows it. Never shown. Its key is derived once, and its cipher kept alive."""

    name: str
    pan: str = field(repr=False)
    psn: str
    expiry: str
    pin: str = field(repr=False)
    masters: MasterKeys = field(repr=False)
    status: str = "open"
    wrong_pins: int = 0
    version: CryptogramVersion = PBOC_01
    pin_change: PinChange | None = None

    @cached_property
    def key(self) -> CardKey:
        """The card's own key. Raises ValueError for a number that none can be derived for."""
        return self.version.card_key(self.version.derive(self.masters.ac, self.pan, self.psn))

    @cached_property
    def keys(self) -> CardKeys:
        """All three of the card's own keys."""
        return self.version.card_keys(self.masters, self.pan, self.psn)

    def script_keys(self, chip: Cryptogram) -> ScriptKeys:
        """Those of the transaction whose cryptogram this is."""
        return self.version.script_keys(self.keys, chip.atc, chip.request)

    def prepare(self) -> None:
        """Derive its key now, and not at its first transaction."""
        with suppress(ValueError):  # then no cryptogram of it is right, which is told when one comes
            _ = self.key

    def check_pin(self, key: PinKey, block: bytes | None, form: PinFormat = PinFormat.WITH_PAN) -> PinCheck:
        """F52, in the format that F53 tells, against the PIN on file."""
        if block is None:
            return "absent"
        typed = key.decrypt(block, self.pan, form)
        if typed is None:
            return "clear" if pin_in_clear(block, self.pan) else "unreadable"
        return "right" if hmac.compare_digest(typed, self.pin) else "wrong"

    def check_cryptogram(self, chip: Callable[[], Iterable[tuple[str, bytes]]] | None) -> Cryptogram:
        """F55's ARQC, `chip` reading its data objects, by the card's cryptogram version. facts/pcsc-emv 4.3."""
        if chip is None:
            return Cryptogram("absent")
        try:
            values = dict(chip())
            issuer_data, atc = values["9F10"], values["9F36"]
            said = IssuerApplicationData.parse(issuer_data).version
            key = self.key.session(atc)
            expected = key.cryptogram(self.version.data(values, issuer_data))
        except (TlvError, KeyError, ValueError):
            return Cryptogram("wrong")
        if said != self.version.number:
            fault = f"its data is of cryptogram version {said:02X}, the card of {self.version.number:02X} (hex)"
            return Cryptogram("wrong", fault=fault)
        given = values.get("9F26", b"")
        check: CryptogramCheck = "verified" if hmac.compare_digest(given, expected) else "wrong"
        return Cryptogram(check, key, given, atc, self.version)


@dataclass(repr=False)
class Session:
    """What one sign-on brought: working keys, and the MAC and the PIN cipher under them."""

    keys: WorkingKeys
    mac: Mac
    pin: PinKey


@dataclass(slots=True, repr=False)
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
        self.session = Session(keys, mac_of(self.scheme, keys.mac), PinKey(keys.pin))
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
