"""Pictures, barcodes and codes of two dimensions become lines of their kind."""

from __future__ import annotations

import pytest

from protocols.escpos import Line, decode


def drawn(data: bytes) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for slip in decode(data) for line in slip.lines]


RASTER = b"\x1dv0\x00\x02\x00\x03\x00" + b"\n\x1b\x1d\x00VB"
STORE = b"\x1d(k\x08\x001P0hello"
PRINT = b"\x1d(k\x03\x001Q0"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (RASTER, ("image", "16 x 3")),
        (b"\x1dk\x024006381333931\x00", ("barcode", "4006381333931")),
        (b"\x1dkI\x05{B123", ("barcode", "{B123")),
        (STORE + PRINT, ("qr", "hello")),
        (PRINT, ("qr", "")),
        (b"\x1d(k\x06\x000P0pdf" + b"\x1d(k\x03\x000Q0", ("barcode", "pdf")),
        (b"\x1d(L\x0b\x000p0\x01\x011\x08\x00\x01\x00\xff" + b"\x1d(L\x02\x0002", ("image", "8 x 1")),
        (b"\x1d8L\x0b\x00\x00\x000p0\x01\x011\x08\x00\x01\x00\xff" + b"\x1d(L\x02\x000\x02", ("image", "8 x 1")),
        (b"\x1d(L\x02\x0002", ("image", "nothing stored")),
        (b"\x1d*\x01\x01" + bytes(8) + b"\x1d/\x00", ("image", "stored image")),
        (b"\x1cp\x02\x00", ("image", "stored image 2")),
    ],
)
def test_a_drawing_is_a_line_of_its_kind(data: bytes, line: tuple[str, str]) -> None:
    assert drawn(data) == [line]


@pytest.mark.parametrize(
    "data", [STORE, b"\x1d(k\x04\x001A2\x00", b"\x1d(A\x02\x00\x00\x02", b"\x1d*\x01\x01" + bytes(8)]
)
def test_storing_and_setting_print_nothing(data: bytes) -> None:
    assert drawn(data) == []


def test_text_before_a_drawing_is_not_lost() -> None:
    assert drawn(b"label" + RASTER + b"after\n") == [("text", "label"), ("image", "16 x 3"), ("text", "after")]


def test_bytes_of_a_picture_are_neither_text_nor_commands() -> None:
    (slip,) = decode(RASTER + b"x\n\x1dV\x00")
    assert slip.lines[0] == Line("16 x 3", slip.lines[0].style, RASTER, "image")
    assert slip.text == "16 x 3\nx"


def test_a_strip_of_a_picture_ends_with_its_line_feed() -> None:
    assert drawn(b"\x1b*\x00\x02\x00\xff\x0a\n" + b"\x1b*\x21\x01\x00\xff\x0a\x1b\n" + b"x\n") == [
        ("image", "2 columns"), ("image", "1 columns"), ("text", "x"),
    ]  # fmt: skip


def test_a_picture_beside_text_leaves_the_text() -> None:
    assert drawn(b"\x1b*\x00\x01\x00\xffname\n") == [("text", "name")]
