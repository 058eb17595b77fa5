"""Cardholder verification: the card's list of rules, and the terminal's results. EMV Book 3, 10.5 and Annex C3."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from protocols.faults import HoldfastError

APPLY_NEXT, OF_METHOD = 0x40, 0x3F
"""b7 of the first byte of a rule, and the bits of its method. EMV Book 3, Annex C3, table 43"""


class CvmListError(HoldfastError):
    """The value of tag 8E is no list of rules."""

    component = "card"


class Method(IntEnum):
    """How a cardholder is verified. EMV Book 3, Annex C3, table 43"""

    FAIL = 0x00
    PLAIN_PIN = 0x01
    ONLINE_PIN = 0x02
    PLAIN_PIN_SIGNATURE = 0x03
    ENCIPHERED_PIN = 0x04
    ENCIPHERED_PIN_SIGNATURE = 0x05
    SIGNATURE = 0x1E
    NO_CVM = 0x1F
    DOCUMENT = 0x20  # reserved for the payment system; PBOC's check of the cardholder's document, likely
    NOT_AVAILABLE = 0x3F


METHOD_WORDS: dict[int, str] = {
    Method.FAIL: "fail CVM processing",
    Method.PLAIN_PIN: "plaintext PIN verification by ICC",
    Method.ONLINE_PIN: "enciphered PIN verified online",
    Method.PLAIN_PIN_SIGNATURE: "plaintext PIN verification by ICC and signature",
    Method.ENCIPHERED_PIN: "enciphered PIN verification by ICC",
    Method.ENCIPHERED_PIN_SIGNATURE: "enciphered PIN verification by ICC and signature",
    Method.SIGNATURE: "signature",
    Method.NO_CVM: "no CVM required",
    Method.DOCUMENT: "cardholder document",
    Method.NOT_AVAILABLE: "no CVM performed",
}


class Condition(IntEnum):
    """When a rule counts. EMV Book 3, Annex C3, table 44"""

    ALWAYS = 0x00
    UNATTENDED_CASH = 0x01
    NOT_CASH = 0x02
    SUPPORTED = 0x03
    MANUAL_CASH = 0x04
    CASHBACK = 0x05
    UNDER_X = 0x06
    OVER_X = 0x07
    UNDER_Y = 0x08
    OVER_Y = 0x09


CONDITION_WORDS: dict[int, str] = {
    Condition.ALWAYS: "always",
    Condition.UNATTENDED_CASH: "if unattended cash",
    Condition.NOT_CASH: "if not unattended cash and not manual cash and not purchase with cashback",
    Condition.SUPPORTED: "if terminal supports the CVM",
    Condition.MANUAL_CASH: "if manual cash",
    Condition.CASHBACK: "if purchase with cashback",
    Condition.UNDER_X: "if transaction is in the application currency and is under X value",
    Condition.OVER_X: "if transaction is in the application currency and is over X value",
    Condition.UNDER_Y: "if transaction is in the application currency and is under Y value",
    Condition.OVER_Y: "if transaction is in the application currency and is over Y value",
}


class CvmRule(NamedTuple):
    """One rule: its first byte as it stands, and its condition code."""

    code: int
    condition: int

    @property
    def method(self) -> int:
        """A `Method`, or a code that the books do not name."""
        return self.code & OF_METHOD

    @property
    def known(self) -> Method | None:
        """The method if the books name one that a rule may ask for."""
        return Method(self.method) if self.method in _RULES else None

    @property
    def apply_next(self) -> bool:
        """Whether the next rule is tried when this one fails; otherwise verification has failed."""
        return bool(self.code & APPLY_NEXT)

    def words(self) -> str:
        """The rule as a report tells it."""
        then = "apply succeeding rule" if self.apply_next else "fail"
        return f"{method_words(self.method)}, {condition_words(self.condition)}, if unsuccessful {then}"


_RULES = frozenset(Method) - {Method.NOT_AVAILABLE}


class CvmList(NamedTuple):
    """Tag 8E: two amounts in the application currency's minor units, and the rules in their order."""

    amount_x: int
    amount_y: int
    rules: tuple[CvmRule, ...]

    @classmethod
    def parse(cls, value: bytes) -> CvmList:
        """No rules are a list, too: as if there were none (10.5). Raises CvmListError for amounts that are cut short
        and for half a rule (EMV Book 3, 7.5)."""
        if len(value) < 8:
            raise CvmListError(f"a CVM list has two amounts of 4 bytes each, and {len(value)} bytes are not enough")
        if len(value) % 2:
            raise CvmListError("the CVM list ends within a rule")
        rules = tuple(CvmRule(value[at], value[at + 1]) for at in range(8, len(value), 2))
        return cls(int.from_bytes(value[:4], "big"), int.from_bytes(value[4:8], "big"), rules)

    def pack(self) -> bytes:
        """The value of tag 8E."""
        amounts = self.amount_x.to_bytes(4, "big") + self.amount_y.to_bytes(4, "big")
        return amounts + b"".join(bytes(rule) for rule in self.rules)


class Outcome(IntEnum):
    """Third byte of the CVM results. EMV Book 4, Annex A4"""

    UNKNOWN = 0x00
    FAILED = 0x01
    SUCCESSFUL = 0x02


class CvmResults(NamedTuple):
    """Tag 9F34: the rule that was applied last, as the card's list has it, and how it went. EMV Book 4, Annex A4"""

    code: int
    condition: int
    outcome: int

    @classmethod
    def parse(cls, value: bytes) -> CvmResults:
        """Raises ValueError unless there are 3 bytes."""
        if len(value) != 3:
            raise ValueError(f"CVM results have 3 bytes, not {len(value)}")
        return cls(*value)

    def pack(self) -> bytes:
        """The value of tag 9F34."""
        return bytes(self)

    @property
    def method(self) -> int:
        """A `Method`, or a code that the books do not name."""
        return self.code & OF_METHOD

    def words(self) -> str:
        """The results as a report tells them."""
        outcome = OUTCOME_WORDS.get(self.outcome, f"outcome {self.outcome:02X}")
        return f"{method_words(self.method)}, {condition_words(self.condition)}, {outcome}"


OUTCOME_WORDS: dict[int, str] = {Outcome.UNKNOWN: "unknown", Outcome.FAILED: "failed", Outcome.SUCCESSFUL: "successful"}
NOT_PERFORMED = CvmResults(Method.NOT_AVAILABLE, 0x00, Outcome.UNKNOWN)
"""No cardholder verification was performed. EMV Book 4, 6.3.4.5"""
NONE_SATISFIED = CvmResults(Method.NOT_AVAILABLE, 0x00, Outcome.FAILED)
"""No rule's condition was satisfied. EMV Book 4, 6.3.4.5"""


def method_words(method: int) -> str:
    """A method as the books name it, or its code."""
    return METHOD_WORDS.get(method, f"CVM {method:02X}")


def condition_words(condition: int) -> str:
    """A condition as the books name it, or its code."""
    return CONDITION_WORDS.get(condition, f"condition {condition:02X}")
