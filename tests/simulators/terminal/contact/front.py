"""What the tests of the kernel's front half share: transactions, and the card's answers written short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.emv import build
from protocols.money import Money
from simulators.terminal.contact.channel import Channel
from simulators.terminal.contact.configuration import ApplicationRule, Configuration
from simulators.terminal.contact.state import ChipTransaction, Terms
from tests.simulators.kit import PAN
from tests.support.scripted_card import ScriptedCard

CREDIT, DEBIT, QUASI = "A000000333010102", "A000000333010101", "A000000333010103"
UNPREDICTABLE = "11223344"
NOW = datetime(2026, 6, 15, 9, 30, 5)
TERMS = Terms("03", Money(100_00), "000042", NOW)
PSE_SELECT = "00A404000E 315041592E5359532E4444463031 00"
NOT_FOUND = "6A82"


@dataclass
class Answers:
    """A cardholder who answers as he was told, and remembers what he was asked."""

    choices: list[int | None] = field(default_factory=list)
    confirms: bool = True
    offered: list[list[str]] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)

    def choose(self, labels: Sequence[str]) -> int | None:
        self.offered.append(list(labels))
        return self.choices.pop(0)

    def confirm(self, label: str) -> bool:
        self.confirmed.append(label)
        return self.confirms

    def document_matches(self, kind: str, number: str) -> bool:
        raise AssertionError("nobody asks for a document here")


def knowing(*aids: str, partial: bool = True, **more: Any) -> Configuration:
    """A terminal that knows these applications."""
    return Configuration(tuple(ApplicationRule(bytes.fromhex(aid), partial=partial) for aid in aids), **more)


def transaction(
    card: ScriptedCard, configuration: Configuration | None = None, terms: Terms = TERMS, **values: str
) -> tuple[ChipTransaction, Channel]:
    """One that has just begun, with these values of the card (tag in lower case after `t`: t82="7C00")."""
    channel = Channel(card)
    begun = ChipTransaction(
        terms, configuration or Configuration(), channel.guard, lambda size: bytes.fromhex(UNPREDICTABLE)[:size]
    )
    begun.card |= {tag[1:].upper(): bytes.fromhex(value) for tag, value in values.items()}
    return begun, channel


def tlv(*objects: tuple[str, Any]) -> str:
    """Data objects in hex: values in hex, or tuples for what a template holds."""
    return build([(tag, _value(value)) for tag, value in objects]).hex().upper()


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return bytes.fromhex(value)
    return [(tag, _value(inner)) for tag, inner in value]


def text(words: str) -> str:
    """Its bytes in hex."""
    return words.encode("gb18030").hex().upper()


def select(aid: str, p2: str = "00") -> str:
    return f"00A404{p2}{len(aid) // 2:02X}{aid}00"


def read(number: int, sfi: int) -> str:
    return f"00B2{number:02X}{sfi << 3 | 4:02X}00"


def fci(aid: str, label: str = "PBOC CREDIT", *more: tuple[str, Any], sw: str = "9000") -> str:
    """An application's answer to SELECT."""
    return tlv(("6F", [("84", aid), ("A5", [("50", text(label)), *more])])) + sw


def directory(*more: tuple[str, Any], sfi: str = "01") -> str:
    """The directory's answer to SELECT."""
    return tlv(("6F", [("84", "315041592E5359532E4444463031"), ("A5", [("88", sfi), *more])])) + "9000"


def entry(aid: str, label: str, priority: str = "", *more: tuple[str, Any]) -> tuple[str, Any]:
    """An application's entry in a record of the directory."""
    named = [("87", priority)] if priority else []
    return "61", [("4F", aid), ("50", text(label)), *named, *more]


def record(*objects: tuple[str, Any], sw: str = "9000") -> str:
    """A record that is one template."""
    return tlv(("70", objects)) + sw


def pan(value: str = PAN) -> str:
    """Packed, as 5A has it."""
    return value + "F" * (len(value) % 2)
