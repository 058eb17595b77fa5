"""F62 of a sign-on request and of chip uploads. facts/unionpay-pos 2.6.2, 2.6.4, 2.6.5.

Working keys are in `protocols.iso8583.keys`; downloads have modules of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.iso8583.errors import PackError, UnpackError
from protocols.iso8583.subfields.part import Part, bytes_text, cut, digits_of, number_of, text_bytes

_PATH = ("F62",)
MARK = b"Sequence No"
_LICENCE_BYTES = (4, 8)
LONG_FROM = 16
"""Of so many bytes in all the licence has 8, of fewer 4: guess, as if a serial number had 8."""


@dataclass(frozen=True, slots=True)
class SignOnRequest:
    """Licence (4 or 8 characters) and serial number of the terminal. 2.6.2; old terminals send none."""

    licence: str
    serial: str

    def pack(self) -> bytes:
        """`Sequence No`, two digits of length, licence, serial. Raises PackError for another licence."""
        if len(self.licence) not in _LICENCE_BYTES:
            raise PackError((*_PATH, "licence"), f"{len(self.licence)} characters instead of 4 or 8")
        content = text_bytes((*_PATH, "serial"), self.licence + self.serial, 99).rstrip(b" ")
        return MARK + f"{len(content):02d}".encode("ascii") + content

    @classmethod
    def parse(cls, value: bytes) -> SignOnRequest:
        """Raises UnpackError for what is no sequence number."""
        start = len(MARK)
        if not value.startswith(MARK):
            raise UnpackError(_PATH, "it does not begin with `Sequence No`")
        stated, content = number_of(_PATH, value[start : start + 2].decode("latin-1")), value[start + 2 :]
        if stated != len(content):
            raise UnpackError(_PATH, f"it says {stated} bytes, {len(content)} follow")
        text = bytes_text(_PATH, content)
        licence = 8 if len(content) >= LONG_FROM else 4
        return cls(text[:licence], text[licence:])


CERTIFICATE, REFUSAL = "61", "71"
UPLOADS = {CERTIFICATE: "transaction certificate", REFUSAL: "issuer not authenticated"}
CHIP_PARTS = (
    Part("kind", 2, UPLOADS), Part("card class", 2), Part("response code", 2), Part("amount", 12), Part("currency", 3),
    Part("outcome", 2),
)  # fmt: skip
_WITHOUT_OUTCOME, _WITH_OUTCOME = 21, 23


@dataclass(frozen=True, slots=True)
class ChipUpload:
    """A transaction certificate (61), or a transaction in which the chip refused its issuer (71). 2.6.4, likely.

    `amount` in minor units; `outcome` is 22 or 10, and in the second kind alone.
    """

    kind: str
    card_class: str
    code: str
    amount: int
    currency: str
    outcome: str = ""

    def pack(self) -> bytes:
        """21 bytes, or 23 with an outcome. Raises PackError for a part that has not its length."""
        amount = digits_of((*_PATH, "amount"), self.amount, 12)
        values = (self.kind, self.card_class, self.code, amount, self.currency, self.outcome)
        for part, value in zip(CHIP_PARTS, values, strict=True):
            if len(value) != part.width and (value or part is not CHIP_PARTS[-1]):
                raise PackError((*_PATH, part.name), f"{len(value)} characters instead of {part.width}")
        return text_bytes(_PATH, "".join(values), _WITH_OUTCOME).rstrip(b" ")

    @classmethod
    def parse(cls, value: bytes) -> ChipUpload:
        """Raises UnpackError for another length or kind."""
        text = bytes_text(_PATH, value)
        kind, card_class, code, amount, currency, outcome = cut(CHIP_PARTS, text)
        due = {CERTIFICATE: _WITHOUT_OUTCOME, REFUSAL: _WITH_OUTCOME}.get(kind)
        if due is None or not len(value) == len(text) == due:
            raise UnpackError(_PATH, f"{len(value)} bytes are no chip upload", advice="21 begin with 61, or 23 with 71")
        return cls(kind, card_class, code, number_of((*_PATH, "amount"), amount), currency, outcome)
