"""Track encryption in place: 8 bytes of the packed track under the track key. facts/unionpay-pos 4.7.

The bytes that are enciphered end one byte before the last one, so a 37-digit track 2 keeps bytes 1-10 and 19 in clear:
the first 20 of its digits, which hold the PAN. F53 digit 3 tells that a track is enciphered.
"""

from __future__ import annotations

from collections.abc import Callable

from protocols.crypto import BLOCK, TripleDes

SHORTEST = 2 * (BLOCK + 1) - 1
"""Digits of the shortest track that holds 8 bytes before its last one."""
_CLEAR = frozenset("0123456789D")


def encrypt_track(track_key: bytes, digits: str) -> str:
    """F35 or F36 with its 8 bytes enciphered: as many nibbles as there were digits, in upper-case hex.

    `digits` may hold `=` or `D`. Raises ValueError for what is no track, or too short to hold 8 bytes.
    """
    clear = digits.replace("=", "D")
    if not _CLEAR.issuperset(clear):
        raise ValueError("a track in clear has digits and separators only")
    return _in_place(TripleDes(track_key).encrypt, clear)


def decrypt_track(track_key: bytes, nibbles: str) -> str:
    """The track in clear, its separators as `D`.

    Raises ValueError for a track too short to hold 8 bytes, and when what comes out is no track: the key is another, or
    it was not enciphered.
    """
    clear = _in_place(TripleDes(track_key).decrypt, nibbles)
    if not _CLEAR.issuperset(clear):
        raise ValueError(
            "the deciphered track holds nibbles that are no digits: is it enciphered under this track key?"
        )
    return clear


def _in_place(cipher: Callable[[bytes], bytes], nibbles: str) -> str:
    if len(nibbles) < SHORTEST:
        raise ValueError(f"a track of {len(nibbles)} digits is too short to encipher: it takes {SHORTEST}")
    packed = bytes.fromhex(nibbles + "0" * (len(nibbles) % 2))
    end = len(packed) - 1
    start = end - BLOCK  # the offset of 4.7: ceil(n / 2) - 9
    changed = packed[:start] + cipher(packed[start:end]) + packed[end:]
    return changed.hex().upper()[: len(nibbles)]
