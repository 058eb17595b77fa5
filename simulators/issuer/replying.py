"""The answer to a request: what came is echoed, time and reference are the host's own. facts/unionpay-pos 3.1."""

from __future__ import annotations

from protocols.iso8583 import Codec, Mac, Message
from protocols.iso8583.subfields import F44
from protocols.market import Market
from protocols.presence import breaches, presence
from protocols.transactions import TRANSACTIONS
from simulators.issuer.actions import Action, spoiled
from simulators.issuer.exchange import Exchange, Outcome
from simulators.issuer.spoil import pack_reply

ISSUER, ACQUIRER = "03080000", "03099988"
APPROVAL_SOURCE = F44(ISSUER, ACQUIRER).pack()
ECHOED = (2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 60)
ECHOED_BESIDE = {"05": (48, 63)}
"""By the first two digits of the MTI: totals that are refused go back as they came."""
_DATED = ("01", "02", "04", "03", "05")
_REFERENCED = (*_DATED, "06")
PARTIAL = "10"
UNSEALED = (64,)


class Replies:
    """Builds, checks and packs answers of one market."""

    def __init__(self, market: Market, codec: Codec) -> None:
        self._market = market
        self._codec = codec

    def build(self, exchange: Exchange, outcome: Outcome) -> Message:
        """The answer as it is decided, without its F64."""
        now, decided = exchange.moment, outcome.decided
        family = exchange.text(0)[:2]
        echoed = (*ECHOED, *ECHOED_BESIDE.get(family, ()))
        reply: Message = {n: exchange.message[n] for n in echoed if n in exchange.message}
        reply |= {
            0: f"{int(exchange.text(0)) + 10:04d}",
            12: f"{now.hour:02d}{now.minute:02d}{now.second:02d}",
            13: f"{now.month:02d}{now.day:02d}",
            32: ACQUIRER,
            39: decided.code,
        }
        if family in _DATED:
            reply[15] = reply[13]
        if family in _REFERENCED:
            reply[37] = exchange.reference
        if decided.approval and decided.code in (*self._market.success_codes, PARTIAL):
            reply |= {38: decided.approval, 44: APPROVAL_SOURCE}  # 3.1: mandatory when approved
        if decided.amount is not None:
            reply[4] = f"{decided.amount:012d}"
        return reply | outcome.extra

    def seal(self, exchange: Exchange, outcome: Outcome) -> Mac | None:
        """What the answer is sealed with: the matrix wants it, and there is a key. facts/unionpay-pos 1.16"""
        wants_mac = exchange.transaction is not None and TRANSACTIONS[exchange.transaction].mac
        return outcome.session.mac if wants_mac and outcome.session else None

    def pack(self, reply: Message, exchange: Exchange, outcome: Outcome, actions: tuple[Action, ...]) -> bytes:
        """To bytes, changed as the actions say."""
        return pack_reply(self._codec, reply, self.seal(exchange, outcome), actions)

    def breaches(self, reply: Message, exchange: Exchange, outcome: Outcome, actions: tuple[Action, ...]) -> list[str]:
        """What is wrong with an answer that no rule changed. What the request did not bring is not echoed either."""
        if exchange.transaction is None or spoiled(actions):
            return []
        row = presence(exchange.transaction, "reply", reversal=exchange.reversal)
        found = breaches(reply, row, unsealed=UNSEALED)
        if not found:
            return []
        echoed = (*ECHOED, *ECHOED_BESIDE.get(exchange.text(0)[:2], ()))
        absent = {n for n in echoed if n not in exchange.message}
        return [str(breach) for breach in found if breach.field not in absent]
