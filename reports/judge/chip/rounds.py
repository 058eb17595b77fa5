"""GENERATE AC: what the terminal asked for, with which data, and what the card gave. EMV Book 3, 6.5.5."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from protocols.emv import TlvError, split_dol
from protocols.emv.apdu import CRYPTOGRAMS
from protocols.emv.verification import Tvr
from reports.judge.chip.apdus import Sent, data_objects, first_of
from reports.runfolder import Record

FORMAT_1, FORMAT_2 = "80", b"\x77"
ZERO = b"\x00"
"""May stand before and behind any object. EMV Book 3, Annex B1"""
CDA_ASKED = 0x10
"""EMV Book 3, 6.5.5.2: b5 of P1."""
OF_TYPE = 0xC0
SIZES, CRYPTOGRAM = {"9F27": 1, "9F36": 2}, 8
ROW = range(11, 44)
"""Bytes of an answer in format 1: issuer data of up to 32 bytes may follow on the rest."""
HIGHER = {"AAC": 0, "ARQC": 1, "TC": 2}


@dataclass(frozen=True, slots=True)
class Round:
    """One GENERATE AC. `data` are the values by the card's list, empty where that is not known or does not fit.

    `answer` holds 9F27, 9F36, 9F26 and 9F10 as the card gave them; `fact` is what the card twin says of it.
    """

    sent: Sent
    data: Mapping[str, bytes]
    answer: Mapping[str, bytes]
    fact: Record | None

    @property
    def asked(self) -> str:
        """AAC, TC or ARQC; empty for what is none of them."""
        return CRYPTOGRAMS.get(self.sent.apdu.p1 & OF_TYPE, "") if self.sent.apdu else ""

    @property
    def cda_asked(self) -> bool:
        return bool(self.sent.apdu and self.sent.apdu.p1 & CDA_ASKED)

    @property
    def given(self) -> str:
        """AAC, TC or ARQC; empty where the card gave none."""
        information = self.answer.get("9F27", b"")
        return CRYPTOGRAMS.get(information[0] & OF_TYPE, "") if self.sent.ok and len(information) == 1 else ""

    @property
    def is_allowed(self) -> bool:
        """Whether the card gave no more than it was asked for: one that does is at fault. EMV Book 3, 9.3"""
        return bool(self.given and self.asked) and HIGHER[self.given] <= HIGHER[self.asked]

    @property
    def cryptogram(self) -> bytes:
        """As the card gave it; where it signed it away (EMV Book 2, 6.6.1), as its twin says."""
        return self.answer.get("9F26") or self._told("cryptogram")

    @property
    def counter(self) -> bytes:
        """9F36 of the answer."""
        return self.answer.get("9F36", b"")

    @property
    def tvr(self) -> Tvr | None:
        """As the terminal gave it to the card; None where its list does not ask for it."""
        value = self.data.get("95", b"")
        return Tvr.parse(value) if len(value) == Tvr.size() else None

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.sent.numbers

    def says(self, key: str) -> bool:
        """A fact of the card twin about this round."""
        return bool(self.fact is not None and self.fact.fields.get(key))

    def _told(self, key: str) -> bytes:
        text = str(self.fact.fields.get(key, "")) if self.fact is not None else ""
        try:
            return bytes.fromhex(text)
        except ValueError:
            return b""


def round_of(sent: Sent, dol: bytes, fact: Record | None) -> Round:
    """A GENERATE AC read by the list that the card gave for it."""
    data: Mapping[str, bytes] = {}
    if dol and sent.apdu is not None:
        try:
            data = split_dol(dol, sent.apdu.data)
        except TlvError:
            data = {}
    return Round(sent, data, _answer(sent.answer), fact)


def _answer(answer: bytes) -> Mapping[str, bytes]:
    """Format 1 is a row of values, format 2 data objects. EMV Book 3, 6.5.5.4.

    Empty where it is neither: a terminal that gets such an answer ends. EMV Book 3, 7.5
    """
    pairs = data_objects(answer)
    if len(pairs) == 1 and pairs[0][0] == FORMAT_1:
        value = pairs[0][1]
        found = {"9F27": value[:1], "9F36": value[1:3], "9F26": value[3:11], "9F10": value[11:]}
        return found if len(value) in ROW else {}
    if answer.lstrip(ZERO)[:1] != FORMAT_2:
        return {}
    values = first_of(pairs)
    is_whole = len(values) == len(pairs) and all(len(values.get(tag, b"")) == size for tag, size in SIZES.items())
    return values if is_whole and (len(values.get("9F26", b"")) == CRYPTOGRAM or values.get("9F4B")) else {}
