"""Triple DES as cards and terminals use it: ECB blocks under a live context, keys always expanded to 24 bytes.

Short keys are being closed by the library beneath (design 10), so K becomes K|K|K and K1|K2 becomes K1|K2|K1.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import ECB

BLOCK = 8


def expand_key(key: bytes) -> bytes:
    """A DES key of 8, 16 or 24 bytes as 24 bytes. Raises ValueError for any other length."""
    if len(key) == 8:
        return key * 3
    if len(key) == 16:
        return key + key[:8]
    if len(key) == 24:
        return key
    raise ValueError(f"a DES key has 8, 16 or 24 bytes, not {len(key)}")


class TripleDes:
    """ECB under one key. A context is kept alive: one block costs a tenth of a new cipher. One thread at a time."""

    __slots__ = ("_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        cipher = Cipher(TripleDES(expand_key(key)), ECB())  # noqa: S305  the field's own mode
        self._encrypt = cipher.encryptor()
        self._decrypt = cipher.decryptor()

    def encrypt(self, data: bytes) -> bytes:
        """Whole blocks only."""
        return self._encrypt.update(_whole(data))

    def decrypt(self, data: bytes) -> bytes:
        """Whole blocks only."""
        return self._decrypt.update(_whole(data))


def _whole(data: bytes) -> bytes:
    if len(data) % BLOCK:
        raise ValueError(f"{len(data)} bytes are no whole blocks of {BLOCK}")
    return data


def xor(left: bytes, right: bytes) -> bytes:
    """Bytewise exclusive or of two strings of one length."""
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def check_value(key: bytes) -> bytes:
    """First 4 bytes of eight zero bytes enciphered under the key. facts/unionpay-pos 4.4."""
    return TripleDes(key).encrypt(bytes(BLOCK))[:4]


def retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO 9797-1 algorithm 3 with padding method 2 over a double-length key: 8 bytes. facts/pcsc-emv 4.3.

    Raises ValueError for a key of another length: the algorithm needs two halves.
    """
    if len(key) != 2 * BLOCK:
        raise ValueError(f"a retail MAC key has {2 * BLOCK} bytes, not {len(key)}")
    padded = data + b"\x80"
    padded += bytes(-len(padded) % BLOCK)
    first, whole, state = TripleDes(key[:8]), TripleDes(key), bytes(BLOCK)
    for start in range(0, len(padded) - BLOCK, BLOCK):
        state = first.encrypt(xor(state, padded[start : start + BLOCK]))
    return whole.encrypt(xor(state, padded[-BLOCK:]))
