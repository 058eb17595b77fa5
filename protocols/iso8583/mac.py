"""MAC schemes of F64 as switches: what one acquirer calls a MAC is a wrong one at the next. facts/unionpay-pos 4.1-4.5.

All go over the same block, from the MTI up to the byte before F64, filled with zeros. They differ in how it is folded
or chained, and in whether F64 holds 8 ASCII hex characters or 8 raw bytes.
"""

from __future__ import annotations

import difflib
import hmac
from abc import ABC, abstractmethod
from binascii import hexlify
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from protocols.crypto import BLOCK, CbcChain, RetailChain, TripleDes, fill, xor
from protocols.faults import ConfigurationError
from protocols.iso8583.compile import Codec, Message

MacCheck = Literal["valid", "wrong", "absent"]
MAC_FIELD = 64
_LAST_BIT = 0x01  # of the bitmap's last byte, byte 9 of the message


class Mac(Protocol):
    """A MAC scheme under one key. Its cipher contexts stay alive: use it from one thread at a time."""

    scheme: str

    def over(self, mab: bytes) -> bytes:
        """F64, 8 bytes, of a message block: MTI up to the byte before F64."""

    def seal(self, codec: Codec, message: Message) -> bytes:
        """Pack a message with its F64."""

    def check(self, body: bytes) -> MacCheck:
        """Whether a packed message carries the right F64."""


class _Sealed(ABC):
    """What all schemes share: where F64 lies, and how it is compared."""

    @abstractmethod
    def over(self, mab: bytes) -> bytes:
        """F64 of a message block."""

    def seal(self, codec: Codec, message: Message) -> bytes:
        body = codec.pack({**message, MAC_FIELD: bytes(BLOCK)})
        return body[:-BLOCK] + self.over(body[:-BLOCK])

    def check(self, body: bytes) -> MacCheck:
        if len(body) < 10 + BLOCK or not body[9] & _LAST_BIT:
            return "absent"
        return "valid" if hmac.compare_digest(self.over(body[:-BLOCK]), body[-BLOCK:]) else "wrong"


class EcbMac(_Sealed):
    """Fold, expand to hex, encipher twice; F64 holds 8 ASCII characters. 4.1; vectors a, b, d, e, o1, o2.

    Single DES for an 8-byte key, triple DES for a longer one.
    """

    scheme = "unionpay-ecb"

    def __init__(self, key: bytes) -> None:
        self._des = TripleDes(key)

    def over(self, mab: bytes) -> bytes:
        expanded = hexlify(fold(mab)).upper()
        first = self._des.encrypt(expanded[:BLOCK])
        second = self._des.encrypt(xor(first, expanded[BLOCK:]))
        return hexlify(second[: BLOCK // 2]).upper()


class SingleCbcMac(_Sealed):
    """X9.9: DES-CBC, 8 raw bytes. 4.3. Of a double-length key its first 8 bytes are taken, as terminals do (2.6)."""

    scheme = "x9.9"

    def __init__(self, key: bytes) -> None:
        self._chain = CbcChain(key[:BLOCK])

    def over(self, mab: bytes) -> bytes:
        return self._chain.last(fill(mab))


class TripleCbcMac(_Sealed):
    """As X9.9 with triple DES all along, 8 raw bytes. 4.3, interbank with double-length keys."""

    scheme = "3des-cbc"

    def __init__(self, key: bytes) -> None:
        self._chain = CbcChain(key)

    def over(self, mab: bytes) -> bytes:
        return self._chain.last(fill(mab))


class RetailMac(_Sealed):
    """X9.19, ISO 9797-1 algorithm 3: single DES chained, triple DES at the end, 8 raw bytes. 4.3, 4.5."""

    scheme = "x9.19"

    def __init__(self, key: bytes) -> None:
        self._chain = RetailChain(key)

    def over(self, mab: bytes) -> bytes:
        return self._chain.last(fill(mab))


class FoldMac(_Sealed):
    """Fold, then triple DES over that one block, 8 raw bytes. 4.3, Chanjet."""

    scheme = "fold-3des"

    def __init__(self, key: bytes) -> None:
        self._des = TripleDes(key)

    def over(self, mab: bytes) -> bytes:
        return self._des.encrypt(fold(mab))


def fold(mab: bytes) -> bytes:
    """R: all blocks of 8 bytes, the last one filled with zeros, by exclusive or. 4.1, step 2.

    The message is one number that is folded in halves of whole blocks, so few steps do for any length.
    """
    number = int.from_bytes(mab, "big") << 8 * (-len(mab) % BLOCK)
    blocks = -(-len(mab) // BLOCK)
    while blocks > 1:
        blocks -= blocks // 2
        number = number >> 64 * blocks ^ number & (1 << 64 * blocks) - 1
    return number.to_bytes(BLOCK, "big")


@dataclass(frozen=True, slots=True)
class MacScheme:
    """A row of the table: how a scheme is made from a key, and the lengths in bytes that its key may have."""

    make: Callable[[bytes], Mac]
    key_bytes: tuple[int, ...]
    f64: str


MAC_SCHEMES: dict[str, MacScheme] = {
    EcbMac.scheme: MacScheme(EcbMac, (8, 16, 24), "8 hex characters"),
    SingleCbcMac.scheme: MacScheme(SingleCbcMac, (8, 16), "8 bytes"),
    RetailMac.scheme: MacScheme(RetailMac, (16,), "8 bytes"),
    TripleCbcMac.scheme: MacScheme(TripleCbcMac, (16, 24), "8 bytes"),
    FoldMac.scheme: MacScheme(FoldMac, (16, 24), "8 bytes"),
}


def mac_of(scheme: str, key: bytes) -> Mac:
    """The named scheme under a key, with cipher contexts of its own.

    Raises ConfigurationError for a name that is none, with the near miss, and ValueError for a key of a length that
    the scheme cannot take.
    """
    row = MAC_SCHEMES.get(scheme)
    if row is None:
        near = difflib.get_close_matches(scheme.lower(), MAC_SCHEMES, n=1, cutoff=0.5)
        raise ConfigurationError(
            f"no MAC scheme is called {scheme!r}" + (f"; did you mean {near[0]!r}?" if near else ""),
            advice=f"it is one of {', '.join(MAC_SCHEMES)}",
        )
    if len(key) not in row.key_bytes:
        lengths = " or ".join(map(str, row.key_bytes))
        raise ValueError(f"a MAC key of {scheme} has {lengths} bytes, not {len(key)}")
    return row.make(key)
