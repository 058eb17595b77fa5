"""The records that the card's file locator names, and what must be in them. EMV Book 3, 10.2 and 7."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.emv import Apdu, Tlv
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.dates import is_date
from simulators.terminal.contact.state import ChipTransaction, objects_of, refuse_twice

RECORD_TEMPLATE = "70"
ENTRY = 4
FILES = range(1, 31)  # 10.2: SFI 0 and 31 are none
OF_EMV = range(1, 11)  # 5.3.2.2: their records are one template 70; those of other files are their owner's affair
MANDATORY = {"5F24": "expiry date", "5A": "number", "8C": "first list (CDOL1)", "8D": "second list (CDOL2)"}  # 7.2
DATES = ("5F24", "5F25")
LENGTHS = {"5F28": 2, "9F07": 2, "9F08": 2, "9F0D": 5, "9F0E": 5, "9F0F": 5, "5F34": 1, "9F42": 2}  # Annex A1
LONGEST_PAN = 10  # Annex A1: 19 digits


@dataclass(frozen=True, slots=True)
class Span:
    """An entry of the locator: records of one file, the first `signed` of them authenticated offline. 10.2"""

    sfi: int
    first: int
    last: int
    signed: int


def read_application_data(transaction: ChipTransaction, channel: Channel) -> None:
    """Every record, in the locator's order. Raises CardUnusable: what cannot be read ends the transaction. 10.2"""
    seen: set[str] = set()
    for span in spans(transaction.card.get("94", b"")):
        for number in range(span.first, span.last + 1):
            record = channel.need(Apdu(0x00, 0xB2, number, span.sfi << 3 | 0x04, le=256)).data
            if number < span.first + span.signed:
                transaction.signed_records.append((span.sfi, record))  # 10.3
            nodes = _objects(span.sfi, record)
            transaction.learn(nodes)
            refuse_twice(nodes, seen)  # 10.2
    _check(transaction.card)


def spans(locator: bytes) -> list[Span]:
    """10.2; 7.5: a locator that breaks the rules is an error that ends the transaction."""
    if not locator or len(locator) % ENTRY:
        raise CardUnusable(f"the card's file locator has {len(locator)} bytes", fallback=True)
    found = []
    for at in range(0, len(locator), ENTRY):
        file, first, last, signed = locator[at : at + ENTRY]
        sfi = file >> 3
        if file & 0x07 or sfi not in FILES or not 0 < first <= last or signed > last - first + 1:
            wrong = locator[at : at + ENTRY].hex().upper()
            raise CardUnusable(f"entry {at // ENTRY + 1} of the card's file locator is none: {wrong}", fallback=True)
        found.append(Span(sfi, first, last, signed))
    return found


def _objects(sfi: int, record: bytes) -> tuple[Tlv, ...]:
    """6.5.11.4: a record of files 1 to 10 is one template 70, and nothing behind it."""
    templated = record[:1] == bytes.fromhex(RECORD_TEMPLATE)
    if sfi not in OF_EMV:
        return tuple(objects_of(record)) if templated else ()
    nodes = objects_of(record) if templated else []
    if len(nodes) != 1:
        raise CardUnusable(f"a record of file {sfi} is no template {RECORD_TEMPLATE}", fallback=True)
    return nodes[0].children


def _check(values: dict[str, bytes]) -> None:
    """7.2: what must be there. 7.5: what is there and recognised to be wrong ends the transaction as well."""
    for tag, name in MANDATORY.items():
        if not values.get(tag):
            raise CardUnusable(f"the card gave no {name} ({tag})", fallback=True)
    wrong = [tag for tag in DATES if tag in values and not is_date(values[tag].hex())]
    wrong += [tag for tag, size in LENGTHS.items() if tag in values and len(values[tag]) != size]
    if not _is_pan(values["5A"]):
        wrong.append("5A")
    if wrong:
        raise CardUnusable(f"the card's {', '.join(wrong)} is not of its format", fallback=True)


def _is_pan(value: bytes) -> bool:
    """Annex A1: cn, filled with F on the right."""
    text = value.hex().upper().rstrip("F")
    return len(value) <= LONGEST_PAN and text.isdecimal()
