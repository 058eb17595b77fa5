"""A terminal reduced to its wire: packs a message, seals it if it has keys, and reads what comes back."""

from __future__ import annotations

import itertools
import socket
from typing import Any

from protocols.emv import build, cryptogram, cryptogram_input, derive_udk, session_key
from protocols.emv.certificates import CaPublicKey
from protocols.emv.rsa import RsaPublic
from protocols.iso8583 import (
    UNIONPAY,
    Frame,
    FrameReader,
    Message,
    WorkingKeys,
    compile_spec,
    encrypt_pin,
    mac_of,
    pack_frame,
    unpack_frame,
)
from tests.simulators.kit import DEADLINE_S, MASTER_KEY, MERCHANT, PAN, TERMINAL, credit_profile

CODEC = compile_spec(UNIONPAY)
TERMINAL_DATA = {
    "9F02": bytes.fromhex("000000010000"), "9F03": bytes(6), "9F1A": bytes.fromhex("0156"), "95": bytes(5),
    "5F2A": bytes.fromhex("0156"), "9A": bytes.fromhex("260615"), "9C": b"\x03", "9F37": bytes.fromhex("01020304"),
}  # fmt: skip
TRACK_2 = f"{PAN}D30122010000000000000"
FOLLOW_UPS = {  # facts/unionpay-pos 3, and how each names its original (2.5)
    "cancel": ("0100", "200000", "06", "11", "code"),
    "completion": ("0200", "000000", "06", "20", "code"),
    "advice": ("0220", "000000", "06", "24", "code"),
    "increment": ("0100", "030000", "60", "10", "code"),
    "void": ("0200", "200000", "06", "21", "trace"),
    "sale void": ("0200", "200000", "00", "23", "trace"),
    "refund": ("0220", "200000", "00", "25", "reference"),
    "adjustment": ("0220", "000000", "00", "32", "booking"),
    "tip": ("0220", "000000", "00", "34", "booking"),
}
GIVEN_KEYS = tuple(
    CaPublicKey.made(
        bytes.fromhex("A000000333"), index, RsaPublic(bytes([0x80 | index, *range(143)]), exponent), "301231"
    )
    for index, exponent in ((0x80, 3), (0x81, 65537))
)
"""CA keys as a rig gives them to its host: their moduli are nobody's."""
ATC, AIP, CVR = bytes.fromhex("0001"), bytes.fromhex("7C00"), bytes.fromhex("03A00000")


class RawClient:
    """One connection. `keys` are those of the last sign-on."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, DEADLINE_S)
        self._reader = FrameReader()
        self._ready: list[bytes] = []
        self._traces = itertools.count(1)
        self.keys: WorkingKeys | None = None
        self.scheme = "unionpay-ecb"
        self.body = b""

    def close(self) -> None:
        self.socket.close()

    # ── messages ──────────────────────────────────────────────────────────────────────────────────────────────

    def sign_on(self, form: str = "003", terminal: str = TERMINAL, master_key: bytes = MASTER_KEY) -> Message:
        request: Message = {0: "0800", 11: self.trace(), 41: terminal, 42: MERCHANT, 60: f"00000001{form}", 63: "01 "}
        reply = self.ask(request, seal=False)
        if reply[39] == "00":
            self.keys = WorkingKeys.unwrap(master_key, reply[62])  # type: ignore[arg-type]
        return reply

    def preauth(self, **changes: Any) -> Message:
        """A chip pre-authorisation of 100.00 with the right PIN and cryptogram; `f22="052"` changes field 22."""
        assert self.keys is not None
        message: Message = {
            0: "0100", 2: PAN, 3: "030000", 4: "000000010000", 11: self.trace(), 14: "3012", 22: "051", 23: "001",
            25: "06", 26: "12", 41: TERMINAL, 42: MERCHANT, 49: "156", 52: encrypt_pin(self.keys.pin, "123456", PAN),
            53: "2600000000000000", 55: chip_data(), 60: "1000000100050",
        }  # fmt: skip
        return _changed(message, changes)

    def follow_up(self, kind: str, original: Message, **changes: Any) -> Message:
        """A message of a later moment that speaks of what `original` approved, by the name of its row below."""
        mti, f3, f25, f60, named = FOLLOW_UPS[kind]
        message: Message = {
            0: mti, 2: PAN, 3: f3, 4: original[4], 11: self.trace(), 14: "3012", 22: "012", 25: f25,
            41: TERMINAL, 42: MERCHANT, 49: "156", 60: f"{f60}00000100050", 61: f"000000000000{original[13]}",
        }  # fmt: skip
        if named == "code":
            message[38] = original.get(38, "")
        if named in ("trace", "reference"):
            message[37] = original[37]
        if named in ("trace", "booking"):
            message[61] = f"000001{original[11]}{original[13]}"
        return _changed(message, changes)

    def sale(self, **changes: Any) -> Message:
        """As the pre-authorisation, but a sale."""
        return _changed(self.preauth(f0="0200", f3="000000", f25="00", f60="2200000100050"), changes)

    def balance(self, **changes: Any) -> Message:
        """As the pre-authorisation, but a balance enquiry."""
        return _changed(self.preauth(f0="0200", f3="310000", f25="00", f4=None, f60="0100000100050"), changes)

    def swiped(self, **changes: Any) -> Message:
        """A pre-authorisation by stripe, without a PIN."""
        stripe = {
            "f2": None,
            "f14": None,
            "f22": "022",
            "f23": None,
            "f26": None,
            "f52": None,
            "f53": None,
            "f55": None,
        }
        return _changed(self.preauth(**{**stripe, "f35": TRACK_2}), changes)

    def management(self, mti: str, f60_3: str, **changes: Any) -> Message:
        """A message without money: 08xx, 0320 or 0500."""
        message: Message = {0: mti, 11: self.trace(), 41: TERMINAL, 42: MERCHANT, 60: f"00000001{f60_3}"}
        return _changed(message, changes)

    def settlement(self, totals: str, **changes: Any) -> Message:
        """A settlement of batch 000001 that claims totals of 31 digits for domestic cards."""
        message = self.management("0500", "201", f48=totals + "0" * 31, f49="156", f63="01 ")
        return _changed(message, changes)

    def reversal(self, request: Message, reason: str = "98", **changes: Any) -> Message:
        kept = {n: v for n, v in request.items() if n in (2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60)}
        message: Message = {**kept, 0: "0400", 39: reason}
        if 61 in request:
            message[61] = f"000001{request[11]}0000"
        return _changed(message, changes)

    def trace(self) -> str:
        return f"{next(self._traces):06d}"

    # ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────

    def frame(self, message: Message, *, seal: bool = True) -> bytes:
        body = mac_of(self.scheme, self.keys.mac).seal(CODEC, message) if seal and self.keys else CODEC.pack(message)
        return pack_frame(Frame("6000060000", "613100311003", body))

    def ask(self, message: Message, *, seal: bool = True) -> Message:
        self.send(self.frame(message, seal=seal))
        return self.reply()

    def send(self, raw: bytes) -> None:
        self.socket.sendall(raw)

    def reply(self) -> Message:
        """The next reply; `body` and `raw` are its bytes."""
        while not self._ready:
            chunk = self.socket.recv(4096)
            assert chunk, "the host has hung up"
            self._ready += self._reader.feed(chunk)
        self.raw = self._ready.pop(0)
        self.body = unpack_frame(self.raw).body
        return CODEC.unpack(self.body)

    def ended(self) -> bool:
        """Wait for the host to hang up; False when it says something."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def chip_data(**changes: bytes) -> bytes:
    """F55 of the credit card with a right cryptogram, computed here from the issuer's key."""
    profile = credit_profile()
    key = session_key(derive_udk(bytes.fromhex(profile.test_master_key), PAN, profile.psn), ATC)
    values = {**TERMINAL_DATA, "82": AIP, "9F36": ATC}
    values["9F26"] = cryptogram(key, cryptogram_input(values, CVR))
    values["9F10"] = bytes([7, 1, 1]) + CVR + b"\x01"
    return build(list({**values, **{tag.removeprefix("t"): value for tag, value in changes.items()}}.items()))


def _changed(message: Message, changes: dict[str, Any]) -> Message:
    """`f52=None` drops a field."""
    merged = message | {int(name[1:]): value for name, value in changes.items()}
    return {number: value for number, value in merged.items() if value is not None}
