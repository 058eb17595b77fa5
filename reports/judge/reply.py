"""Answers as they left the host, and what each is to the terminal: its answer, none, or one that it may take or leave.

facts/unionpay-pos 1: a reply is a request's own when its MTI is the request's plus 10 and F3, F4, F11, F41 and F42 are
the request's; 5.19: without a right MAC it is no answer. A reply that is authentic but lacks a field of its row, or
carries something that cannot be read, may be taken or refused: no fact says which (`Standing.EITHER`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from protocols.iso8583 import UNIONPAY
from protocols.presence import breaches, presence
from protocols.transactions import Transaction

Moment = tuple[int, int]
"""Time and number of an event: the order of all that happened."""

WRONG_MAC = "wrong MAC"
"""Name that the bench gives to the action which answers with a wrong MAC (`rigs/hosts/simulated.py`)."""
MAC, LENGTH = "MAC", "length"
"""What `spoiled` says when the MAC or the length before the frame was changed."""
PARTIAL = "10"
"""facts/unionpay-pos 5.21: approved in part; F4 of the reply is the part."""
AMOUNT, RESPONSE_CODE, SEAL = 4, 39, 64
MATCHED = (3, AMOUNT, 11, 41, 42)
"""facts/unionpay-pos 1, reply-matching."""
NEEDED = frozenset({*MATCHED, RESPONSE_CODE, SEAL})
"""A reply in which one of these cannot be read is no answer."""
DOUBTFUL = frozenset({12, 13, 15, 25, 32, 38, 44, 49, 55, 60})
"""A reply in which one of these was spoiled may be taken or not: no terminal need compare or use them."""
CHIP = 55
AUTHENTIC_CHIP = frozenset({"wrong ARPC", "no ARPC", "script 71", "script 72"})
"""Actions on chip data that leave an answer that can be read: what the chip makes of it is the chip's matter."""
_SPOILED_FIELD = re.compile(r"F(\d+)")


class Standing(Enum):
    """What a reply is to the terminal."""

    ANSWER = "the request's own, under a right MAC"
    EITHER = "authentic, but not as it should be"
    NONE = "no answer"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it left the host, timed at its last byte. `rule` names the behaviour rule that had a hand in it,
    `spoiled` tells what that changed; `unread` that not even the recorder could read it."""

    number: int
    t_ns: int
    code: str
    rule: str
    late: bool
    message: Mapping[str, str]
    sent: bool = True  # False: the terminal had gone
    spoiled: tuple[str, ...] = ()
    unread: bool = False
    standing: Standing = Standing.ANSWER

    @property
    def at(self) -> Moment:
        return (self.t_ns, self.number)

    @property
    def tampered(self) -> bool:
        """Sent on purpose with a MAC that is wrong, or with none."""
        return self.rule == WRONG_MAC or MAC in self.spoiled

    def value(self, number: int | str) -> str:
        """A field of the masked message, empty when absent."""
        return field_of(self.message, number)


_USUAL: dict[int | str, str] = {field.number: f"F{field.number} {field.name}" for field in UNIONPAY.fields}
"""Where a field stands in a described message, nearly always."""


def field_of(message: Mapping[str, str], number: int | str) -> str:
    """The value of `F<field> ...` in a described message; a tag of chip data is `"55.9F02"`."""
    usual = message.get(_USUAL.get(number, ""))
    if usual is not None:
        return str(usual)
    prefix = f"F{number}"
    for key, value in message.items():
        if key == prefix or key.startswith(f"{prefix} "):
            return str(value)
    return ""


def fields_of(message: Mapping[str, str]) -> dict[int, str]:
    """Every whole field of a described message by its number; what a field is made of is left out."""
    found: dict[int, str] = {}
    for key, value in message.items():
        name = key.split(" ", 1)[0]
        if name[1:].isdigit() and name[0] == "F":
            found.setdefault(int(name[1:]), str(value))
    return found


def standing_of(mti: str, transaction: str, reversal: bool, asked: Mapping[str, str], reply: Reply) -> Standing:
    """What a reply is to the request of this MTI, transaction and message."""
    if not reply.sent or reply.tampered or LENGTH in reply.spoiled:
        return Standing.NONE
    spoiled = frozenset(_numbers(reply.spoiled))
    if not reply.message:
        return _unread(reply, spoiled)
    if not _is_own(mti, asked, reply):
        return Standing.NONE
    doubtful = _doubtful(reply, spoiled)
    return Standing.EITHER if doubtful or _lacks(transaction, reversal, reply) else Standing.ANSWER


def _doubtful(reply: Reply, spoiled: frozenset[int]) -> bool:
    if "F55 error" in reply.message:
        return True
    on_chip = [name for name in reply.rule.split(" + ") if name in AUTHENTIC_CHIP]
    readable = {CHIP} if on_chip and len(on_chip) == reply.spoiled.count(f"F{CHIP}") else set()
    return bool(spoiled & DOUBTFUL - readable)


def _numbers(spoiled: Iterable[str]) -> Iterable[int]:
    """The fields among what was spoiled; a single tag of chip data, `F55.91`, is not the whole field."""
    return (int(found[1]) for found in map(_SPOILED_FIELD.fullmatch, spoiled) if found)


def _unread(reply: Reply, spoiled: frozenset[int]) -> Standing:
    """Nobody recorded what was in it: it stands, unless it could not be read. A lenient terminal may read past a field
    that it does not need."""
    if not reply.unread:
        return Standing.ANSWER
    return Standing.EITHER if spoiled and not spoiled & NEEDED else Standing.NONE


def _is_own(mti: str, asked: Mapping[str, str], reply: Reply) -> bool:
    answered = str(reply.message.get("MTI", ""))
    if answered and mti.isdigit() and answered != f"{int(mti) + 10:04d}":
        return False
    if not reply.code or (field_of(asked, SEAL) and not reply.value(SEAL)):
        return False
    return all(_matches(asked, reply, number) for number in MATCHED)


def _matches(asked: Mapping[str, str], reply: Reply, number: int) -> bool:
    """Equal, or the part of the amount that was approved. What was not asked with is not compared."""
    was, now = field_of(asked, number), reply.value(number)
    if number == AMOUNT and reply.code == PARTIAL and was.isdigit() and now.isdigit():
        return int(now) <= int(was)
    return not was or was == now


def _lacks(transaction: str, reversal: bool, reply: Reply) -> bool:
    """Whether a spoiled reply lacks a field of its row. facts/unionpay-pos 3.1."""
    if not reply.spoiled:
        return False
    try:
        row = presence(Transaction(transaction), "reply", reversal=reversal)
    except (ValueError, KeyError):
        return False
    return bool(breaches(fields_of(reply.message), row))
