"""Where a card's answer shows a card number. Strict: what looks like one counts as one.

Data objects that hold a PAN are read exactly (EMV Book 3, Annex A; facts/pcsc-emv 4.2). Objects that nobody gave a
number to hold are looked through for its shapes, and so is an answer that is no TLV as a whole: a record that is cut
short or garbled shows its number all the same. Random values are left out there as far as objects can be followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from protocols.emv.tlv import Tlv, TlvError, flatten, header, is_template, parse
from protocols.pan import LONGEST_PAN, SHORTEST_PAN, looks_like_a_pan


@dataclass(frozen=True, slots=True)
class Shown:
    """A card number as an answer shows it. More than one reading: where it begins cannot be told, one of them is it.

    `cut` says that it is the beginning of a number alone. What a tag for numbers holds and is no number is a reading,
    too: of a PAN that nobody has on a list.
    """

    readings: tuple[str, ...] = field(repr=False)
    cut: bool = False


TRACK_2 = frozenset({"57", "9F6B"})
ISSUER = frozenset({"42", "9F0C"})
"""Issuer identification number, six digits and eight: the beginning of every PAN of the card."""
NO_NUMBER = frozenset({
    "4F", "61", "82", "84", "87", "88", "8C", "8D", "8E", "8F", "94", "97", "9F06", "9F38", "9F49",  # lists and names
    "90", "92", "93", "9F2D", "9F2E", "9F32", "9F46", "9F47", "9F48", "9F4B",  # certificates, keys, signatures
    "91", "95", "9F10", "9F26", "9F27", "9F36", "9F37", "9F4C",  # cryptograms, counters, random numbers
    "9F1F", "9F20", "9F24", "9F61",  # digits of other kinds: discretionary data, account reference, identity number
})  # fmt: skip
"""Values that are random, or digits of another kind: by chance or by design they look like a card number."""
GET_CHALLENGE, LONGEST_CHALLENGE = 0x84, 8
"""Eight random bytes, and no object. EMV Book 3, 6.5.6"""
FORMAT_1 = frozenset({0xA8, 0xAE, 0x88})
"""GET PROCESSING OPTIONS, GENERATE AC and INTERNAL AUTHENTICATE may answer with object 80, bare values without a PAN.
EMV Book 3, 6.5.5, 6.5.8, 6.5.9"""
FOLLOWED = (b"\x70", b"\x77", b"\x6f")
"""Templates of records, of answers of format 2, and of what SELECT answers. EMV Book 3, 6.5.5, 6.5.11; Book 1, 11.3"""
OF_READER, UID = 0xFF, 0xCA
"""Commands of class FF are the reader's own: FF CA tells a UID, FF B0 reads a storage card. PC/SC part 3, 3.2.2.1"""

_FEWEST_CUT, _FEWEST_OF_TRACK = 6, 12
"""Digits of a number that is cut off by the answer's end: fewer say nothing of whose card it is."""
_EXPIRY = r"(?=[0-9]{2}(?:0[1-9]|1[0-2]))"  # YYMM
_OF_TRACK = rf"([0-9]{{{_FEWEST_OF_TRACK},{LONGEST_PAN}}})"
_PACKED_TRACK = re.compile(rf"{_OF_TRACK}D{_EXPIRY}")
_TEXT_TRACK = re.compile(rf"{_OF_TRACK}[=D]{_EXPIRY}")
_TEXT_TRACK_1 = re.compile(r"B([0-9 ]{12,23})\^")
_TEXT_NUMBER = re.compile(rf"(?<![0-9])[0-9]{{{SHORTEST_PAN},{LONGEST_PAN}}}(?![0-9])")
_DIGITS = re.compile(r"[0-9]+")
_DIGITS_OF_TEXT = re.compile(r"[0-9]?(?:3[0-9])+3?")  # of each character in text the first half is a 3
_HEADER = re.compile(r"(?:5A|57|9F6B)(0[1-9A-F]|1[0-3])")


def numbers_shown(command: bytes, answer: bytes) -> Iterator[Shown]:
    """Every card number that the answer to a command shows, whatever its status words say."""
    cla, ins = (command[0], command[1]) if len(command) > 1 else (0, 0)
    data = answer[:-2]
    if cla == OF_READER:
        return iter(()) if ins == UID else _by_shape(data)
    if ins == GET_CHALLENGE and len(data) <= LONGEST_CHALLENGE:
        return iter(())
    try:
        nodes = list(flatten(parse(data)))
    except TlvError:
        return _of_broken(ins, data)
    bare = [node for node in nodes if not node.children and not (node.tag == "80" and ins in FORMAT_1)]
    return chain.from_iterable(map(_of_object, bare))


def _of_object(node: Tlv) -> Iterator[Shown]:
    digits = node.value.hex().upper().rstrip("F")
    if node.tag in NO_NUMBER or not digits:
        return
    if node.tag == "5A":
        yield Shown((digits,))
    elif node.tag in TRACK_2:
        yield Shown((digits.partition("D")[0],))
    elif node.tag == "56":
        yield Shown((_track_1(node.value),))
    elif node.tag in ISSUER:
        yield Shown((digits,), cut=True)
    else:
        yield from _by_shape(node.value)
        if _is_packed(digits):
            yield Shown((digits,))


def _is_packed(digits: str) -> bool:
    """A number two digits a byte, and no short text of digits that looks like one."""
    return looks_like_a_pan(digits) and not _DIGITS_OF_TEXT.fullmatch(digits)


def _track_1(value: bytes) -> str:
    """ISO/IEC 7813: format code, PAN, which may be grouped, and a caret; without the sentinel, which a chip omits."""
    text = value.decode("latin-1").lstrip("%")
    return text[1:].partition("^")[0].replace(" ", "")


def _of_broken(ins: int, data: bytes) -> Iterator[Shown]:
    """What is no TLV as a whole: by shape, but where values can be followed that hold no number.

    Random bytes look like a number in one certificate of fifty: a bad card must not end a run by chance. What stands
    behind the tag of a number counts as one wherever it is.
    """
    blanked = bytearray(data)
    for start, end in _random_parts(ins, data):
        blanked[start:end] = b"\xff" * (end - start)
    yield from _after_headers(data.hex().upper())
    yield from _by_shape(bytes(blanked))


def _random_parts(ins: int, data: bytes) -> Iterator[tuple[int, int]]:
    """Where such values lie: bare ones of format 1, and those of a template, as far as its objects can be followed."""
    if ins in FORMAT_1 and data[:1] == b"\x80":
        yield 1, len(data)
    if data[:1] not in FOLLOWED:
        return
    with suppress(TlvError):
        at = 0
        while at < len(data):
            if data[at] == 0x00:  # EMV Book 3, Annex B1
                at += 1
                continue
            tag, size, start = header(data, at)
            end = min(start + size, len(data))
            if tag in NO_NUMBER:
                yield start, end
            at = start if is_template(tag) else end


def _by_shape(data: bytes) -> Iterator[Shown]:
    """In data of which nobody says what they are: tracks, numbers in text, packed numbers that stand alone."""
    packed, text = data.hex().upper(), data.decode("latin-1")
    for track in (*_PACKED_TRACK.finditer(packed), *_TEXT_TRACK.finditer(text)):
        yield Shown(_endings(track[1]))
    for track in _TEXT_TRACK_1.finditer(text):
        yield Shown((track[1].replace(" ", ""),))
    for number in _TEXT_NUMBER.finditer(text):
        if looks_like_a_pan(number[0]):
            yield Shown((number[0],))
    for number in _DIGITS.finditer(packed):
        if _is_packed(number[0]):
            yield Shown((number[0],), cut=number.end() == len(packed))
    yield from _after_headers(packed)


def _endings(digits: str) -> tuple[str, ...]:
    """Digits before a separator: whatever stood before the PAN, a tag or a length, may look like digits, too."""
    return tuple(digits[-length:] for length in range(_FEWEST_OF_TRACK, len(digits) + 1))


def _after_headers(packed: str) -> Iterator[Shown]:
    """Tag and length of a PAN or a track 2, on a byte's edge, with digits behind them, whole or cut off."""
    for at in range(0, len(packed), 2):
        header = _HEADER.match(packed, at)
        digits = _DIGITS.match(packed, header.end()) if header else None
        if header is None or digits is None:
            continue
        value = digits[0][: 2 * int(header[1], 16)]
        if digits.end() == len(packed) and len(value) < 2 * int(header[1], 16):
            if len(value) >= _FEWEST_CUT:
                yield Shown((value,), cut=True)
        elif len(value) >= SHORTEST_PAN:
            yield Shown((value,))
