"""Triple DES as cards and terminals use it: blocks and chains under a live context, keys always expanded to 24 bytes.

Short keys are being closed by the library beneath (design 10), so K becomes K|K|K and K1|K2 becomes K1|K2|K1.
"""

from __future__ import annotations

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

BLOCK = 8
_ZEROS = bytes(BLOCK)
_ECB, _FROM_ZERO = ECB(), CBC(_ZEROS)  # noqa: S305  the field's own modes
_number = int.from_bytes


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
    """ECB under one key. A context is kept alive: one block costs a tenth of a new cipher. One thread at a time.

    Each direction is made when it is first wanted: a key of one transaction enciphers alone.
    """

    __slots__ = ("_cipher", "_decrypt", "_encrypt")

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(TripleDES(expand_key(key)), _ECB)
        self._encrypt: CipherContext | None = None
        self._decrypt: CipherContext | None = None

    def encrypt(self, data: bytes) -> bytes:
        """Whole blocks only."""
        if len(data) % BLOCK:
            raise _broken(data)
        context = self._encrypt
        if context is None:
            context = self._encrypt = self._cipher.encryptor()
        return context.update(data)

    def decrypt(self, data: bytes) -> bytes:
        """Whole blocks only."""
        if len(data) % BLOCK:
            raise _broken(data)
        context = self._decrypt
        if context is None:
            context = self._decrypt = self._cipher.decryptor()
        return context.update(data)


class CbcChain:
    """The last block of CBC from a zero start, under one key. facts/unionpay-pos 4.3. One thread at a time.

    The context is kept alive as in `TripleDes`: what it still holds of the chain before is undone in the first block.
    """

    __slots__ = ("_encrypt", "_state")

    def __init__(self, key: bytes) -> None:
        self._encrypt = Cipher(TripleDES(expand_key(key)), _FROM_ZERO).encryptor()
        self._state = _ZEROS

    def last(self, data: bytes) -> bytes:
        """8 bytes; of no data at all, zeros. Whole blocks only."""
        if len(data) % BLOCK:
            raise _broken(data)
        if not data:
            return _ZEROS
        self._state = self._encrypt.update(xor(self._state, data[:BLOCK]) + data[BLOCK:])[-BLOCK:]
        return self._state


class RetailChain:
    """ISO 9797-1 algorithm 3 under one double-length key: single DES chained, triple DES at the end. 4.3, X9.19.

    Raises ValueError for a key of another length: the algorithm needs two halves. `triple` is the whole key, for what
    else is enciphered under it.
    """

    __slots__ = ("_first", "triple")

    def __init__(self, key: bytes) -> None:
        if len(key) != 2 * BLOCK:
            raise ValueError(f"a retail MAC key has {2 * BLOCK} bytes, not {len(key)}")
        self._first, self.triple = CbcChain(key[:BLOCK]), TripleDes(key)

    def last(self, data: bytes) -> bytes:
        """8 bytes. Whole blocks only, and at least one: the padding is the caller's."""
        return self.triple.encrypt(xor(self._first.last(data[:-BLOCK]), data[-BLOCK:]))


def fill(data: bytes) -> bytes:
    """Zeros up to whole blocks, and at least one block: padding method 1 of ISO 9797-1."""
    odd = len(data) % BLOCK
    return data + _ZEROS[odd:] if odd else data or _ZEROS


def _broken(data: bytes) -> ValueError:
    return ValueError(f"{len(data)} bytes are no whole blocks of {BLOCK}")


def xor(left: bytes, right: bytes) -> bytes:
    """Bytewise exclusive or of two strings of one length."""
    size = len(left)
    if size != len(right):
        raise ValueError(f"{size} and {len(right)} bytes are not of one length")
    return (_number(left) ^ _number(right)).to_bytes(size)


def check_value(key: bytes) -> bytes:
    """First 4 bytes of eight zero bytes enciphered under the key. facts/unionpay-pos 4.4."""
    return TripleDes(key).encrypt(_ZEROS)[:4]


def retail_mac(key: bytes, data: bytes) -> bytes:
    """ISO 9797-1 algorithm 3 with padding method 2 over a double-length key: 8 bytes. facts/pcsc-emv 4.3.

    Raises ValueError for a key of another length.
    """
    return RetailChain(key).last(fill(data + b"\x80"))
