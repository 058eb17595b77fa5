"""The PIN block of format 0 under the PIN key. facts/unionpay-pos 4.6."""

from __future__ import annotations

from protocols.crypto import BLOCK, TripleDes, xor


def _pan_block(pan: str) -> bytes:
    """The 12 digits left of the check digit, standing right."""
    return bytes.fromhex("0000" + pan[-13:-1].rjust(12, "0"))


def pin_block(pin: str, pan: str) -> bytes:
    """The clear block: never leaves the PIN pad but under a key. Raises ValueError unless it has 4 to 12 digits."""
    if not (pin.isascii() and pin.isdigit()) or not 4 <= len(pin) <= 12:
        raise ValueError("a PIN has 4 to 12 digits")
    return xor(bytes.fromhex(f"0{len(pin):X}{pin}".ljust(16, "F")), _pan_block(pan))


def encrypt_pin(pin_key: bytes, pin: str, pan: str) -> bytes:
    """F52: 8 bytes. Raises ValueError as `pin_block` does."""
    return TripleDes(pin_key).encrypt(pin_block(pin, pan))


def decrypt_pin(pin_key: bytes, block: bytes, pan: str) -> str | None:
    """The PIN in F52, or None when it is no PIN block of this card under this key."""
    if len(block) != BLOCK:
        return None
    clear = xor(TripleDes(pin_key).decrypt(block), _pan_block(pan)).hex().upper()
    length = int(clear[1], 16)
    pin, filling = clear[2 : 2 + length], clear[2 + length :]
    if clear[0] != "0" or not 4 <= length <= 12 or not pin.isdigit() or set(filling) - {"F"}:
        return None
    return pin
