"""Finds test card numbers and given keys in any form that a file may hold them in.

A card number is known by its range and its check digit, so that no list of the cards of a run is needed.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from protocols.pan import LONGEST_PAN, TEST_RANGES, has_right_check_digit

LENGTHS = (13, 16, 19)
"""Digits of the house's cards."""
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
BASE64 = re.compile(rb"[A-Za-z0-9+/]{22,}={0,2}")

TOGETHER = 500_000
"""Bytes of decoded base64 that are looked through at once."""


def find_pans(data: bytes) -> set[str]:
    """Forms in which a whole card number of a test range stands in the data: `ascii`, `bcd`, `hex`, ..."""
    found = {form for form, text in _forms(data) if _plain(text)}
    if _bcd(data):
        found.add("bcd")
    return found


def _forms(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The data as text in every encoding that is looked through."""
    yield "ascii", data
    for name in ("utf-16-le", "utf-16-be"):
        for start in (0, 1):
            part = data[start:]
            yield name, part[: len(part) // 2 * 2].decode(name, "replace").encode("ascii", "replace")
    yield "hex", _unhexed(data)
    for decoded in _from_base64(data):
        yield "base64", decoded
        if _bcd(decoded):
            yield "base64", b"".join(prefix.encode() for prefix in _bcd(decoded))


def encodings(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The same, and what is packed two digits a byte as the text of its hex, in whichever phase."""
    for form, text in _forms(data):
        yield form, text
        if form in ("ascii", "base64"):
            yield f"{form}, packed", text.hex().upper().encode()


def _from_base64(data: bytes) -> Iterator[bytes]:
    """Every run of base64 decoded in each phase; runs together, up to a size, and apart by a line feed."""
    for start in range(4):
        kept: list[bytes] = []
        size = 0
        for match in BASE64.finditer(data):
            text = match[0][start:].rstrip(b"=")
            kept.append(base64.b64decode(text[: len(text) // 4 * 4]))
            size += len(kept[-1])
            if size > TOGETHER:
                yield b"\n".join(kept)
                kept, size = [], 0
        yield b"\n".join(kept)


def _unhexed(data: bytes) -> bytes:
    """Every run of hex digits as the bytes that it means, whatever its phase; runs apart by a line feed."""
    runs = re.findall(rb"[0-9A-Fa-f]{32,}", data)
    texts = []
    for run in runs:
        for start in (0, 1):
            part = run[start:]
            texts.append(bytes.fromhex(part[: len(part) // 2 * 2].decode()))
    return b"\n".join(texts)


def _plain(text: bytes) -> list[str]:
    """Card numbers as digits, also with a blank or a dash between groups."""
    squeezed = re.sub(rb"(?<=\d)[ -](?=\d)", b"", text)
    runs = (
        match[0].decode() for prefix in TEST_RANGES for match in re.finditer(prefix.encode() + rb"\d{5,11}", squeezed)
    )
    return [pan for run in runs for pan in _beginnings(run)]


def _beginnings(run: str) -> list[str]:
    """Card numbers of each length that a run of digits begins with: what follows one may be digits, too."""
    return [run[:length] for length in LENGTHS if len(run) >= length and has_right_check_digit(run[:length])]


def _bcd(data: bytes) -> list[str]:
    """Card numbers packed two digits a byte, in either phase."""
    found = []
    for prefix in TEST_RANGES:
        for shifted in (data, _half_a_byte_on(data) if len(data) < 1_000_000 else b""):
            needle, at = bytes.fromhex(prefix), 0
            while (at := shifted.find(needle, at)) >= 0:
                run = re.split(r"\D", shifted[at : at + (LONGEST_PAN + 1) // 2].hex(), maxsplit=1)[0]
                found += _beginnings(run)
                at += 1
    return found


def _half_a_byte_on(data: bytes) -> bytes:
    digits = data.hex()
    return bytes.fromhex(digits[1:] + "0") if digits else b""


def forms_of_key(key_hex: str) -> dict[str, bytes]:
    """A key in the forms that are searched for."""
    raw = bytes.fromhex(key_hex)
    return {
        "binary": raw, "hex": key_hex.upper().encode(), "hex, lower case": key_hex.lower().encode(),
        "base64": base64.b64encode(raw).rstrip(b"=")[:-1], "hex in base64": base64.b64encode(key_hex.encode())[:40],
        "utf-16": key_hex.encode("utf-16-le"),
    }  # fmt: skip


def find_key(data: bytes, key_hex: str) -> set[str]:
    """Forms in which a key stands in the data."""
    return {form for form, needle in forms_of_key(key_hex).items() if needle in data}


def layers(path: Path) -> Iterator[bytes]:
    """A file's bytes, and, for a PDF, each of its streams inflated, but for pictures in black and white: 00 and FF."""
    data = path.read_bytes()
    yield data
    if path.suffix == ".pdf":
        for match in STREAM.finditer(data):
            try:
                inflated = zlib.decompress(match[1])
            except zlib.error:
                continue
            if inflated.translate(None, b"\x00\xff"):
                yield inflated
