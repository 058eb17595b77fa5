"""From a request to its answer: read, checked, decided, and put together. facts/unionpay-pos 2, 3, 3.1, 4.

What is checked first answers first: matrix, terminal, fields and their parts, sign-on, MAC, track, card, PIN.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from protocols.iso8583 import UNIONPAY, Codec, Frame, Message, UnpackError, compile_spec
from protocols.market import Market
from protocols.transactions import FINANCIAL, REVERSAL_MTI, SETTLING, Transaction, transaction_of
from simulators.issuer import explain
from simulators.issuer.actions import Action
from simulators.issuer.coded import coded_answer
from simulators.issuer.decisions import Decided
from simulators.issuer.exchange import Exchange, Looks, Outcome, Reply
from simulators.issuer.financial import Financial
from simulators.issuer.formats import faults
from simulators.issuer.management import Management
from simulators.issuer.replying import Replies
from simulators.issuer.security import EnrolledTerminal, Sealed, Terminals
from simulators.issuer.settling import Settling
from simulators.issuer.spoil import pack_reply

UNRELATED_TRACE = 500_000
"""So far from the right trace is that of an answer that nobody asked for."""
SEALED = FINANCIAL | {Transaction.SCRIPT_NOTICE}
"""What carries a MAC. facts/unionpay-pos 1.16"""
FORMAT_ERROR, UNKNOWN_TERMINAL, SIGN_ON_FIRST, MAC_ERROR, INVALID, MALFUNCTION = "30", "97", "77", "A0", "12", "96"


class Exchanges:
    """Reads and answers requests, with whoever handles each kind of them."""

    def __init__(
        self, market: Market, terminals: Terminals, financial: Financial, settling: Settling, management: Management,
        now: Callable[[], datetime], monotonic: Callable[[], float], last_reference: int = 0,
    ) -> None:  # fmt: skip
        self._market = market
        self._codec: Codec = compile_spec(UNIONPAY)
        self._terminals = terminals
        self._financial = financial
        self._settling = settling
        self._management = management
        self._now = now
        self._monotonic = monotonic
        self._replies = Replies(market, self._codec)
        self._references = last_reference

    def read(self, number: int, frame: Frame) -> Exchange:
        """Raises UnpackError when the message cannot be read, or is no request."""
        message = self._codec.unpack(frame.body)
        mti = str(message[0])
        if mti[2] not in "02":  # requests and advices; 0820 is one, its answer 0830 is not
            raise UnpackError(("MTI",), f"{mti} is no request", advice=explain.no_request(mti))
        transaction = transaction_of(mti, str(message.get(3, "")), str(message.get(25, "")), str(message.get(60, "")))
        moment = self._now()
        self._references += 1
        reference = f"{moment.month:02d}{moment.day:02d}{self._references:08d}"
        return Exchange(number, frame, message, transaction, mti == REVERSAL_MTI, moment, reference)

    def prepare(self, exchange: Exchange) -> None:
        """Look at what needs no books: the same would be found when its turn comes."""
        terminal = self._terminals.find(exchange.terminal, exchange.merchant)
        if exchange.transaction is None or terminal is None:
            return
        exchange.looked_at = looked_at = Looks(faults(exchange))
        if looked_at.faults or exchange.transaction not in SEALED:
            return
        looked_at.sealed = terminal.check_mac(exchange.frame.body, self._monotonic())
        if looked_at.sealed is not None and looked_at.sealed.check == "valid":
            looked_at.card = self._financial.prepared(exchange, looked_at.sealed.session)

    def signed_on(self, exchange: Exchange) -> bool:
        """Whether the terminal that asks has keys."""
        terminal = self._terminals.find(exchange.terminal, exchange.merchant)
        return terminal is not None and terminal.session is not None

    def answer(self, exchange: Exchange, actions: tuple[Action, ...]) -> Reply:
        """Check, decide and book; the answer is packed and sealed, and changed as the actions say."""
        terminal = self._terminals.find(exchange.terminal, exchange.merchant)
        outcome = self._refused(exchange, terminal)
        if outcome is None:
            assert terminal is not None
            outcome = self._dispatch(exchange, terminal, actions)
        reply = self._replies.build(exchange, outcome)
        body = self._replies.pack(reply, exchange, outcome, actions)
        return Reply(
            body, outcome.decided, outcome.card, outcome.checks, outcome.formats, outcome.host_notes,
            outcome.ledger_notes, outcome.explained, self._replies.breaches(reply, exchange, outcome, actions),
            explain.unmatched(reply, self._unpacked(body)) if actions else "", self._replies.seal(exchange, outcome),
        )  # fmt: skip

    def unavailable(self, exchange: Exchange, reason: str) -> Reply:
        """The answer when the books took nothing. facts/unionpay-pos 5.21"""
        terminal = self._terminals.find(exchange.terminal, exchange.merchant)
        outcome = Outcome(Decided(MALFUNCTION, reason), session=terminal.session if terminal else None)
        reply = self._replies.build(exchange, outcome)
        seal = self._replies.seal(exchange, outcome)
        return Reply(self._replies.pack(reply, exchange, outcome, ()), outcome.decided, seal=seal)

    def unrelated(self, exchange: Exchange, reply: Reply) -> bytes:
        """The same answer to another trace: nobody asked for it."""
        message = self._unpacked(reply.body)
        if not message:
            return reply.body
        message[11] = f"{(int(str(message.get(11, '0'))) + UNRELATED_TRACE) % 1_000_000:06d}"
        message.pop(64, None)
        return pack_reply(self._codec, message, reply.seal)

    def succeeded(self, code: str) -> bool:
        """Whether a code needs no explanation."""
        return code in self._market.success_codes

    def _unpacked(self, body: bytes) -> Message:
        """What a rule made of the answer; empty when nobody can read it."""
        try:
            return self._codec.unpack(body)
        except UnpackError:
            return {}

    def _refused(self, exchange: Exchange, terminal: EnrolledTerminal | None) -> Outcome | None:
        """What needs no key to be refused: no such transaction, no such terminal, a field that is wrong."""
        if exchange.transaction is None:
            return Outcome(Decided(INVALID, explain.unknown_transaction(exchange)))
        if terminal is None:
            return Outcome(Decided(UNKNOWN_TERMINAL, explain.unknown_terminal(exchange, self._terminals)))
        wrong = exchange.looked_at.faults if exchange.looked_at else faults(exchange)
        if wrong:
            reason = "; ".join(reason for _, reason in wrong)
            return Outcome(Decided(FORMAT_ERROR, reason), session=terminal.session, formats=wrong)
        return None

    def _dispatch(self, exchange: Exchange, terminal: EnrolledTerminal, actions: tuple[Action, ...]) -> Outcome:
        transaction = exchange.transaction
        assert transaction is not None
        if transaction in SEALED:
            return self._sealed(exchange, terminal, actions)
        coded = coded_answer(actions, self._market)
        if coded is not None:
            return Outcome(coded)
        if transaction in SETTLING:
            return self._settling.handle(exchange)
        return self._management.handle(exchange, terminal)

    def _sealed(self, exchange: Exchange, terminal: EnrolledTerminal, actions: tuple[Action, ...]) -> Outcome:
        """What carries a MAC: it decides under which key the answer is sealed, too."""
        looked_at = exchange.looked_at
        sealed = looked_at.sealed if looked_at else None
        sealed = sealed or terminal.check_mac(exchange.frame.body, self._monotonic())
        if sealed is None:
            return Outcome(Decided(SIGN_ON_FIRST, "the terminal has not signed on"))
        checks: dict[str, Any] = {
            "mac": sealed.check, "scheme": terminal.scheme, "key": sealed.key, "pin": "absent", "cryptogram": "absent",
        }  # fmt: skip
        if sealed.check != "valid":
            return self._wrong_mac(exchange, terminal, sealed, checks)
        if exchange.transaction is Transaction.SCRIPT_NOTICE:
            coded = coded_answer(actions, self._market)
            outcome = Outcome(coded) if coded else self._settling.script_notice(exchange)
            original = exchange.f61
            outcome.host_notes += self._financial.told_of_scripts(exchange, original.batch, original.trace)
        else:
            outcome = self._financial.handle(exchange, terminal, sealed.session, checks, actions)
        outcome.checks, outcome.session = checks, sealed.session
        return outcome

    def _wrong_mac(
        self, exchange: Exchange, terminal: EnrolledTerminal, sealed: Sealed, checks: dict[str, Any]
    ) -> Outcome:
        if sealed.check == "absent":
            reason = "F64 is missing: the message has no MAC"
        else:
            reason = explain.wrong_mac(exchange, terminal)
        return Outcome(Decided(MAC_ERROR, reason), checks=checks, session=sealed.session)
