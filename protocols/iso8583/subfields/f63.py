"""F63: the operator in a request; card company and texts in a reply. facts/unionpay-pos 2.7."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from protocols.iso8583.subfields.part import CHARSET, Part, cut_text, join_text, text_bytes

COMPANIES = {
    "CUP": "UnionPay", "VIS": "Visa", "MCC": "Mastercard", "MAE": "Maestro", "JCB": "JCB", "DCC": "DCC",
    "AMX": "American Express",
}  # fmt: skip
OPERATOR = (Part("operator", 3),)
"""In a request of sign-on and settlement; a refund has 000."""
PARTS = (
    Part("card company", 3, COMPANIES), Part("issuer text", 20), Part("UnionPay text", 20), Part("acquirer text", 20),
    Part("POS centre text", 60),
)  # fmt: skip


def operator(number: str) -> str:
    """F63 of a sign-on or a settlement: the operator's number in 3 characters. Raises PackError for a longer one."""
    return text_bytes(("F63", "operator"), number, 3).decode(CHARSET)


@dataclass(frozen=True, slots=True)
class F63:
    """A reply's: three letters of the card company, and texts for slip and display.

    Empty texts at the end are not sent. Widths count bytes: a Chinese character has two.
    """

    company: str
    issuer: str = ""
    unionpay: str = ""
    acquirer: str = ""
    centre: str = ""

    def pack(self) -> str:
        """Raises PackError for a text that is too long."""
        values = list(astuple(self))
        while len(values) > 1 and not values[-1]:
            values.pop()
        return join_text(63, PARTS[: len(values)], values).decode(CHARSET)

    @classmethod
    def parse(cls, text: str) -> F63:
        """Texts that are not there are empty. Raises UnpackError when a character stands across two parts."""
        return cls(*cut_text(63, PARTS, text.encode(CHARSET)))
