"""Characters that a document cannot hold, or that its fonts cannot show: found before they break it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

UNUSABLE = "\ufffd"
"""Stands for a control character or half a surrogate pair: XML 1.0 forbids them, and UTF-8 has none of the latter."""
MISSING = "□"
"""Stands for a character that no font at hand can show. PDF/A forbids text without a glyph (ISO 19005-2, 6.2.11.8)."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_SUSPECT = re.compile(r"\\u00|\\[bf]|[\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""One of them may be in a JSON text, where a control character stands as `\\u00..`."""
_ODD = re.compile(
    "[^\t\n\r -~\xa0-\u017f\u0391-\u03a1\u03a3-\u03ce\u0400-\u045f\u2010-\u2027\u2030-\u203a\u2190-\u2199]"
)
"""Not among those that Typst's own fonts show, tried out with 0.15."""
ZERO_WIDTH_SPACE = "\u200b"


def usable(value: Any) -> Any:
    """A JSON value with every forbidden character replaced, however deep it lies."""
    if _SUSPECT.search(json.dumps(value, ensure_ascii=False)) is None:
        return value
    return _usable(value)


def _usable(value: Any) -> Any:
    if isinstance(value, str):
        return _FORBIDDEN.sub(UNUSABLE, value)
    if isinstance(value, Mapping):
        return {_usable(key): _usable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_usable(item) for item in value]
    return value


def breakable(text: str, *, every: int = 12, longest: int = 24) -> str:
    """Long words may break: Typst would let a digest run out of its column."""
    run = rf"[^\s\u200b\u2e80-\uffef]{{{longest + 1},}}"
    return re.sub(run, lambda found: ZERO_WIDTH_SPACE.join(re.findall(f".{{1,{every}}}", found[0])), text)


class Glyphs:
    """Which characters the fonts at hand can show, and how often one was missing."""

    def __init__(self, font: Path | None) -> None:
        self._face = ImageFont.truetype(str(font), 16) if font else None
        self._nothing = self._image("\U0010ffff")
        self.missing: set[str] = set()

    def shown(self, text: str) -> str:
        """The text with a box for each character that no font has."""
        return _ODD.sub(lambda found: self._one(found[0]), text)

    def _one(self, char: str) -> str:
        if char == ZERO_WIDTH_SPACE or self._has(char):
            return char
        self.missing.add(char)
        return MISSING

    @lru_cache(maxsize=16384)  # noqa: B019 - lives as long as one document
    def _has(self, char: str) -> bool:
        return self._face is not None and self._image(char) not in (self._nothing, b"")

    def _image(self, char: str) -> bytes:
        return bytes(self._face.getmask(char)) if self._face else b""
