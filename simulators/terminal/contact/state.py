"""One chip transaction: the terminal's data, the card's data apart from them, TVR, TSI, and what the phases found."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from protocols.emv import Tlv, TlvError, fill_dol, flatten, parse
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Aip, Tsi, Tvr
from protocols.faults import ForeignCard
from protocols.money import Money
from simulators.terminal.contact.channel import CardUnusable
from simulators.terminal.contact.configuration import ApplicationRule, Configuration

NOT_OF_A_CARD = frozenset({
    "5F2A", "5F36", "5F57", "81", "95", "98", "99", "9A", "9B", "9C", "9F01", "9F02", "9F03", "9F04", "9F06", "9F09",
    "9F15", "9F16", "9F1A", "9F1B", "9F1C", "9F1D", "9F1E", "9F21", "9F22", "9F33", "9F34", "9F35", "9F37", "9F39",
    "9F3A", "9F3C", "9F3D", "9F40", "9F41", "9F4E", "9F7A", "DF31",  # of the terminal
    "71", "72", "86", "89", "8A", "91", "9F18",  # of the issuer
})  # fmt: skip
"""Data objects whose source is no card. EMV Book 3, Annex A1; facts/unionpay-pos 2.2."""

SHOWS_NUMBER = ("5A", "57")
"""Number, and track 2 which begins with it. EMV Book 3, Annex A1"""
LARGEST_BINARY = 0xFFFFFFFF
CONSTRUCTED = 0x20
"""Bit of a tag's first byte: a template. EMV Book 3, Annex B1"""


class Oda(StrEnum):
    """How a card's data are authenticated offline. EMV Book 3, 10.3."""

    NONE = "none"
    SDA = "SDA"
    DDA = "DDA"
    CDA = "CDA"


@dataclass(frozen=True, slots=True)
class Terms:
    """What the merchant brings to a transaction. `kind` is tag 9C, `other` is cashback in minor units.

    facts/unionpay-pos 2.2, a guess there: 9C is the first two digits of F3.
    """

    kind: str
    amount: Money
    trace: str
    now: datetime
    other: int = 0
    forced_online: bool = False


@dataclass
class ChipTransaction:
    """See the module. `guard` raises ForeignCard for a PAN that must not be read on.

    A card's object never takes the place of the terminal's: the two are kept apart, and the terminal's counts.
    """

    terms: Terms
    configuration: Configuration
    guard: Callable[[str], None]
    unpredictable: Callable[[int], bytes] = secrets.token_bytes
    terminal: dict[str, bytes] = field(default_factory=dict, repr=False)
    card: dict[str, bytes] = field(default_factory=dict, repr=False)
    tvr: Tvr = field(default_factory=lambda: Tvr(0))
    tsi: Tsi = field(default_factory=lambda: Tsi(0))
    rule: ApplicationRule | None = None
    label: str = ""
    pdol_data: bytes = b""
    """As GET PROCESSING OPTIONS sent it: a CDA signature covers it. EMV Book 2, 6.6.1"""
    signed_records: list[tuple[int, bytes]] = field(default_factory=list, repr=False)
    """Short file identifier and record of those that are authenticated, in the locator's order. EMV Book 3, 10.3"""
    oda: Oda = Oda.NONE
    issuer_key: RsaPublic | None = None
    card_key: RsaPublic | None = None

    def __post_init__(self) -> None:
        self.terminal = {**_terminal_data(self.terms, self.configuration, self.unpredictable(4)), **self.terminal}

    # ── values ────────────────────────────────────────────────────────────────────────────────────────────────

    def value(self, tag: str) -> bytes | None:
        """The terminal's, else the card's; None when neither has it."""
        if tag == "95":
            return self.tvr.pack()
        if tag == "9B":
            return self.tsi.pack()
        own = self.terminal.get(tag)
        return self.card.get(tag) if own is None else own

    def own(self) -> dict[str, bytes]:
        """The terminal's values alone."""
        return {**self.terminal, "95": self.tvr.pack(), "9B": self.tsi.pack()}

    def known(self) -> dict[str, bytes]:
        """All values by their tags, as a data object list is filled with them."""
        return self.card | self.own()

    def fill(self, dol: bytes) -> bytes:
        """The values that a card's list asks for. EMV Book 3, 5.4"""
        try:
            return fill_dol(dol, self.known())
        except TlvError as error:
            raise CardUnusable(f"the card's data object list is none: {error}", fallback=True) from None

    def learn(self, data: bytes | Iterable[Tlv]) -> None:
        """Take a card's data objects; the PAN of a card that is not listed stops all at once. Design 7

        One without a value is as one that is not there: likely.
        """
        for node in flatten(objects_of(data) if isinstance(data, bytes) else data):
            if node.value and node.tag in SHOWS_NUMBER:
                self._look(node.value)
            if node.value and not _is_template(node) and node.tag not in NOT_OF_A_CARD:
                self.card[node.tag] = node.value

    def _look(self, shown: bytes) -> None:
        try:
            self.guard(digits(shown).partition("D")[0])
        except ForeignCard:
            self.forget()
            raise

    def forget(self) -> None:
        """Keep nothing of the card."""
        self.card.clear()
        self.signed_records, self.pdol_data = [], b""
        self.rule, self.label = None, ""
        self.oda, self.issuer_key, self.card_key = Oda.NONE, None, None

    # ── what is often asked ───────────────────────────────────────────────────────────────────────────────────

    @property
    def aip(self) -> Aip:
        """What the card says that it can do. EMV Book 3, Annex C1"""
        return Aip.parse(self.card.get("82", bytes(2)))

    @property
    def cda(self) -> bool:
        """Whether GENERATE AC is to ask for a combined signature. EMV Book 2, 6.6"""
        return self.oda is Oda.CDA and self.card_key is not None and Tvr.CDA_FAILED not in self.tvr

    @property
    def today(self) -> date:
        """The terminal's date, which dates of the card are held against."""
        return self.terms.now.date()

    @property
    def pan(self) -> str:
        return digits(self.card.get("5A", b""))


def objects_of(data: bytes) -> list[Tlv]:
    """A card's answer as data objects. Raises CardUnusable for what is none."""
    try:
        return parse(data)
    except TlvError as error:
        raise CardUnusable(f"the card's answer is no TLV: {error}", fallback=True) from None


def refuse_twice(nodes: Iterable[Tlv], seen: set[str]) -> None:
    """No primitive data object may be there twice. EMV Book 3, 10.2 and 7.5. Raises CardUnusable."""
    for node in flatten(nodes):
        if node.tag in seen:
            raise CardUnusable(f"the card has {node.tag} twice", fallback=True)
        if not _is_template(node):
            seen.add(node.tag)


def _is_template(node: Tlv) -> bool:
    return bool(int(node.tag[:2], 16) & CONSTRUCTED)


def digits(value: bytes) -> str:
    """Packed digits, without what fills the last byte."""
    return value.hex().upper().rstrip("F")


def _terminal_data(terms: Terms, configuration: Configuration, unpredictable: bytes) -> dict[str, bytes]:
    """facts/unionpay-pos 2.2; EMV Book 3, Annex A1."""
    currency = terms.amount.currency
    return {
        "9F02": bytes.fromhex(f"{terms.amount.minor:012d}"),
        "9F03": bytes.fromhex(f"{terms.other:012d}"),
        "9F1A": bytes.fromhex(configuration.country.rjust(4, "0")),
        "5F2A": bytes.fromhex(currency.numeric.rjust(4, "0")),
        "5F36": bytes([currency.exponent]),
        "81": min(terms.amount.minor, LARGEST_BINARY).to_bytes(4),
        "9F04": terms.other.to_bytes(4),
        "9A": bytes.fromhex(f"{terms.now:%y%m%d}"),
        "9C": bytes.fromhex(terms.kind),
        "9F21": bytes.fromhex(f"{terms.now:%H%M%S}"),
        "9F33": configuration.capabilities.pack(),
        "9F40": configuration.additional_capabilities,
        "9F35": bytes([configuration.terminal_type]),
        "9F37": unpredictable,
        "9F1E": configuration.serial.encode("ascii")[:8].ljust(8),
        "9F41": bytes.fromhex(terms.trace.rjust(8, "0")),
        "9F4E": configuration.merchant.encode("gb18030"),
        "9F16": configuration.merchant_id.encode("ascii"),
        "9F1C": configuration.terminal_id.encode("ascii"),
        "9F39": b"\x05",  # the chip, by its contacts
        "9F7A": b"\x00",  # no electronic cash: facts/pcsc-emv 4.2
    }
