"""Command and response APDUs, and what they say. ISO 7816-4; EMV Book 1, 9; EMV Book 3, 6.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from protocols.emv.tags import TAGS
from protocols.emv.tlv import Tlv, TlvError, parse
from protocols.faults import HoldfastError

Described: TypeAlias = "dict[str, str | list[dict[str, str | int]]]"

COMMANDS = {
    0xA4: "SELECT", 0xB2: "READ RECORD", 0xA8: "GET PROCESSING OPTIONS", 0x20: "VERIFY", 0xAE: "GENERATE AC",
    0xCA: "GET DATA", 0x84: "GET CHALLENGE", 0x88: "INTERNAL AUTHENTICATE", 0x82: "EXTERNAL AUTHENTICATE",
    0xC0: "GET RESPONSE", 0x1E: "APPLICATION BLOCK", 0x18: "APPLICATION UNBLOCK", 0x16: "CARD BLOCK",
    0x24: "PIN CHANGE/UNBLOCK", 0xDA: "PUT DATA", 0xDC: "UPDATE RECORD",
}  # fmt: skip
INSTRUCTIONS = {name: instruction for instruction, name in COMMANDS.items()}
NEXT_OCCURRENCE = 0x02
"""P2 of SELECT. EMV Book 1, 11.3.2, table 42"""
CDA_REQUESTED = 0x10
"""b5 of P1 of GENERATE AC. EMV Book 3, 6.5.5, table 13"""
PIN_COMMANDS = (0x20, 0x24)
"""VERIFY and PIN CHANGE."""
_PIN_INSTRUCTIONS = tuple(bytes([ins]) for ins in PIN_COMMANDS)
PIN_UNBLOCK = b"\x24\x00"
"""Instruction and P2."""
HEADER_BYTES, LONGEST_MAC = 5, 8
"""Class, instruction, parameters and length; EMV Book 2, 9.2.1."""
SCRIPT_COMMAND = "86"
"""An issuer's command within F55. EMV Book 3, Annex A"""
CRYPTOGRAMS = {0x00: "AAC", 0x40: "TC", 0x80: "ARQC"}
STATUS = {
    "9000": "done", "6200": "no information", "6283": "blocked", "6300": "authentication failed",
    "6400": "nothing changed", "6581": "memory failure", "6700": "wrong length", "6882": "no secure messaging",
    "6982": "security state not satisfied", "6983": "PIN blocked", "6984": "data unusable",
    "6985": "conditions not satisfied", "6987": "MAC missing", "6988": "wrong MAC", "6A80": "wrong data",
    "6A81": "function not supported, or card blocked",
    "6A82": "file not found", "6A83": "record not found", "6A86": "wrong P1 P2", "6A88": "data not found",
    "6D00": "instruction unknown", "6E00": "class unknown", "6F00": "no diagnosis",
}  # fmt: skip


class ApduError(HoldfastError):
    """Bytes are no APDU."""


@dataclass(frozen=True, slots=True)
class Apdu:
    """A command. `le` is None when no answer data is asked for; 256 is "all"."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def pack(self) -> bytes:
        """Short form, ISO 7816-3, 12.1.3. Raises ApduError for more than 255 bytes of data."""
        if len(self.data) > 255:
            raise ApduError(f"{len(self.data)} bytes of data are more than a short command holds")
        packed = bytes([self.cla, self.ins, self.p1, self.p2])
        if self.data:
            packed += bytes([len(self.data)]) + self.data
        return packed if self.le is None else packed + bytes([self.le % 256])

    @classmethod
    def parse(cls, raw: bytes) -> Apdu:
        """Raises ApduError when header, Lc and data do not fit."""
        if len(raw) < 4:
            raise ApduError(f"{len(raw)} bytes are no command")
        (cla, ins, p1, p2), rest = raw[:4], raw[4:]
        if not rest:
            return cls(cla, ins, p1, p2)
        if len(rest) == 1:
            return cls(cla, ins, p1, p2, le=rest[0] or 256)
        size = rest[0]
        if not size:
            raise ApduError("Lc is 0", advice="commands of extended length are not read")
        if len(rest) == 1 + size:
            return cls(cla, ins, p1, p2, data=rest[1:])
        if len(rest) == 2 + size:
            return cls(cla, ins, p1, p2, data=rest[1:-1], le=rest[-1] or 256)
        raise ApduError(f"Lc says {size}, {len(rest) - 1} bytes follow")

    @property
    def name(self) -> str:
        """The command's name, or its INS byte."""
        return COMMANDS.get(self.ins, f"INS {self.ins:02X}")


@dataclass(frozen=True, slots=True)
class ResponseApdu:
    """A response: data and status words as four hex digits."""

    data: bytes
    sw: str

    @classmethod
    def parse(cls, raw: bytes) -> ResponseApdu:
        """Raises ApduError when there are no status words."""
        if len(raw) < 2:
            raise ApduError(f"{len(raw)} bytes are no response")
        return cls(raw[:-2], raw[-2:].hex().upper())

    @property
    def ok(self) -> bool:
        """Whether the card says that all is done."""
        return self.sw == "9000"


def describe_command(raw: bytes) -> Described:
    """Name and parameters of a command, secrets hidden."""
    try:
        command = Apdu.parse(raw)
    except ApduError as error:
        return {"name": "unreadable", "problem": str(error)}
    described: Described = {"name": command.name, "header": raw[:4].hex().upper(), "length": str(len(command.data))}
    told = _PARAMETERS.get(command.ins)
    return {**described, **told(command)} if told else described


def _file(command: Apdu) -> dict[str, str]:
    text = command.data.decode("ascii", "replace")
    name = text if text.isprintable() and text.startswith(("1PAY", "2PAY")) else command.data.hex().upper()
    return {"file": name, "occurrence": "next"} if command.p2 == NEXT_OCCURRENCE else {"file": name}


def _cryptogram(command: Apdu) -> dict[str, str]:
    asked = {"asks": CRYPTOGRAMS.get(command.p1 & 0xC0, "?")}
    return {**asked, "with": "CDA signature"} if command.p1 & CDA_REQUESTED else asked


def _tag(command: Apdu) -> dict[str, str]:
    tag = f"{command.p1:02X}{command.p2:02X}".removeprefix("00")
    return {"tag": tag, "of": TAGS[tag].name} if tag in TAGS else {"tag": tag}


_PARAMETERS: dict[int, Callable[[Apdu], dict[str, str]]] = {
    0xA4: _file,
    0xB2: lambda command: {"record": f"SFI {command.p2 >> 3}, record {command.p1}"},
    0xDC: lambda command: {"record": f"SFI {command.p2 >> 3}, record {command.p1}"},
    0xAE: _cryptogram,
    0xCA: _tag,
    0xDA: _tag,
    0x20: lambda command: {"PIN": {0x80: "plaintext", 0x88: "enciphered"}.get(command.p2, "?")},
    0x24: lambda command: {"does": "unblock the PIN" if command.p2 == 0 else "change the PIN"},
}
"""What a command's parameters say, by its instruction. EMV Book 3, 6.5"""


def describe_response(command: bytes, raw: bytes) -> Described:
    """Status words with their meaning, and the data object by object, secrets hidden."""
    try:
        response = ResponseApdu.parse(raw)
    except ApduError as error:
        return {"name": "unreadable", "problem": str(error)}
    name = COMMANDS.get(command[1], "?") if len(command) > 1 else "?"
    described: Described = {"name": name, "sw": response.sw, "meaning": meaning(response.sw)}
    try:
        if response.data:
            described["tlv"] = [_row(node, depth) for node, depth in _deep(parse(response.data), 0)]
    except TlvError:
        described["length"] = str(len(response.data))
    return described


def meaning(sw: str) -> str:
    """What status words say; empty for words that EMV does not name."""
    if sw.startswith("63C"):
        return f"{int(sw[3], 16)} tries left"
    if sw.startswith("61"):
        return f"{int(sw[2:], 16) or 256} bytes are ready"
    if sw.startswith("6C"):
        return f"wrong Le, {int(sw[2:], 16) or 256} is right"
    return STATUS.get(sw, "")


def _deep(nodes: list[Tlv] | tuple[Tlv, ...], depth: int) -> list[tuple[Tlv, int]]:
    rows = []
    for node in nodes:
        rows.append((node, depth))
        rows += _deep(node.children, depth + 1)
    return rows


def shown_script_command(value: bytes) -> bytes:
    """An issuer's command as it may be told: data that hold a PIN, if only an enciphered one, as FF behind the header.

    A PIN UNBLOCK brings a MAC alone. EMV Book 3, 6.5.10
    """
    data = value[HEADER_BYTES:]
    if value[1:2] not in _PIN_INSTRUCTIONS or (value[1:4:2] == PIN_UNBLOCK and len(data) <= LONGEST_MAC):
        return value
    return value[:HEADER_BYTES] + b"\xff" * len(data)


def _row(node: Tlv, depth: int) -> dict[str, str | int]:
    known = TAGS.get(node.tag)
    hidden = known is not None and known.hidden
    octets = shown_script_command(node.value) if node.tag == SCRIPT_COMMAND else node.value
    value = f"({len(octets)} bytes, hidden)" if hidden else "" if node.children else octets.hex().upper()
    return {"tag": node.tag, "name": known.name if known else "unknown", "value": value, "depth": depth}
