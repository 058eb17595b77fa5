"""PIN blocks under the PIN key, with and without the PAN. facts/unionpay-pos 2.1, 4.6."""

from __future__ import annotations

from enum import StrEnum

from protocols.crypto import BLOCK, TripleDes, xor


class PinFormat(StrEnum):
    """How a PIN lies in F52. `digit` is how F53 tells it."""

    WITH_PAN = "with PAN"  # ISO 9564-1 format 0
    WITHOUT_PAN = "without PAN"  # likely: of reservation and mobile messages

    @property
    def digit(self) -> str:
        """The first digit of F53."""
        return _DIGITS[self]

    @classmethod
    def of_digit(cls, digit: str) -> PinFormat | None:
        """What the first digit of F53 tells; None for no PIN, or for a digit that nobody knows."""
        return _FORMATS.get(digit)


_DIGITS = {PinFormat.WITH_PAN: "2", PinFormat.WITHOUT_PAN: "1"}
_FORMATS = {digit: form for form, digit in _DIGITS.items()}


def _pan_block(pan: str) -> bytes:
    """The 12 digits left of the check digit, standing right."""
    return bytes.fromhex("0000" + pan[-13:-1].rjust(12, "0"))


def _mask(pan: str, pin_format: PinFormat) -> bytes:
    return bytes(BLOCK) if pin_format is PinFormat.WITHOUT_PAN else _pan_block(pan)


def _fits(pan: str, pin_format: PinFormat) -> bool:
    return pin_format is PinFormat.WITHOUT_PAN or (pan.isascii() and pan.isdigit())


def pin_block(pin: str, pan: str, pin_format: PinFormat = PinFormat.WITH_PAN) -> bytes:
    """The clear block: never leaves the PIN pad but under a key.

    Raises ValueError unless the PIN has 4 to 12 digits, and for no PAN where the format wants one.
    """
    if not (pin.isascii() and pin.isdigit()) or not 4 <= len(pin) <= 12:
        raise ValueError("a PIN has 4 to 12 digits")
    if not _fits(pan, pin_format):
        raise ValueError("a PIN block with PAN wants the digits of the PAN")
    return xor(bytes.fromhex(f"0{len(pin):X}{pin}".ljust(2 * BLOCK, "F")), _mask(pan, pin_format))


def pin_in_clear(block: bytes, pan: str) -> bool:
    """Whether a block is one of this card, in either format, that nobody enciphered. cases 216"""
    forms = [form for form in PinFormat if _fits(pan, form)] if len(block) == BLOCK else []
    return any(_digits(xor(block, _mask(pan, form))) is not None for form in forms)


def _digits(field: bytes) -> str | None:
    """The PIN of a PIN field; None when it is none. ISO 9564-1"""
    clear = field.hex().upper()
    length = int(clear[1], 16)
    pin, filling = clear[2 : 2 + length], clear[2 + length :]
    if clear[0] != "0" or not 4 <= length <= 12 or not pin.isdigit() or filling.strip("F"):
        return None
    return pin


class PinKey:
    """A PIN key with its cipher alive, for who reads or makes more than one block. One thread at a time."""

    __slots__ = ("_des",)

    def __init__(self, key: bytes) -> None:
        self._des = TripleDes(key)

    def encrypt(self, pin: str, pan: str, pin_format: PinFormat = PinFormat.WITH_PAN) -> bytes:
        """F52: 8 bytes. Without PAN, the PAN is not looked at. Raises ValueError as `pin_block` does."""
        return self._des.encrypt(pin_block(pin, pan, pin_format))

    def decrypt(self, block: bytes, pan: str, pin_format: PinFormat = PinFormat.WITH_PAN) -> str | None:
        """The PIN in F52, or None when it is no PIN block of this format, of this card, under this key."""
        if len(block) != BLOCK or not _fits(pan, pin_format):
            return None
        return _digits(xor(self._des.decrypt(block), _mask(pan, pin_format)))


def encrypt_pin(pin_key: bytes, pin: str, pan: str, pin_format: PinFormat = PinFormat.WITH_PAN) -> bytes:
    """One block under a key that is not kept: see `PinKey.encrypt`."""
    return PinKey(pin_key).encrypt(pin, pan, pin_format)


def decrypt_pin(pin_key: bytes, block: bytes, pan: str, pin_format: PinFormat = PinFormat.WITH_PAN) -> str | None:
    """One block under a key that is not kept: see `PinKey.decrypt`."""
    return PinKey(pin_key).decrypt(block, pan, pin_format)
