"""What a printer puts on paper: lines with their styles, images and codes, and the cut."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Style:
    """How a line looks. `width` and `height` are magnifications; `align` is left, center or right."""

    bold: bool = False
    underline: bool = False
    width: int = 1
    height: int = 1
    align: str = "left"

    def but(self, **changes: object) -> Style:
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. `kind` is text, image, barcode or qr; an image's `text` says its size."""

    text: str
    style: Style
    raw: bytes
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Slip:
    """Lines up to a cut. `cut` is False for what was printed and never cut; `raw` is every byte of it."""

    lines: tuple[Line, ...]
    cut: bool
    raw: bytes
    unknown: tuple[bytes, ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)
