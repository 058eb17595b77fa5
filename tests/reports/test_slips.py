"""Pictures of slips: from the bytes alone, in black and white, whatever the bytes are."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from protocols.escpos.compose import Composer
from reports.slips import CELL, MARGIN, NARROW, TOOTH, WIDE, draw_slip, find_cjk_font, pieces_of

FONT = find_cjk_font()


def drawn(data: bytes, font: Path | None = FONT) -> Image.Image:
    picture = Image.open(io.BytesIO(draw_slip(data, font)))
    picture.load()
    return picture


def ink(picture: Image.Image) -> int:
    return picture.convert("L").histogram()[0]


def test_one_bit_a_dot_and_as_wide_as_the_paper() -> None:
    picture = drawn(Composer().text("hold").cut().bytes())
    assert picture.mode == "1"
    assert picture.width == 2 * MARGIN + NARROW * CELL


def test_the_same_bytes_give_the_same_picture() -> None:
    data = Composer().text("预授权", bold=True, height=2).pair("金额", "1000.00").cut().bytes()
    assert draw_slip(data, FONT) == draw_slip(data, FONT)


def test_a_masked_digit_is_a_bullet_that_can_be_seen() -> None:
    assert ink(drawn(b"625094" + b"\x7f" * 6 + b"0014\n")) > ink(drawn(b"625094" + b" " * 6 + b"0014\n"))


@pytest.mark.skipif(FONT is None, reason="no Chinese font on this machine")
def test_each_chinese_character_has_its_own_glyph() -> None:
    one, other = (drawn(char.encode("gb18030") * 8 + b"\n").tobytes() for char in "中国")
    assert one != other


def test_bold_is_struck_twice() -> None:
    assert ink(drawn(Composer().text("hold", bold=True).cut().bytes())) > ink(
        drawn(Composer().text("hold").cut().bytes())
    )


def test_long_lines_are_wrapped_on_wide_paper() -> None:
    assert drawn(b"x" * 500 + b"\n").width == 2 * MARGIN + WIDE * CELL


@pytest.mark.parametrize(
    "slip",
    [Composer().text("预授权", align="center", height=2, bold=True).pair("金额", "RMB 1000.00").rule(),
     Composer().text("to the right", align="right", width=2).text("a  b   c"),
     Composer().text("x" * 70)],
)  # fmt: skip
def test_its_pieces_put_together_are_the_picture(slip: Composer) -> None:
    """But for the paper's edge, which is no ink of the printer."""
    data = b"\x1b\x2d\x01under lined\n\x1b\x2d\x00" + slip.cut().bytes()
    whole, drawing = drawn(data), pieces_of(data, FONT)
    assert (drawing.width, drawing.height) == whole.size
    again = Image.new("1", whole.size, 1)
    for piece in drawing.pieces:
        stamp = Image.open(io.BytesIO(piece.png))
        assert stamp.size == (piece.width, piece.height)
        again.paste(stamp, (piece.x, piece.y))
    inside = (1, 1, whole.width - 1, whole.height - TOOTH - 1)
    assert again.crop(inside).tobytes() == whole.crop(inside).tobytes()


def test_pieces_that_are_alike_are_the_same() -> None:
    one, other = (pieces_of(Composer().pair("金额", f"RMB {n}.00").cut().bytes(), FONT) for n in (1, 2))
    assert one.pieces[0].png == other.pieces[0].png
    assert one.pieces[1].png != other.pieces[1].png


@pytest.mark.parametrize("data", [b"", b"\n", bytes(range(256)), b"\x1dv0\x00\x10\x00\x08\x00" + b"\xaa" * 128 + b"\n"])
def test_anything_can_be_drawn(data: bytes) -> None:
    assert drawn(data).height >= 2 * MARGIN
    assert drawn(data, None).height >= 2 * MARGIN
