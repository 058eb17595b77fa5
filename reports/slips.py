"""Pictures of slips, drawn from the masked printer bytes."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from protocols.escpos import Line, columns_of, decode

CJK_FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
)
COLUMNS, CELL, LINE_HEIGHT, MARGIN, TOOTH = 32, 11, 26, 26, 7
INK, PAPER, SHADE = 24, 255, 205


def find_cjk_font() -> Path | None:
    """A font with Chinese glyphs, None when the machine has none."""
    return next((path for path in CJK_FONTS if path.exists()), None)


@lru_cache(maxsize=8)
def _font(path: Path | None, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.truetype(str(path), size) if path else ImageFont.load_default(size)


@lru_cache(maxsize=4096)
def _glyph(char: str, width: int, height: int, path: Path | None) -> Image.Image:
    """One character in its cell, ink as opacity."""
    size = (columns_of(char) * CELL * width, LINE_HEIGHT * height)
    cell = Image.new("L", size, 0)
    face = _font(path, 20 if height == 1 else 30)
    ImageDraw.Draw(cell).text((size[0] / 2, size[1] / 2), char, fill=PAPER - INK, font=face, anchor="mm")
    return cell


def draw_slip(data: bytes, font: Path | None) -> bytes:
    """PNG of the paper that comes out for these printer bytes. A text column is as wide as on the printer."""
    lines = [line for slip in decode(data) for line in slip.lines]
    height = 2 * MARGIN + sum(LINE_HEIGHT * line.style.height for line in lines) + TOOTH
    width = 2 * MARGIN + COLUMNS * CELL
    picture = Image.new("L", (width, height), PAPER)
    top = MARGIN
    for line in lines:
        _draw_line(picture, line, top, font)
        top += LINE_HEIGHT * line.style.height
    _tear(ImageDraw.Draw(picture), width, height)
    out = io.BytesIO()
    picture.point(_SHADES).convert("P").save(out, "PNG", bits=4, compress_level=6)
    return out.getvalue()


_SHADES = [round(shade / 17) * 17 for shade in range(256)]
"""Sixteen greys are enough for crisp text, and keep the file small."""


def _draw_line(picture: Image.Image, line: Line, top: int, font: Path | None) -> None:
    style = line.style
    used = columns_of(line.text) * CELL * style.width
    free = COLUMNS * CELL - used
    left = MARGIN + {"left": 0, "center": free // 2, "right": free}[style.align]
    for char in line.text:
        if not char.isspace():
            glyph = _dash() if char == "-" else _glyph(char, style.width, style.height, font)
            picture.paste(0, (left, top), glyph)
        left += columns_of(char) * CELL * style.width


@lru_cache(maxsize=1)
def _dash() -> Image.Image:
    cell = Image.new("L", (CELL, LINE_HEIGHT), 0)
    ImageDraw.Draw(cell).line((1, LINE_HEIGHT // 2, CELL - 3, LINE_HEIGHT // 2), fill=150)
    return cell


def _tear(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """The zig-zag that the cutter leaves, and the paper's edge."""
    points = [(x, height - (1 if (x // TOOTH) % 2 else TOOTH)) for x in range(0, width + TOOTH, TOOTH)]
    draw.polygon([*points, (width, height), (0, height)], fill=PAPER)
    draw.line(points, fill=SHADE, width=1)
    draw.line((0, 0, 0, height - TOOTH), fill=SHADE)
    draw.line((width - 1, 0, width - 1, height - TOOTH), fill=SHADE)
    draw.line((0, 0, width, 0), fill=SHADE)
