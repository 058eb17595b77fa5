"""A card number that is on nobody's list, and in nobody's pocket.

Leading digit 9 is for numbering by national bodies, and the three digits behind it name the country (ISO/IEC 7812-1).
999 is no country: ISO 3166-1 leaves 900 to 999 to private use. So no issuer has this range, and none can be given it.
The check digit is right, so that nothing but the range is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocols.emv import build
from protocols.pan import derived
from tests.support.secret_search import encodings

RANGE = "99994173"
FOREIGN = next(derived(RANGE, 5208641))
EXPIRY = "3011"
TRACK_2 = f"{FOREIGN}D{EXPIRY}201000000000F"


def record(*, pan: str = FOREIGN) -> bytes:
    """A record as an issuer writes it, status words included."""
    return build([("70", [("5A", bytes.fromhex(pan)), ("5F24", bytes.fromhex(EXPIRY + "30"))])]) + b"\x90\x00"


def forms_in(data: bytes) -> set[str]:
    """Forms in which the foreign number stands in the data, whole or masked."""
    found = set()
    for form, text in encodings(data):
        if _whole(text):
            found.add(form)
        if _masked(text):
            found.add(f"{form}, masked")
    return found


def _whole(text: bytes) -> bool:
    squeezed = re.sub(rb"(?<=\d)[ -](?=\d)", b"", text)
    return FOREIGN.encode() in squeezed


def _masked(text: bytes) -> bool:
    """First six and last four, with anything but digits between, one sign a digit or fewer."""
    first, last = FOREIGN[:6].encode(), FOREIGN[-4:].encode()
    return re.search(first + rb"[^0-9\n]{1,24}" + last, text) is not None


def planted() -> Iterator[tuple[str, bytes]]:
    """Each form that a leak may have, by name: the search must find every one."""
    packed = bytes.fromhex(FOREIGN)
    yield "plain", f"card {FOREIGN}.".encode()
    yield "in groups", " ".join(FOREIGN[at : at + 4] for at in range(0, 16, 4)).encode()
    yield "packed", b"\x5a\x08" + packed
    yield "packed, half a byte on", bytes.fromhex("1" + FOREIGN + "0")
    yield "packed, padded", b"\x5a\x0a" + packed + b"\xff\xff"
    yield "hex of the packed", b"raw 5A08" + FOREIGN.encode()
    yield "hex of text", FOREIGN.encode().hex().upper().encode()
    yield "track 2, packed", bytes.fromhex(TRACK_2)
    yield "track 2, text", TRACK_2.replace("D", "=").encode()
    yield "UTF-16", FOREIGN.encode("utf-16-le")
    yield "masked by stars", f"{FOREIGN[:6]}******{FOREIGN[-4:]}".encode()
    yield "masked by bullets", f"{FOREIGN[:6]}••••••{FOREIGN[-4:]}".encode()
    yield "masked, packed", b"\x5a\x08" + bytes.fromhex(f"{FOREIGN[:6]}FFFFFF{FOREIGN[-4:]}")
    yield "masked, hex", f"{FOREIGN[:6]}FFFFFF{FOREIGN[-4:]}".encode()
