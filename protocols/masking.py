"""Hiding card data: what may be shown of raw bytes, and the note of what was there.

In binary a hidden nibble becomes F; in text a hidden digit becomes byte 7F, which decoders show as a bullet and no
terminal prints. First six and last four digits of a PAN stay.

In text, a PAN that the bench knows is found wherever its digits follow each other with at most `LONGEST_GAP` other
bytes between two of them. A PAN that nobody told of is found by its shape: 13 to 19 digits in one run, or in groups of
at most 8 with spaces or dashes between, that a scheme could have issued and whose check digit is right. Digits of full
width (GB 18030 A3B0-A3B9) count as digits, and style commands of a printer between two digits do not. What would be a
number if they were no commands is hidden as well, but told of nobody: a field of a message is no print.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, TypeAlias

from protocols.pan import LONGEST_PAN, SHORTEST_PAN, looks_like_a_pan

HIDDEN_TEXT = 0x7F
BULLET = "•"
LONGEST_GAP = 8
"""Bytes that may stand between two digits of a known PAN: spaces, a line feed, style commands."""

Owner = Literal["dut", "holdfast"]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Something secret that stood in clear: what, at which byte, how many digits, and whose doing it was.

    `kind` is pan, track, pin block, expiry, key, chip data, hidden (other) or undecodable.
    """

    kind: str
    offset: int
    clear_digits: int
    owner: Owner = "dut"


@dataclass(frozen=True, slots=True)
class Masked:
    """Bytes that may be written down, and what was hidden in them."""

    raw: bytes
    exposed: tuple[Exposure, ...] = ()


Span: TypeAlias = "tuple[int, int]"  # from, up to

_DIGIT = re.compile(r"[0-9\uff10-\uff19]|\xa3[\xb0-\xb9]")
_STYLE = re.compile(r"[\x1b-\x1d][ !\-EGMWBa].", re.DOTALL)  # ESC, FS and GS commands of one argument within a line
_CHINESE = re.compile(rb"([\x81-\xfe][0-9]){2}|[\x81-\xfe][\x40-\x7e\x80-\xfe]")  # GB 18030: four bytes, or two
_BETWEEN = re.compile(r"(?:\0\0\0|[ \-\u3000]|\xa1\xa1){1,3}")  # three zeros stand for a style command
_TRACK = re.compile(r"[=D]([0-9]+)")
_DIGIT_BYTES = bytes([*range(0x30, 0x3A), *range(0xB0, 0xBA)])  # the second are the tails of full width digits
_LONGEST_GROUP = 8


@dataclass(frozen=True, slots=True)
class _Find:
    kind: str
    digits: list[Span]
    hidden: list[Span]
    told: bool  # False for what overlaps an earlier find: hidden all the same


def mask_text(data: bytes, pans: Iterable[str] = ()) -> Masked:
    """Hide card numbers in printed bytes, and the track data behind one. `pans` are the cards of the bench."""
    if len(data) - len(data.translate(None, _DIGIT_BYTES)) < SHORTEST_PAN:
        return Masked(data)
    out, exposed = bytearray(data), []
    for find in _secrets(_CHINESE.sub(_without_digits, data).decode("latin-1"), pans):
        if find.told:
            exposed.append(Exposure(find.kind, find.digits[0][0], len(find.digits)))
        for start, end in find.hidden:
            out[start:end] = bytes([HIDDEN_TEXT]) * (end - start)
    return Masked(bytes(out), tuple(sorted(exposed, key=lambda exposure: exposure.offset)))


def mask_words(text: str, pans: Iterable[str] = ()) -> str:
    """The same for a decoded text, with bullets in place of what is hidden."""
    return _with_bullets(text, _secrets(text, pans))


def mask_known_words(text: str, pans: Iterable[str]) -> str:
    """Hide the cards of the bench alone: for words in which whatever else looks like a card number is none."""
    return _with_bullets(text, _secrets(text, pans, by_shape=False))


def _with_bullets(text: str, finds: Iterable[_Find]) -> str:
    shown = list(text)
    for find in finds:
        for start, end in find.hidden:
            shown[start:end] = BULLET * (end - start)
    return "".join(shown)


def _without_digits(character: re.Match[bytes]) -> bytes:
    """Two bytes of a four-byte character look like digits."""
    return bytes(4) if character[1] else character[0]


def _secrets(text: str, pans: Iterable[str], *, by_shape: bool = True) -> Iterator[_Find]:
    """As a printer reads it; and, hidden alone and not told, as it reads where nothing is a style command."""
    plain = _STYLE.sub("\0\0\0", text)
    yield from _finds(plain, pans, by_shape=by_shape)
    if plain != text:
        for find in _finds(text, pans, by_shape=by_shape):
            yield replace(find, told=False)


def _finds(plain: str, pans: Iterable[str], *, by_shape: bool) -> Iterator[_Find]:
    places = [match.span() for match in _DIGIT.finditer(plain)]
    digits = "".join(str(ord(plain[end - 1]) & 0x0F) for _, end in places)
    seen: set[int] = set()
    likely = _likely(digits, places, plain) if by_shape else ()
    for first, last in (*_known(digits, places, pans), *likely):
        spans = places[first:last]
        told = seen.isdisjoint(range(first, last))
        yield _Find("pan", spans, spans[6:-4], told)
        seen.update(range(first, last))
        track = _TRACK.match(plain, spans[-1][1])
        if track:
            rest = [(at, at + 1) for at in range(*track.span(1))]
            yield _Find("track", rest, rest, told)


def _known(digits: str, places: list[Span], pans: Iterable[str]) -> Iterator[Span]:
    """Where the cards of the bench stand: first and last digit as places in `digits`."""
    known = pans if isinstance(pans, (set, frozenset)) else set(pans)
    if not known or len(digits) < SHORTEST_PAN:
        return
    for length in sorted(set(map(len, known))):
        if length < SHORTEST_PAN:
            continue
        for first in range(len(digits) - length + 1):
            if digits[first : first + length] in known:
                spans = places[first : first + length]
                if all(right[0] - left[1] <= LONGEST_GAP for left, right in pairwise(spans)):
                    yield first, first + length


def _likely(digits: str, places: list[Span], plain: str) -> Iterator[Span]:
    """Where a number stands that may be a card's; of those that begin together, the longest first."""
    groups = _groups(places)
    for number, (first, last) in enumerate(groups):
        bare = last - len(digits[first:last].lstrip("0"))  # a PAN may be filled with zeros on its left
        likely = [(bare, last)] if looks_like_a_pan(digits[bare:last]) else []
        for (_, before), (after, end) in pairwise(groups[number : number + LONGEST_PAN]):
            gap = plain[places[before - 1][1] : places[after][0]]
            if end - first > LONGEST_PAN or end - after > _LONGEST_GROUP or not _BETWEEN.fullmatch(gap):
                break
            if last - first <= _LONGEST_GROUP and looks_like_a_pan(digits[first:end]):
                likely.insert(0, (first, end))
        yield from likely


def _groups(places: list[Span]) -> list[Span]:
    """Digits that touch each other."""
    starts = [at for at, (start, _) in enumerate(places) if not at or places[at - 1][1] != start]
    return list(pairwise([*starts, len(places)]))


def hide_nibbles(data: bytearray, start: int, count: int) -> None:
    """Replace `count` nibbles from nibble `start` on by F, in place."""
    if count <= 0:
        return
    end = start + count
    assert end <= 2 * len(data)
    if start % 2:
        data[start // 2] |= 0x0F
    if end % 2:
        data[end // 2] |= 0xF0
    first, last = (start + 1) // 2, end // 2
    if first < last:
        data[first:last] = b"\xff" * (last - first)


def hide_pan_nibbles(data: bytearray, start: int, digits: int) -> None:
    """Hide a packed PAN of so many digits but for its first six and last four, in place; a short one whole."""
    if digits >= SHORTEST_PAN:
        hide_nibbles(data, start + 6, digits - 10)
    else:
        hide_nibbles(data, start, digits)
