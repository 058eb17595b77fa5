"""What came of a request, and whether a reply that bears its trace and the right MAC is an answer to it.

facts/unionpay-pos 1, reply-matching; 3.1, presence; 5.15, 5.21.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

from protocols.iso8583 import Message
from protocols.market import Action, Market
from protocols.presence import breaches, presence
from protocols.transactions import Transaction

SEAL = 64
REPEATED_AFTER_SIGN_ON = ("77", "99")
"""facts/unionpay-pos 5.21: not signed on, and a PIN under another key: the same again is fine under new keys."""


class Trouble(Enum):
    """Why there is no reply that can be used."""

    NOT_SENT = "not connected, nothing was sent"
    NO_REPLY = "no reply in time"
    WRONG_MAC = "the MAC of the reply is wrong"
    BAD_REPLY = "the reply is not as it must be"
    NO_PIN = "nobody typed the PIN once more, nothing was sent"


@dataclass(frozen=True, slots=True)
class Online:
    """How a request fared: a reply and what the market does on its code, or the trouble."""

    reply: Message | None
    trouble: Trouble | None = None
    action: Action | None = None

    @property
    def code(self) -> str:
        return str(self.reply[39]) if self.reply else ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why an authentic reply is no answer. `differs` tells that it speaks of something else than was asked."""

    text: str
    differs: bool = False


def flaw_of(
    transaction: Transaction, request: Message, reply: Message, market: Market, *, trusted: Collection[int] = ()
) -> Flaw | None:
    """What is wrong with a reply, or None. `trusted` are fields that are not looked at: seeded defects."""
    if 49 in request and reply.get(49, request[49]) != request[49]:
        return Flaw("F49 of the reply is not that of the request", differs=True)
    if 4 in request and 4 in reply and 4 not in trusted and not _amount_fits(request, reply, market):
        return Flaw("F4 of the reply is not what was asked for", differs=True)
    carried = {n: value if isinstance(value, str) else value.hex() for n, value in reply.items() if n}
    found = breaches(carried, presence(transaction, "reply"), unsealed=trusted)
    return Flaw(f"the reply is not whole: {', '.join(map(str, found))}") if found else None


def _amount_fits(request: Message, reply: Message, market: Market) -> bool:
    """Equal, or the part that was approved. 5.15"""
    if market.action(str(reply[39])) is Action.ACCEPT_PARTIAL:
        return 0 < int(str(reply[4])) <= int(str(request[4]))
    return reply[4] == request[4]
