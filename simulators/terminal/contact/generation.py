"""GENERATE AC: the card's word, and whether its signature over it is right. EMV Book 3, 6.5.5 and 10.8; Book 2, 6.6."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1

from protocols.emv import Apdu, ApduError, Tlv, TlvError, parse_dol
from protocols.emv.apdu import CRYPTOGRAMS
from protocols.emv.certificates import AuthenticationFailed
from protocols.emv.oda import check_combined, transaction_data
from protocols.emv.verification import Tsi, Tvr
from simulators.terminal.contact.actions import AAC, ARQC, TC
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.state import ChipTransaction, objects_of

CDOL1, CDOL2, TDOL, TC_HASH = "8C", "8D", "97", "98"
INFORMATION, COUNTER, CRYPTOGRAM, ISSUER_DATA, SIGNED, DYNAMIC_NUMBER = "9F27", "9F36", "9F26", "9F10", "9F4B", "9F4C"
OF_ANSWER = (INFORMATION, COUNTER, CRYPTOGRAM, ISSUER_DATA, SIGNED)
FORMAT_1, FORMAT_2 = "80", "77"
LENGTHS = {INFORMATION: range(1, 2), COUNTER: range(2, 3), CRYPTOGRAM: range(8, 9), ISSUER_DATA: range(33)}
"""EMV Book 3, Annex A1"""
ASKS = {AAC: 0x00, TC: 0x40, ARQC: 0x80}
ASKS_CDA = 0x10
"""P1 of GENERATE AC. EMV Book 3, 6.5.5.2, table 12"""
RANK = (AAC, ARQC, TC)
"""A card may give what was asked for, or less. EMV Book 3, 10.8"""
ADVICE, REASON = 0x08, 0x07
REASONS = {1: "service not allowed", 2: "PIN try limit exceeded", 3: "issuer authentication failed"}
"""Cryptogram information. EMV Book 3, 6.5.5.4, table 14"""


@dataclass(frozen=True, slots=True)
class Word:
    """What the card gave. `trusted` is False when the signature that it was asked for is wrong or not there."""

    kind: str
    trusted: bool
    advice: bool = False
    reason: str = ""


class Generation:
    """Both GENERATE ACs of a transaction: the second signature covers the data of the first as well."""

    def __init__(self, transaction: ChipTransaction, channel: Channel) -> None:
        self._transaction = transaction
        self._channel = channel
        self._first_data = b""

    def prepare(self) -> None:
        """What the first list will want of the TVR, before the action codes are held against it. EMV Book 3, 9.2.2"""
        transaction = self._transaction
        if _asks_for(transaction.card[CDOL1], TC_HASH) and TDOL not in transaction.card:
            transaction.tvr |= Tvr.DEFAULT_TDOL_USED

    def first(self, asked: str) -> Word:
        """Raises CardRemoved, and CardUnusable for an answer that is none: nobody swipes such a card then."""
        self._first_data = self._filled(CDOL1)
        word = self._generate(asked, self._first_data, cda=self._transaction.cda and asked != AAC)
        self._transaction.tsi |= Tsi.CARD_RISK_PERFORMED  # EMV Book 3, 10.8
        return word

    def second(self, asked: str) -> Word:
        """As the first. A card that asks for the issuer once more is wrong. EMV Book 3, 10.11; Book 2, 6.6: CDA"""
        data = self._filled(CDOL2)
        cda = self._transaction.cda and asked == TC
        word = self._generate(asked, data, before=self._first_data, cda=cda)
        if word.kind == ARQC:
            raise CardUnusable("the card asked for its issuer a second time")
        return word

    # ── the command ───────────────────────────────────────────────────────────────────────────────────────────

    def _filled(self, tag: str) -> bytes:
        """By the card's list; 9.2.2: a hash that it asks for is made first."""
        dol = self._transaction.card[tag]
        if _asks_for(dol, TC_HASH):
            self._hash()
        return self._transaction.fill(dol)

    def _hash(self) -> None:
        """EMV Book 3, 9.2.2: by the card's TDOL, else by the terminal's, which the TVR then says."""
        assert self._transaction.rule is not None
        tdol = self._transaction.card.get(TDOL)
        if tdol is None:
            self._transaction.tvr |= Tvr.DEFAULT_TDOL_USED
            tdol = self._transaction.rule.tdol
        data = self._transaction.fill(tdol)
        self._transaction.terminal[TC_HASH] = sha1(data, usedforsecurity=False).digest()

    def _generate(self, asked: str, data: bytes, *, cda: bool, before: bytes = b"") -> Word:
        """`before` is what the first of two was sent."""
        transaction = self._transaction
        p1 = ASKS[asked] | (ASKS_CDA if cda else 0)
        answer = self._answer(Apdu(0x80, 0xAE, p1, 0x00, data, 256))
        objects = objects_in(answer)
        information = objects[INFORMATION][0]
        kind = CRYPTOGRAMS.get(information & 0xC0, "")
        if kind not in RANK[: RANK.index(asked) + 1]:
            raise CardUnusable(f"the card gave {kind or 'no known cryptogram'} where {asked} was asked for")
        signed = cda and kind != AAC  # Book 2, 6.6.1: an AAC has no signature
        if not signed and CRYPTOGRAM not in objects:
            raise CardUnusable("the card gave no cryptogram")
        for tag in OF_ANSWER:  # the round before is over
            transaction.card.pop(tag, None)
        transaction.learn(Tlv(tag, value) for tag, value in objects.items() if tag not in transaction.card)
        trusted = not signed or self._is_signed(before + data, answer)
        return Word(kind, trusted, bool(information & ADVICE), REASONS.get(information & REASON, ""))

    def _answer(self, command: Apdu) -> bytes:
        try:
            return self._channel.need(command).data
        except ApduError:
            raise CardUnusable(f"the card asks for {len(command.data)} bytes, more than a command holds") from None

    def _is_signed(self, data: bytes, answer: bytes) -> bool:
        """EMV Book 2, 6.6.2; the cryptogram itself is in the signature. `data` is all that both lists asked for."""
        transaction = self._transaction
        transaction.tsi |= Tsi.ODA_PERFORMED
        assert transaction.card_key is not None
        information = transaction.card[INFORMATION][0]
        try:
            combined = check_combined(
                transaction.card_key, transaction.card.get(SIGNED, b""), transaction.terminal["9F37"], information,
                transaction_data(transaction.pdol_data, data, answer),
            )  # fmt: skip
        except AuthenticationFailed:
            transaction.tvr |= Tvr.CDA_FAILED
            return False
        transaction.card |= {CRYPTOGRAM: combined.cryptogram, DYNAMIC_NUMBER: combined.number}
        return True


def objects_in(answer: bytes) -> dict[str, bytes]:
    """What the answer holds, bare or as data objects. EMV Book 3, 6.5.5.4. Raises CardUnusable."""
    template = _template(answer)
    if template.tag == FORMAT_1:
        value = template.value
        parts = {INFORMATION: value[:1], COUNTER: value[1:3], CRYPTOGRAM: value[3:11]}
        objects = parts | ({ISSUER_DATA: value[11:]} if value[11:] else {})
    else:
        objects = {node.tag: node.value for node in template.children}
        if len(objects) != len(template.children):
            raise CardUnusable("the card says one thing twice in its answer to GENERATE AC")  # 7.5
    for tag, sizes in LENGTHS.items():
        if tag in objects and len(objects[tag]) not in sizes:
            raise CardUnusable(f"the card's {tag} is not of its length")
    for tag in (INFORMATION, COUNTER):
        if tag not in objects:
            raise CardUnusable(f"the card gave no {tag} in its answer to GENERATE AC")
    return objects


def _template(answer: bytes) -> Tlv:
    objects = objects_of(answer)
    if len(objects) != 1 or objects[0].tag not in (FORMAT_1, FORMAT_2):
        raise CardUnusable("the card's answer to GENERATE AC is no template 80 or 77")
    return objects[0]


def _asks_for(dol: bytes, tag: str) -> bool:
    try:
        return any(wanted == tag for wanted, _ in parse_dol(dol))
    except TlvError:
        return False  # who fills the list says what is wrong with it
