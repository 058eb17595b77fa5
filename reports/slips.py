"""Pictures of slips, drawn from the masked printer bytes: black dots on white paper, as a thermal printer makes them.

A text column is as wide as on the printer, Chinese takes two. What the printer would draw itself (a picture, a barcode)
is a frame that says so. A picture has one bit a dot, so it stays sharp and small.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from protocols.escpos import Style, columns_of, decode
from protocols.escpos.compose import wrap

CJK_FONTS = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
)
MONO_FACE = 1
"""Both collections hold the proportional face first and the one of fixed width second."""

NARROW, WIDE = 32, 48
"""Columns of 58 mm and of 80 mm paper. A longer line goes on in the next, as on the printer."""
CELL, LINE_HEIGHT, SIZE, MARGIN, TOOTH = 14, 32, 26, 30, 8
BLACK, WHITE = 0, 255
DRAWN = {"image": "picture", "barcode": "barcode", "qr": "QR code"}
BOX_LINES = 3

Face: TypeAlias = "ImageFont.FreeTypeFont | ImageFont.ImageFont"


def find_cjk_font() -> Path | None:
    """A font with Chinese glyphs, None when the machine has none."""
    return next((path for path in CJK_FONTS if path.exists()), None)


@dataclass(frozen=True, slots=True)
class Piece:
    """Ink that stands together on a line: many slips share many of theirs."""

    x: int
    y: int
    width: int
    height: int
    png: bytes


@dataclass(frozen=True, slots=True)
class Drawing:
    """A slip as pieces on paper of a size."""

    width: int
    height: int
    pieces: tuple[Piece, ...]


def draw_slip(data: bytes, font: Path | None) -> bytes:
    """PNG of the paper that comes out for these printer bytes."""
    strips, width, height = _lines(data, font)
    picture = Image.new("L", (width, height), WHITE)
    top = MARGIN
    for strip in strips:
        picture.paste(strip.picture, (MARGIN, top))
        top += strip.picture.height
    _paper_edge(ImageDraw.Draw(picture), *picture.size)
    return _png(picture)


def pieces_of(data: bytes, font: Path | None) -> Drawing:
    """The same dots without the paper's edge, in pieces of which each need be kept only once."""
    strips, width, height = _lines(data, font)
    pieces, top = [], MARGIN
    for strip in strips:
        pieces += [Piece(MARGIN + x, top, *size, png) for x, size, png in strip.inked()]
        top += strip.picture.height
    return Drawing(width, height, tuple(pieces))


@lru_cache(maxsize=4)
def _lines(data: bytes, font: Path | None) -> tuple[list[_Strip], int, int]:
    """Every line of the paper, and how wide and long that is."""
    lines = [line for slip in decode(data) for line in slip.lines]
    columns = NARROW if all(_columns(line.kind, line.text, line.style.width) <= NARROW for line in lines) else WIDE
    strips = [strip for line in lines for strip in _strips(line.kind, line.text, line.style, columns, font)]
    return strips, 2 * MARGIN + columns * CELL, 2 * MARGIN + sum(s.picture.height for s in strips) + TOOTH


@lru_cache(maxsize=4096)
def _columns(kind: str, text: str, width: int) -> int:
    return columns_of(text) * width if kind == "text" else 0


# ── one line ──────────────────────────────────────────────────────────────────────────────────────────────────────


class _Strip:
    """One line of dots. `spans` are where ink stands together: from and to."""

    def __init__(self, picture: Image.Image, spans: Sequence[tuple[int, int]]) -> None:
        self.picture = picture
        self._spans = spans
        self._inked: tuple[tuple[int, tuple[int, int], bytes], ...] | None = None

    def inked(self) -> tuple[tuple[int, tuple[int, int], bytes], ...]:
        """Place, size and PNG of each span, worked out once."""
        if self._inked is None:
            boxes = [(max(a, 0), 0, min(b, self.picture.width), self.picture.height) for a, b in self._spans]
            self._inked = tuple(
                (box[0], (box[2] - box[0], box[3]), _png(self.picture.crop(box))) for box in boxes if box[0] < box[2]
            )
        return self._inked


@lru_cache(maxsize=4096)
def _strips(kind: str, text: str, style: Style, columns: int, font: Path | None) -> list[_Strip]:
    """A printed line, in as many as it takes. Many slips share many of theirs."""
    if kind != "text":
        box = _box(f"[{DRAWN.get(kind, kind)}: {text}]", columns, font)
        return [_Strip(box, [(0, box.width)])]
    pieces = wrap(text, columns // max(style.width, 1))
    return [_Strip(_strip(piece, style, columns, font), _spans(piece, style, columns)) for piece in pieces]


_TOGETHER = re.compile(r"\S+(?: \S+)*")


def _spans(text: str, style: Style, columns: int) -> list[tuple[int, int]]:
    """Where words stand together, a single space between them; an underlined line is one."""
    if style.underline:
        return [(0, columns * CELL)]
    cell, left = CELL * style.width, _left(text, style, columns)
    ends = [(columns_of(text[: m.start()]), columns_of(text[: m.end()])) for m in _TOGETHER.finditer(text)]
    return [(left + start * cell, left + end * cell) for start, end in ends]


def _left(text: str, style: Style, columns: int) -> int:
    """Where a line begins."""
    free = max(columns * CELL - columns_of(text) * CELL * style.width, 0)
    return {"left": 0, "center": free // 2, "right": free}[style.align]


def _strip(text: str, style: Style, columns: int, font: Path | None) -> Image.Image:
    strip = Image.new("L", (columns * CELL, LINE_HEIGHT * style.height), WHITE)
    left = _left(text, style, columns)
    for char in text:
        width = columns_of(char) * CELL * style.width
        if not char.isspace():
            strip.paste(BLACK, (left, 0), _glyph(char, width, strip.height, style.bold, font))
        left += width
    if style.underline:
        ImageDraw.Draw(strip).line((0, strip.height - 3, strip.width, strip.height - 3), fill=BLACK, width=2)
    return strip


@lru_cache(maxsize=4096)
def _glyph(char: str, width: int, height: int, bold: bool, font: Path | None) -> Image.Image:
    """One character in its cell as a mask. Bold is struck twice, a dot apart: the Chinese font has no bold."""
    drawn = Image.new("L", (columns_of(char) * CELL, LINE_HEIGHT), 0)
    draw = ImageDraw.Draw(drawn)
    if char == "-":
        draw.line((1, LINE_HEIGHT // 2, CELL - 4, LINE_HEIGHT // 2), fill=255, width=2)
    else:
        for shift in (0, 1.4) if bold else (0,):
            middle = (drawn.width / 2 + shift, LINE_HEIGHT / 2)
            draw.text(middle, char, fill=255, font=_face(font), anchor="mm")
    magnified = drawn.resize((max(width, 1), height), Image.Resampling.BICUBIC)
    return magnified.point(_INKED)


_INKED = [255 if shade > 110 else 0 for shade in range(256)]


@lru_cache(maxsize=4)
def _face(font: Path | None) -> Face:
    return ImageFont.truetype(str(font), SIZE, index=MONO_FACE) if font else ImageFont.load_default(SIZE)


def _box(text: str, columns: int, font: Path | None) -> Image.Image:
    """The place of something that the printer draws by itself."""
    box = Image.new("L", (columns * CELL, BOX_LINES * LINE_HEIGHT), WHITE)
    ImageDraw.Draw(box).rectangle((CELL, 8, box.width - CELL, box.height - 9), outline=BLACK, width=2)
    box.paste(_strip(text[: columns - 4], Style(), columns - 4, font), (2 * CELL, LINE_HEIGHT))
    return box


# ── the paper ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _paper_edge(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """The zig-zag that the cutter leaves, and the paper's sides as dots."""
    points = [(x, height - (2 if (x // TOOTH) % 2 else TOOTH)) for x in range(0, width + TOOTH, TOOTH)]
    draw.line(points, fill=BLACK, width=1)
    for y in range(0, height - TOOTH, 4):
        draw.point([(0, y), (width - 1, y)], fill=BLACK)
    for x in range(0, width, 4):
        draw.point((x, 0), fill=BLACK)


def _png(picture: Image.Image) -> bytes:
    """One bit a dot. Pillow's own writer is three times as slow, for it tries filters that help photographs."""
    bits = picture.convert("1", dither=Image.Dither.NONE).tobytes()
    stride = (picture.width + 7) // 8
    rows = b"".join(b"\0" + bits[at : at + stride] for at in range(0, len(bits), stride))
    head = struct.pack(">IIBBBBB", *picture.size, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 5)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
