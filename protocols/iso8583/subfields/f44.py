"""F44: who issued the card and who acquired the transaction, in a reply. facts/unionpay-pos 2."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from protocols.iso8583.subfields.part import CHARSET, Part, cut_text, join_text

PARTS = (Part("issuer", 11), Part("acquirer", 11))


@dataclass(frozen=True, slots=True)
class F44:
    """Institution codes of up to 11 characters."""

    issuer: str
    acquirer: str = ""

    def pack(self) -> str:
        """22 characters, each code on its left. Raises PackError for a longer code."""
        return join_text(44, PARTS, astuple(self)).decode(CHARSET)

    @classmethod
    def parse(cls, text: str) -> F44:
        """A code that is not there is empty. Raises UnpackError when a character stands across two codes."""
        return cls(*cut_text(44, PARTS, text.encode(CHARSET)))
