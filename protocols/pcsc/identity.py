"""What a reader says of itself: the attributes' tags and how their values read. PC/SC part 3; facts/pcsc-emv 5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

NOT_OFFERED = "not offered"
"""What a fingerprint says of a thing that the reader does not tell: never an empty string."""

VENDOR_NAME = 0x00010100
VENDOR_IFD_TYPE = 0x00010101
VENDOR_IFD_VERSION = 0x00010102
VENDOR_IFD_SERIAL_NO = 0x00010103
CHANNEL_ID = 0x00020110
DEFAULT_CLK = 0x00030121
MAX_CLK = 0x00030122
DEFAULT_DATA_RATE = 0x00030123
MAX_DATA_RATE = 0x00030124
MAX_IFSD = 0x00030125
CHARACTERISTICS = 0x00060150
CURRENT_PROTOCOL_TYPE = 0x00080201
ICC_PRESENCE = 0x00090300
ICC_INTERFACE_STATUS = 0x00090301
ATR_STRING = 0x00090303
ICC_TYPE_PER_ATR = 0x00090304
MAXINPUT = 0x0007A007
DEVICE_FRIENDLY_NAME = 0x7FFF0003
DEVICE_SYSTEM_NAME = 0x7FFF0004

FINGERPRINT = {
    "vendor": VENDOR_NAME,
    "type": VENDOR_IFD_TYPE,
    "version": VENDOR_IFD_VERSION,
    "serial": VENDOR_IFD_SERIAL_NO,
    "longest APDU": MAXINPUT,
    "channel": CHANNEL_ID,
}
"""The attributes that a report shows, by the words that it uses."""

_USB = 0x0020
_CHANNELS = {0x0001: "serial port", 0x0002: "parallel port", 0x0004: "PS/2", 0x0008: "SCSI", 0x0010: "IDE"}


@dataclass(frozen=True, slots=True)
class UsbPlace:
    """Where a USB reader is just now: the bus and the address that it got when it was plugged in."""

    bus: int
    address: int


def usb_place(channel: bytes) -> UsbPlace | None:
    """The place that CHANNEL_ID names, or None for a reader that is not on USB (or says it in another length).

    0xDDDDCCCC, little-endian: DDDD 0020 is USB, and libccid's CCCC is bus and address, a byte each.
    """
    number = int.from_bytes(channel, "little")
    if len(channel) != 4 or number >> 16 != _USB:
        return None
    return UsbPlace(number >> 8 & 0xFF, number & 0xFF)


def decode(tag: int, raw: bytes) -> str:
    """The value in words; a number in a length that is not its own, and what has no reading, in hex.

    An empty value is `NOT_OFFERED`: a reader that says nothing has not named itself.
    """
    if not raw:
        return NOT_OFFERED
    return _READINGS.get(tag, _hex)(raw) or NOT_OFFERED


def _hex(raw: bytes) -> str:
    return raw.hex().upper()


def _text(raw: bytes) -> str:
    """Up to the first zero byte; what no terminal prints is shown as a mark, so that no name can forge a line."""
    text = raw.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _version(raw: bytes) -> str:
    """0xMMmmbbbb: major, minor, build."""
    if len(raw) != 4:
        return _hex(raw)
    number = int.from_bytes(raw, "little")
    return f"{number >> 24}.{number >> 16 & 0xFF}.{number & 0xFFFF}"


def _number(unit: str) -> Callable[[bytes], str]:
    def read(raw: bytes) -> str:
        return f"{int.from_bytes(raw, 'little')}{unit}" if len(raw) in (1, 2, 4, 8) else _hex(raw)

    return read


def _channel(raw: bytes) -> str:
    place = usb_place(raw)
    if place is not None:
        return f"USB bus {place.bus}, device {place.address}"
    number = int.from_bytes(raw, "little")
    kind = _CHANNELS.get(number >> 16)
    return f"{kind} {number & 0xFFFF}" if kind and len(raw) == 4 else _hex(raw)


_READINGS: dict[int, Callable[[bytes], str]] = {
    VENDOR_NAME: _text,
    VENDOR_IFD_TYPE: _text,
    VENDOR_IFD_VERSION: _version,
    VENDOR_IFD_SERIAL_NO: _text,
    CHANNEL_ID: _channel,
    DEFAULT_CLK: _number(" kHz"),
    MAX_CLK: _number(" kHz"),
    DEFAULT_DATA_RATE: _number(" bit/s"),
    MAX_DATA_RATE: _number(" bit/s"),
    MAX_IFSD: _number(""),
    MAXINPUT: _number(""),
    DEVICE_FRIENDLY_NAME: _text,
    DEVICE_SYSTEM_NAME: _text,
}
