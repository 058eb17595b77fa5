"""Errors of the codec: each names the field, what was found, and the likely mistake. Text is safe to log."""

from __future__ import annotations

from protocols.faults import HoldfastError


class CodecError(HoldfastError):
    """Base of all. `path` leads to the place: ("F55", "9F26")."""

    def __init__(self, path: tuple[str, ...], message: str, *, advice: str = "") -> None:
        self.path = path
        where = " / ".join(path)
        super().__init__(f"{where}: {message}" if where else message, advice=advice)


class PackError(CodecError):
    """A value does not fit its field."""


class UnpackError(CodecError):
    """Bytes are not what the field table says."""


class FramingError(UnpackError):
    """A frame's length, TPDU or header is not what the link carries."""


class KeyCheckError(CodecError):
    """An unwrapped key does not have the check value that came with it."""
