"""By what a card is selected: the payment system environment and the applications' names. EMV Book 1, 11.3 and 12.2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from protocols.emv import build
from simulators.card.damage import Damage
from simulators.card.layout import RecordKey, broken, joined

PSE = b"1PAY.SYS.DDF01"  # EMV Book 1, 12.2.2
DIRECTORY = 1
"""Short file identifier of the directory. EMV Book 1, 12.2.3: 1 to 10"""
TOO_HIGH = 11
NOT_THERE = bytes.fromhex("A0000003330101FF")
"""The name of an application that no card has."""
ENTRY = ("4F", "50", "9F12", "87")
"""EMV Book 1, 12.2.3, table 47"""
NAME = ("50", "87", "9F38", "5F2D", "9F11", "9F12")
"""Template A5 of an application's FCI. EMV Book 1, 11.3.4, table 45"""
STRANGE = (("DF20", b"\x01\x02"), ("9F0C", b""))
"""Objects that a directory entry has no use for."""
OTHER_DIRECTORY = ("61", build([("9D", b"2TEST.DDF01"), ("73", [("DF20", b"\x00")])]))
"""An entry for a directory of another kind, which is passed over. EMV Book 1, 12.2.3"""


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """The payment system environment: its FCI, and its directory by record."""

    fci: bytes
    records: Mapping[RecordKey, bytes]
    blocked: bool = False


def application_fci(values: Mapping[str, bytes], issuer_data: Iterable[tuple[str, bytes]], damage: Damage) -> bytes:
    """EMV Book 1, 11.3.4. `issuer_data` are the objects of template BF0C."""
    inner = joined(issuer_data, damage)
    added = [(tag, bytes.fromhex(value)) for tag, value in damage.add_to_name.items()]
    own = [(tag, values[tag]) for tag in NAME if tag in values]
    proprietary = joined([*own, *([("BF0C", inner)] if inner else []), *added], damage)
    name = [("84", values["84"])] if "84" in values else []
    return build([("6F", joined([*name, ("A5", proprietary)], damage))])


def environment(
    entries: Sequence[Mapping[str, bytes]], language: bytes, entries_a_record: int, damage: Damage
) -> PersonalFile:
    """The PSE of a card whose applications have these values."""
    file = {"no file": b"", "wrong file": bytes([TOO_HIGH])}.get(damage.pse, bytes([DIRECTORY]))
    proprietary = [*([("88", file)] if file else []), *([("5F2D", language)] if language else []), ("9F11", b"\x01")]
    fci = build([("6F", [("84", PSE), ("A5", proprietary)])])
    return PersonalFile(fci, _records(entries, entries_a_record, damage), damage.pse == "blocked")


def _records(entries: Sequence[Mapping[str, bytes]], size: int, damage: Damage) -> dict[RecordKey, bytes]:
    if damage.pse == "no records":
        return {}
    if damage.pse == "no entries":
        return {(DIRECTORY, 1): build([("70", b"")])}
    if damage.pse == "wrong entry":
        entries = [{**entries[0], "4F": NOT_THERE}, *entries] if entries else []
    found = {}
    for number, first in enumerate(range(0, len(entries), size), 1):
        found[DIRECTORY, number] = _record(entries[first : first + size], damage)
    return found


def _record(entries: Sequence[Mapping[str, bytes]], damage: Damage) -> bytes:
    """One record of the directory, with several entries in it if need be. EMV Book 1, 12.2.3"""
    odd = damage.pse == "unknown objects"
    parts = [
        ("61", joined([*((tag, one[tag]) for tag in ENTRY if tag in one), *(STRANGE if odd else ())], damage))
        for one in entries
    ]
    record = build([("70", [*([OTHER_DIRECTORY] if odd else []), *parts])])
    return broken(record) if damage.pse == "garbled" else record
