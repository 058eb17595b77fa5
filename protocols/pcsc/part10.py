"""PC/SC part 10: what a reader offers beyond cards, and PIN entry on the reader itself. facts/pcsc-emv 5.

Control codes in the feature list are big-endian; everything else is little-endian.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import ClassVar

from protocols.faults import HoldfastError


class Part10Error(HoldfastError):
    """A part 10 structure is malformed; the text names the structure and the byte."""

    component = "reader"


def CTL(number: int) -> int:  # noqa: N802  as the field writes it: SCARD_CTL_CODE
    """The control code of pcsc-lite for a function number."""
    return 0x42000000 + number


GET_FEATURE = CTL(3400)


_SHORT_WORDS = {"PIN", "IFD", "TLV", "CCID", "MCT", "SPE", "APP", "ID", "PACE"}


class Feature(IntEnum):
    """What GET_FEATURE may list. Part 10, 2.2."""

    VERIFY_PIN_START = 0x01
    VERIFY_PIN_FINISH = 0x02
    MODIFY_PIN_START = 0x03
    MODIFY_PIN_FINISH = 0x04
    GET_KEY_PRESSED = 0x05
    VERIFY_PIN_DIRECT = 0x06
    MODIFY_PIN_DIRECT = 0x07
    MCT_READER_DIRECT = 0x08
    MCT_UNIVERSAL = 0x09
    IFD_PIN_PROPERTIES = 0x0A
    ABORT = 0x0B
    SET_SPE_MESSAGE = 0x0C
    VERIFY_PIN_DIRECT_APP_ID = 0x0D
    MODIFY_PIN_DIRECT_APP_ID = 0x0E
    WRITE_DISPLAY = 0x0F
    GET_KEY = 0x10
    IFD_DISPLAY_PROPERTIES = 0x11
    GET_TLV_PROPERTIES = 0x12
    CCID_ESC_COMMAND = 0x13
    EXECUTE_PACE = 0x20

    @property
    def words(self) -> str:
        return " ".join(word if word in _SHORT_WORDS else word.lower() for word in self.name.split("_"))


def features(raw: bytes) -> dict[Feature, int]:
    """The feature list: feature to control code. A feature of a later edition is passed over.

    Raises Part10Error for a list that is cut off, or a code that has not four bytes.
    """
    found: dict[Feature, int] = {}
    known = set(Feature)
    for at, tag, value in _tlv(raw, "feature list"):
        if len(value) != 4:
            raise Part10Error(f"feature list, byte {at + 1}: the code of feature {tag:02X} has {len(value)} bytes")
        if tag in known:
            found[Feature(tag)] = int.from_bytes(value)
    return found


def pack_features(offered: Mapping[Feature, int]) -> bytes:
    """The list as a reader gives it."""
    return b"".join(struct.pack(">BBI", feature, 4, code) for feature, code in offered.items())


def _tlv(raw: bytes, what: str) -> list[tuple[int, int, bytes]]:
    """Offset, tag and value of each: a tag of one byte, a length of one byte. No BER."""
    found, at = [], 0
    while at < len(raw):
        if at + 1 >= len(raw) or at + 2 + raw[at + 1] > len(raw):
            raise Part10Error(f"{what}, byte {at + 1}: entry {raw[at]:02X} is cut off")
        size = raw[at + 1]
        found.append((at, raw[at], raw[at + 2 : at + 2 + size]))
        at += 2 + size
    return found


_LANGUAGE_US = 0x0409


@dataclass(frozen=True, slots=True)
class PinVerify:
    """PIN_VERIFY_STRUCTURE: what the reader shall do with the PIN that a person types. Part 10, 2.5.2.

    `command` is the VERIFY with room for the PIN block. `timeout_s` 0 is the reader's own. `format` (bmFormatString),
    `block` (bmPINBlockString) and `length` (bmPINLengthFormat) say how the PIN goes into the command; the defaults are
    EMV's format 2 block: BCD, standing left, the length in the low half of its first byte. EMV Book 3, 6.5.12.
    """

    command: bytes
    timeout_s: int = 0
    timeout_after_key_s: int = 0
    format: int = 0x89
    block: int = 0x47
    length: int = 0x04
    shortest: int = 4
    longest: int = 12
    validation: int = 0x02
    messages: int = 0xFF
    language: int = _LANGUAGE_US
    message: int = 0
    prologue: bytes = bytes(3)

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("<BBBBBHBBHB3sI")

    def pack(self) -> bytes:
        """19 bytes and the command. wPINMaxExtraDigit is shortest × 256 + longest."""
        return (
            self._LAYOUT.pack(
                self.timeout_s, self.timeout_after_key_s, self.format, self.block, self.length,
                self.shortest << 8 | self.longest, self.validation, self.messages, self.language, self.message,
                self.prologue, len(self.command),
            ) + self.command
        )  # fmt: skip

    @classmethod
    def unpack(cls, raw: bytes) -> PinVerify:
        """The reader's side. Raises Part10Error when the length that it names is not the command's."""
        head = cls._LAYOUT.size
        if len(raw) < head:
            raise Part10Error(f"PIN verification, byte {len(raw) + 1}: {head} bytes are needed before the command")
        (timeout, after_key, form, block, length, digits, validation, messages, language, message, prologue, size) = (
            cls._LAYOUT.unpack_from(raw)
        )
        if len(raw) - head != size:
            raise Part10Error(f"PIN verification, byte 16: a command of {size} bytes, {len(raw) - head} follow")
        return cls(
            command=raw[head:], timeout_s=timeout, timeout_after_key_s=after_key, format=form, block=block,
            length=length, shortest=digits >> 8, longest=digits & 0xFF, validation=validation, messages=messages,
            language=language, message=message, prologue=prologue,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PinProperties:
    """PIN_PROPERTIES_STRUCTURE: the display in lines and columns (0 × 0: none), when an entry ends, the time a key."""

    lines: int = 0
    columns: int = 0
    validation: int = 0x07
    timeout_after_key_s: int = 0

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("<HBB")

    def pack(self) -> bytes:
        """wLcdLayout is lines × 256 + columns."""
        return self._LAYOUT.pack(self.lines << 8 | self.columns, self.validation, self.timeout_after_key_s)

    @classmethod
    def unpack(cls, raw: bytes) -> PinProperties:
        """Raises Part10Error when there are not four bytes."""
        if len(raw) != cls._LAYOUT.size:
            raise Part10Error(f"PIN properties have {cls._LAYOUT.size} bytes, these {len(raw)}")
        layout, validation, timeout = cls._LAYOUT.unpack(raw)
        return cls(layout >> 8, layout & 0xFF, validation, timeout)


_TEXT = 0
_PROPERTIES = {  # tag: field, bytes (0: text). Part 10, 2.6.14
    0x01: ("lcd_layout", 2), 0x02: ("validation", 1), 0x03: ("timeout_after_key_s", 1), 0x04: ("lcd_columns", 2),
    0x05: ("lcd_lines", 2), 0x06: ("shortest_pin", 1), 0x07: ("longest_pin", 1), 0x08: ("firmware", _TEXT),
    0x09: ("ppdu", 1), 0x0A: ("longest_apdu", 4), 0x0B: ("usb_vendor", 2), 0x0C: ("usb_product", 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TlvProperties:
    """What GET_TLV_PROPERTIES tells; None is "not offered". `longest_apdu` is data bytes, 0: short commands alone."""

    lcd_layout: int | None = None
    validation: int | None = None
    timeout_after_key_s: int | None = None
    lcd_columns: int | None = None
    lcd_lines: int | None = None
    shortest_pin: int | None = None
    longest_pin: int | None = None
    firmware: str | None = None
    ppdu: int | None = None
    longest_apdu: int | None = None
    usb_vendor: int | None = None
    usb_product: int | None = None

    @property
    def usb_ids(self) -> str:
        """`072f:2200` as lsusb writes it; empty when the reader does not say."""
        if self.usb_vendor is None or self.usb_product is None:
            return ""
        return f"{self.usb_vendor:04x}:{self.usb_product:04x}"

    def pack(self) -> bytes:
        """Tag, length and value of each that is known, in the order of the tags."""
        packed = b""
        for tag, (name, size) in _PROPERTIES.items():
            value = getattr(self, name)
            if value is not None:
                raw = value.to_bytes(size, "little") if size else value.encode("utf-8")
                packed += bytes([tag, len(raw)]) + raw
        return packed

    @classmethod
    def unpack(cls, raw: bytes) -> TlvProperties:
        """A property of a later edition is passed over. Raises Part10Error for one that is cut off or of wrong size."""
        known: dict[str, int | str] = {}
        for at, tag, value in _tlv(raw, "reader properties"):
            name, size = _PROPERTIES.get(tag, ("", _TEXT))
            if size and len(value) != size:
                raise Part10Error(f"reader properties, byte {at + 1}: {name} has {size} bytes, this one {len(value)}")
            if name:
                known[name] = int.from_bytes(value, "little") if size else value.decode("utf-8", "replace")
        return cls(**known)  # type: ignore[arg-type]


class PinResult(Enum):
    """How PIN entry on a reader ended."""

    RIGHT = "right"
    WRONG = "wrong"
    BLOCKED = "blocked"
    TIMED_OUT = "nobody typed in time"
    CANCELLED = "cancelled"
    MISMATCH = "the two new PINs differ"
    WRONG_LENGTH = "too short or too long"
    BAD_REQUEST = "the reader does not take this request"
    REFUSED = "refused"


_RESULTS = {  # part 10, 2.5.4: the reader's own; ISO 7816-4, 5.1.3: the card's
    "9000": PinResult.RIGHT, "6983": PinResult.BLOCKED, "63C0": PinResult.BLOCKED, "6300": PinResult.WRONG,
    "6400": PinResult.TIMED_OUT, "6401": PinResult.CANCELLED, "6402": PinResult.MISMATCH,
    "6403": PinResult.WRONG_LENGTH, "6B80": PinResult.BAD_REQUEST,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PinOutcome:
    """What came of it, the status words behind it, and the tries left where the card told them."""

    result: PinResult
    sw: str
    tries_left: int | None = None

    @property
    def right(self) -> bool:
        return self.result is PinResult.RIGHT

    @classmethod
    def from_sw(cls, sw: str) -> PinOutcome:
        """By status words, four hex digits. Words that nobody gave a meaning here are REFUSED."""
        tries = int(sw[3], 16) if sw.startswith("63C") else 0 if sw == "6983" else None
        return cls(_RESULTS.get(sw, PinResult.WRONG if tries else PinResult.REFUSED), sw, tries)

    @classmethod
    def from_answer(cls, answer: bytes) -> PinOutcome:
        """By what the reader gave back. Raises Part10Error where there are no status words."""
        if len(answer) < 2:
            raise Part10Error(f"PIN verification: an answer of {len(answer)} bytes has no status words")
        return cls.from_sw(answer[-2:].hex().upper())
