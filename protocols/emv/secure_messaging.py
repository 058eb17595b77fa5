"""Secure messaging of issuer scripts: MAC of a command, and a PIN enciphered in it. EMV Book 2, 9.

The MAC covers header, counter, request cryptogram and data, format 2 of EMV Book 2, 9.2.1. PBOC's own rules are
"likely": no figure was found, they follow VIS, from which JR/T 0025 took them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import NamedTuple

from protocols.crypto import BLOCK, RetailChain, TripleDes, fill, xor
from protocols.emv.apdu import Apdu
from protocols.emv.pin import pin_block_2, pin_of_block_2

MAC_SIZE = 4
"""EMV Book 2, 9.2.1: 4 to 8 bytes; PBOC has 4, likely"""
_ZEROS = bytes(BLOCK)


class Encipherment(NamedTuple):
    """How the data of a command is hidden, and what stands in it for a new PIN."""

    encipher: Callable[[bytes, bytes], bytes]
    decipher: Callable[[bytes, bytes], bytes]
    """Raises ValueError for what was not so enciphered."""
    pin_block: Callable[[bytes, str, str], bytes]
    """Card's key for cryptograms, new PIN, current PIN or nothing."""
    pin_of: Callable[[bytes, bytes, str], str | None]


@dataclass(frozen=True, slots=True)
class ScriptKeys:
    """What one transaction gives to its scripts: two session keys, counter and request cryptogram."""

    mac: bytes = field(repr=False)
    enc: bytes = field(repr=False)
    ac: bytes = field(repr=False)
    """The card's own key for cryptograms: PBOC's PIN block wants a part of it."""
    atc: bytes
    request: bytes
    encipherment: Encipherment = field(repr=False)


def script_mac(command: Apdu, keys: ScriptKeys, size: int = MAC_SIZE) -> bytes:
    """MAC of a command whose data has none yet. ISO 9797-1 algorithm 3, padding method 2. EMV Book 2, Annex A1.2.1"""
    header = bytes([command.cla, command.ins, command.p1, command.p2, len(command.data) + size])
    covered = header + keys.atc + keys.request + command.data
    return RetailChain(keys.mac).last(fill(covered + b"\x80"))[:size]


def seal(command: Apdu, keys: ScriptKeys, size: int = MAC_SIZE) -> Apdu:
    """The command with its MAC behind its data."""
    return Apdu(command.cla, command.ins, command.p1, command.p2, command.data + script_mac(command, keys, size))


def opened(command: Apdu, keys: ScriptKeys, size: int = MAC_SIZE) -> Apdu | None:
    """The card's side: the command without its MAC; None when the MAC is wrong or not there."""
    if len(command.data) < size:
        return None
    bare = Apdu(command.cla, command.ins, command.p1, command.p2, command.data[:-size])
    return bare if compare_digest(script_mac(bare, keys, size), command.data[-size:]) else None


def pin_change(keys: ScriptKeys, new: str, current: str = "") -> bytes:
    """Enciphered data of PIN CHANGE. With the current PIN the card wants to have it right, too (PBOC, likely).

    Raises ValueError for a PIN that is none.
    """
    return keys.encipherment.encipher(keys.enc, keys.encipherment.pin_block(keys.ac, new, current))


def pin_of_change(keys: ScriptKeys, data: bytes, current: str = "") -> str | None:
    """The card's side: the new PIN; None of data that holds none."""
    try:
        block = keys.encipherment.decipher(keys.enc, data)
    except ValueError:
        return None
    return keys.encipherment.pin_of(keys.ac, block, current)


# ── PBOC, likely: length and padding in front and behind, ECB; a PIN block crossed with a part of the card's key ──


def _with_length(key: bytes, data: bytes) -> bytes:
    clear = bytes([len(data)]) + data
    return TripleDes(key).encrypt(clear if len(clear) % BLOCK == 0 else fill(clear + b"\x80"))


def _without_length(key: bytes, data: bytes) -> bytes:
    clear = TripleDes(key).decrypt(data)
    if not clear or len(clear) < 1 + clear[0]:
        raise ValueError("the length does not fit the data")
    return clear[1 : 1 + clear[0]]


def _crossed_block(ac: bytes, new: str, current: str) -> bytes:
    """Length, digits and F, crossed with the right half of the left key, and with the current PIN if there is one."""
    return xor(xor(_plain_block(new), bytes(4) + ac[4:8]), _current_block(current))


def _plain_block(pin: str) -> bytes:
    block = pin_block_2(pin)
    return bytes([block[0] & 0x0F]) + block[1:]


def _current_block(current: str) -> bytes:
    return bytes.fromhex(current.ljust(2 * BLOCK, "0"))


def _of_crossed_block(ac: bytes, block: bytes, current: str) -> str | None:
    if len(block) != BLOCK:
        return None
    plain = xor(xor(block, bytes(4) + ac[4:8]), _current_block(current))
    return pin_of_block_2(bytes([plain[0] | 0x20]) + plain[1:]) if plain[0] < 0x10 else None


# ── EMV: always padded, CBC from zero; a PIN block of format 2. EMV Book 2, 9.3 and Annex A1.1 ──


def _padded(key: bytes, data: bytes) -> bytes:
    return _cbc(key, fill(data + b"\x80"))


def _unpadded(key: bytes, data: bytes) -> bytes:
    clear = _uncbc(key, data).rstrip(b"\x00")
    if not clear.endswith(b"\x80"):
        raise ValueError("there is no padding")
    return clear[:-1]


def _cbc(key: bytes, data: bytes) -> bytes:
    des, before, out = TripleDes(key), _ZEROS, b""
    for at in range(0, len(data), BLOCK):
        before = des.encrypt(xor(before, data[at : at + BLOCK]))
        out += before
    return out


def _uncbc(key: bytes, data: bytes) -> bytes:
    clear = TripleDes(key).decrypt(data)
    return xor(clear, (_ZEROS + data)[: len(clear)])


LENGTH_AND_ECB = Encipherment(_with_length, _without_length, _crossed_block, _of_crossed_block)
PADDED_CBC = Encipherment(
    _padded, _unpadded, lambda ac, new, current: pin_block_2(new), lambda ac, block, current: pin_of_block_2(block)
)
