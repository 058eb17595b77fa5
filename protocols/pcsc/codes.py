"""What a PC/SC result code means, and what it is about. winscard of pcsc-lite; facts/pcsc-emv 1.5.

A result is told by its 32 bits, never by the class of an exception. Two are no results at all: 0xFFFFFFFF, which
pyscard gives where it lost the code, and 0 beside an empty answer, where it calls a torn card a success.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MASK = 0xFFFFFFFF
LOST_CODE = 0xFFFFFFFF
SHORTEST_ANSWER = 2
"""SW1 and SW2: every answer to a command has them. ISO 7816-4, 5.1."""


class About(StrEnum):
    """Who or what a code speaks of, and with that, what can be done about it."""

    OK = "ok"
    CARD = "card"
    READER = "reader"
    SERVICE = "service"
    SHARING = "sharing"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    CALL = "call"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A code with its name in winscard, what it says in words that are safe to show, and what it is about."""

    code: int
    name: str
    words: str
    about: About

    def __str__(self) -> str:
        return f"{self.words} ({self.code:08X})"


_ROWS = (
    (0x00000000, "SCARD_S_SUCCESS", "done", About.OK),
    (0x80100001, "SCARD_F_INTERNAL_ERROR", "the service failed within itself", About.SERVICE),
    (0x80100002, "SCARD_E_CANCELLED", "the call was cancelled", About.CALL),
    (0x80100003, "SCARD_E_INVALID_HANDLE", "the handle is of a service that has gone", About.SERVICE),
    (0x80100004, "SCARD_E_INVALID_PARAMETER", "a parameter is wrong", About.CALL),
    (0x80100005, "SCARD_E_INVALID_TARGET", "the start-up information is wrong", About.CALL),
    (0x80100006, "SCARD_E_NO_MEMORY", "the service is out of memory", About.SERVICE),
    (0x80100007, "SCARD_F_WAITED_TOO_LONG", "the service's own timer ran out", About.SERVICE),
    (0x80100008, "SCARD_E_INSUFFICIENT_BUFFER", "the answer is longer than the buffer", About.CALL),
    (0x80100009, "SCARD_E_UNKNOWN_READER", "no reader has this name", About.READER),
    (0x8010000A, "SCARD_E_TIMEOUT", "nothing happened in time", About.TIMEOUT),
    (0x8010000B, "SCARD_E_SHARING_VIOLATION", "another program holds the card", About.SHARING),
    (0x8010000C, "SCARD_E_NO_SMARTCARD", "no card", About.CARD),
    (0x8010000D, "SCARD_E_UNKNOWN_CARD", "no card has this name", About.CALL),
    (0x8010000E, "SCARD_E_CANT_DISPOSE", "the card cannot be let go like that", About.CALL),
    (0x8010000F, "SCARD_E_PROTO_MISMATCH", "the card speaks another protocol, or was powered anew", About.PROTOCOL),
    (0x80100010, "SCARD_E_NOT_READY", "reader or card is not ready", About.READER),
    (0x80100011, "SCARD_E_INVALID_VALUE", "a value is wrong", About.CALL),
    (0x80100012, "SCARD_E_SYSTEM_CANCELLED", "the system cancelled the call", About.SERVICE),
    (0x80100013, "SCARD_F_COMM_ERROR", "communication with the service lost", About.SERVICE),
    (0x80100014, "SCARD_F_UNKNOWN_ERROR", "the service failed for no known reason", About.SERVICE),
    (0x80100015, "SCARD_E_INVALID_ATR", "the answer to reset is invalid", About.CARD),
    # a torn card, a lost reader and a silent card all look like this at first: the reader's state tells, facts 1.5
    (0x80100016, "SCARD_E_NOT_TRANSACTED", "the exchange with the card broke off", About.CARD),
    (0x80100017, "SCARD_E_READER_UNAVAILABLE", "the reader is unavailable", About.READER),
    (0x80100019, "SCARD_E_PCI_TOO_SMALL", "the protocol header's buffer is too small", About.CALL),
    (0x8010001A, "SCARD_E_READER_UNSUPPORTED", "the reader's driver is not good enough", About.READER),
    (0x8010001B, "SCARD_E_DUPLICATE_READER", "two readers have one name", About.READER),
    (0x8010001C, "SCARD_E_CARD_UNSUPPORTED", "the card is not good enough", About.CARD),
    (0x8010001D, "SCARD_E_NO_SERVICE", "the PC/SC service is not running", About.SERVICE),
    (0x8010001E, "SCARD_E_SERVICE_STOPPED", "the PC/SC service stopped", About.SERVICE),
    # pcsc-lite gives one number to UNEXPECTED and to UNSUPPORTED_FEATURE; readers mean the second
    (0x8010001F, "SCARD_E_UNSUPPORTED_FEATURE", "the reader does not offer this", About.CALL),
    (0x80100020, "SCARD_E_ICC_INSTALLATION", "no provider for the card", About.CALL),
    (0x80100021, "SCARD_E_ICC_CREATEORDER", "objects in this order cannot be made", About.CALL),
    (0x80100022, "SCARD_E_UNSUPPORTED_FEATURE", "the reader does not offer this", About.CALL),  # on Windows
    (0x80100023, "SCARD_E_DIR_NOT_FOUND", "the card has no such directory", About.CALL),
    (0x80100024, "SCARD_E_FILE_NOT_FOUND", "the card has no such file", About.CALL),
    (0x80100025, "SCARD_E_NO_DIR", "the path is no directory of the card", About.CALL),
    (0x80100026, "SCARD_E_NO_FILE", "the path is no file of the card", About.CALL),
    (0x80100027, "SCARD_E_NO_ACCESS", "access is denied", About.CALL),
    (0x80100028, "SCARD_E_WRITE_TOO_MANY", "the card has no room", About.CALL),
    (0x80100029, "SCARD_E_BAD_SEEK", "the place in the file is wrong", About.CALL),
    (0x8010002A, "SCARD_E_INVALID_CHV", "the PIN is invalid", About.CALL),
    (0x8010002B, "SCARD_E_UNKNOWN_RES_MNG", "a layer below gave an unknown code", About.UNKNOWN),
    (0x8010002C, "SCARD_E_NO_SUCH_CERTIFICATE", "no such certificate", About.CALL),
    (0x8010002D, "SCARD_E_CERTIFICATE_UNAVAILABLE", "the certificate cannot be had", About.CALL),
    (0x8010002E, "SCARD_E_NO_READERS_AVAILABLE", "no reader is there", About.READER),
    (0x8010002F, "SCARD_E_COMM_DATA_LOST", "data between reader and card were lost", About.CARD),
    (0x80100030, "SCARD_E_NO_KEY_CONTAINER", "no such key container", About.CALL),
    (0x80100031, "SCARD_E_SERVER_TOO_BUSY", "the PC/SC service is too busy", About.SERVICE),
    (0x80100065, "SCARD_W_UNSUPPORTED_CARD", "reader and card cannot speak to each other", About.CARD),
    (0x80100066, "SCARD_W_UNRESPONSIVE_CARD", "the card is mute", About.CARD),
    (0x80100067, "SCARD_W_UNPOWERED_CARD", "the card has no power", About.CARD),
    (0x80100068, "SCARD_W_RESET_CARD", "the card was reset by another program", About.CARD),
    (0x80100069, "SCARD_W_REMOVED_CARD", "card removed", About.CARD),
    (0x8010006A, "SCARD_W_SECURITY_VIOLATION", "access is denied", About.CALL),
    (0x8010006B, "SCARD_W_WRONG_CHV", "the PIN is wrong", About.CALL),
    (0x8010006C, "SCARD_W_CHV_BLOCKED", "the PIN is blocked", About.CALL),
    (0x8010006D, "SCARD_W_EOF", "the file of the card ends there", About.CALL),
    (0x8010006E, "SCARD_W_CANCELLED_BY_USER", "a person cancelled", About.CALL),
    (0x8010006F, "SCARD_W_CARD_NOT_AUTHENTICATED", "no PIN was given", About.CALL),
)
MEANINGS = {code: Meaning(code, name, words, about) for code, name, words, about in _ROWS}


def meaning(code: int) -> Meaning:
    """What a result says. Signed and unsigned forms are the same; one that nobody knows is about UNKNOWN."""
    bits = code & MASK
    if bits == LOST_CODE:
        return Meaning(bits, "", "the result was lost on the way", About.UNKNOWN)
    return MEANINGS.get(bits) or Meaning(bits, "", "unknown PC/SC result", About.UNKNOWN)


def of_transmit(code: int, answer: bytes) -> Meaning:
    """What came of a command: a success without status words is none, and nobody knows what it was."""
    if code & MASK == 0 and len(answer) < SHORTEST_ANSWER:
        return Meaning(0, "SCARD_S_SUCCESS", "no valid answer", About.UNKNOWN)  # facts/pcsc-emv 1.5, row 2
    return meaning(code)
