"""One exchange: a request read, checked and decided, and the reply put together. facts/unionpay-pos 2, 3.1, 4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from protocols.emv import build
from protocols.iso8583 import F60, F61, UNIONPAY, Frame, Message, UnpackError, compile_spec
from protocols.market import Market
from protocols.transactions import REVERSAL_MTI, TRANSACTIONS, Transaction, transaction_of
from simulators.issuer.behaviour import Action, Answer, WrongMac
from simulators.issuer.decisions import Asked, Decided, Rules
from simulators.issuer.ledger import Ledger
from simulators.issuer.security import CardOnFile, EnrolledTerminal, Terminals

FORMAT_ERROR, UNKNOWN_TERMINAL, SIGN_ON_FIRST, MAC_ERROR, WRONG_PIN, PIN_FORMAT = "30", "97", "77", "A0", "55", "99"
WRONG_CARD, CARD_CHECK, EXPIRED, INVALID = "14", "59", "54", "12"
UNKNOWN_CARD = "?"  # no account has this name
STATUS_CODES = {"lost": "41", "stolen": "43", "expired": "54", "restricted": "62"}  # facts/unionpay-pos 5.21

MANDATORY = {  # facts/unionpay-pos 3.1, fields a request must carry
    Transaction.SIGN_ON: (11, 41, 42, 60),
    Transaction.SIGN_OFF: (11, 41, 42, 60),
    Transaction.ECHO: (41, 42, 60),
    Transaction.PREAUTH: (3, 4, 11, 22, 25, 41, 42, 49, 60, 64),
    Transaction.CANCEL: (3, 4, 11, 22, 25, 38, 41, 42, 49, 60, 61, 64),
    Transaction.COMPLETION: (3, 4, 11, 22, 25, 38, 41, 42, 49, 60, 61, 64),
    Transaction.COMPLETION_VOID: (3, 4, 11, 22, 25, 37, 41, 42, 49, 60, 61, 64),
}
REVERSAL_MANDATORY = (3, 4, 11, 22, 25, 39, 41, 42, 49, 60, 64)  # and F61, but for a pre-authorisation's
REVERSAL_FORBIDDEN = (26, 35, 36, 37, 52, 53)  # facts/unionpay-pos 3.1
ISSUER, ACQUIRER = "03080000", "03099988"
ECHOED = (2, 3, 4, 11, 14, 22, 23, 25, 41, 42, 49, 60)


@dataclass
class Exchange:
    """A request as it was understood. `transaction` is None when the matrix has no such row.

    Business time and reference are taken once: ledger, reply and receipt must agree, over midnight too.
    """

    number: int
    frame: Frame
    message: Message
    transaction: Transaction | None
    reversal: bool
    moment: datetime
    reference: str

    def text(self, number: int) -> str:
        value = self.message.get(number, "")
        return value if isinstance(value, str) else ""

    def octets(self, number: int) -> bytes | None:
        value = self.message.get(number)
        return value if isinstance(value, bytes) else None

    @property
    def trace(self) -> str:
        return self.text(11)

    @property
    def name(self) -> str:
        return self.transaction.value if self.transaction else "unknown"

    @property
    def amount(self) -> int:
        return int(self.text(4) or 0)

    def common(self) -> dict[str, Any]:
        """What every event of this exchange carries."""
        return {
            "exchange": self.number, "mti": self.text(0), "transaction": self.name, "trace": self.trace,
            "reversal": self.reversal,
        }  # fmt: skip


@dataclass
class Reply:
    """The packed answer, and what led to it."""

    body: bytes
    decided: Decided
    card: str = ""
    checks: dict[str, Any] = field(default_factory=dict)


class Exchanges:
    """Reads and answers requests. `cards` maps PAN to card; it never leaves the host."""

    def __init__(self, market: Market, ledger: Ledger, terminals: Terminals, now: Callable[[], datetime]) -> None:
        self._market = market
        self._codec = compile_spec(UNIONPAY)
        self._rules = Rules(ledger, market)
        self._terminals = terminals
        self._now = now
        self._references = 0
        self.cards: dict[str, CardOnFile] = {}

    def read(self, number: int, frame: Frame) -> Exchange:
        """Raises UnpackError when the message cannot be read."""
        message = self._codec.unpack(frame.body)
        mti = str(message[0])
        if mti[2] not in "02":  # requests and advices; 0820 is one, its answer 0830 is not
            raise UnpackError(("MTI",), f"{mti} is no request")
        transaction = transaction_of(mti, *(str(message.get(n, "")) for n in (3, 25, 60)))
        moment = self._now()
        self._references += 1
        reference = f"{moment:%m%d}{self._references:08d}"
        return Exchange(number, frame, message, transaction, mti == REVERSAL_MTI, moment, reference)

    def answer(self, exchange: Exchange, action: Action | None) -> Reply:
        """Check, decide and book; the reply is packed and sealed, wrongly if the action says so."""
        terminal = self._terminals.find(exchange.text(41), exchange.text(42))
        refused = self._refusal(exchange, terminal)
        checks: dict[str, Any] = {}
        extra: Message = {}
        card: CardOnFile | None = None
        if refused is not None or terminal is None:
            decided = refused or Decided(UNKNOWN_TERMINAL, "no such terminal")
        elif exchange.transaction in (Transaction.SIGN_ON, Transaction.SIGN_OFF, Transaction.ECHO):
            decided, extra = self._management(exchange, terminal, action)
        else:
            decided, extra, card, checks = self._financial(exchange, terminal, action)
        body = self._reply(exchange, decided, extra, terminal, spoil=isinstance(action, WrongMac))
        return Reply(body, decided, card.name if card else "", checks)

    # ── checks ────────────────────────────────────────────────────────────────────────────────────────────────

    def _refusal(self, exchange: Exchange, terminal: EnrolledTerminal | None) -> Decided | None:
        if exchange.transaction is None:
            found = " ".join(f"F{n}={exchange.text(n) or 'missing'}" for n in (3, 25, 60))
            return Decided(INVALID, f"MTI {exchange.text(0)} with {found} is no transaction of the matrix")
        if terminal is None:
            return Decided(UNKNOWN_TERMINAL, f"terminal {exchange.text(41)} of {exchange.text(42)} is not enrolled")
        missing = [f"F{n}" for n in _mandatory(exchange) if n not in exchange.message and n != 64]
        if missing:
            return Decided(FORMAT_ERROR, f"{', '.join(missing)} missing")
        if exchange.reversal:
            excess = [f"F{n}" for n in REVERSAL_FORBIDDEN if n in exchange.message]
            if excess:
                return Decided(FORMAT_ERROR, f"a reversal must not carry {', '.join(excess)}")
        return None

    def _management(
        self, exchange: Exchange, terminal: EnrolledTerminal, action: Action | None
    ) -> tuple[Decided, Message]:
        if isinstance(action, Answer):
            return Decided(action.code, "a behaviour rule says so"), {}
        if exchange.transaction is Transaction.SIGN_ON:
            wrapped = terminal.sign_on(F60.parse(exchange.text(60)).management)
            return Decided("00", "signed on, fresh working keys"), {62: wrapped, 63: "CUP"}
        if exchange.transaction is Transaction.SIGN_OFF:
            terminal.sign_off()
            return Decided("00", "signed off"), {}
        return Decided("00", "here"), {}

    def _financial(
        self, exchange: Exchange, terminal: EnrolledTerminal, action: Action | None
    ) -> tuple[Decided, Message, CardOnFile | None, dict[str, Any]]:
        if terminal.keys is None or terminal.mac is None:
            return Decided(SIGN_ON_FIRST, "the terminal has not signed on"), {}, None, {}
        mac = terminal.mac.check(exchange.frame.body)
        checks: dict[str, Any] = {"mac": mac, "scheme": terminal.mac.scheme, "pin": "absent", "cryptogram": "absent"}
        if mac != "valid":
            return Decided(MAC_ERROR, f"MAC {mac}"), {}, None, checks
        card = self._card(exchange)
        if exchange.reversal:
            return self._decide(exchange, card, action), {}, card, checks
        if card is None:
            return Decided(WRONG_CARD, "no such card"), {}, None, checks
        refused, key, request = self._check_card(exchange, terminal, card, checks)
        decided = refused or self._decide(exchange, card, action)
        extra: Message = {}
        if checks["cryptogram"] == "verified":
            extra[55] = build([("91", card.answer_cryptogram(key, request, decided.code))])
        return decided, extra, card, checks

    def _check_card(
        self, exchange: Exchange, terminal: EnrolledTerminal, card: CardOnFile, checks: dict[str, Any]
    ) -> tuple[Decided | None, bytes, bytes]:
        """Status, expiry, cryptogram, PIN, in this order; the first that fails decides."""
        assert terminal.keys is not None
        chip, key, request = card.check_cryptogram(exchange.octets(55))
        pin = card.check_pin(terminal.keys, exchange.octets(52))
        checks.update(pin=pin, cryptogram=chip)
        if card.status in STATUS_CODES:
            return Decided(STATUS_CODES[card.status], f"the card is {card.status}"), key, request
        if card.expiry < f"{exchange.moment:%y%m}":
            return Decided(EXPIRED, f"the card expired {card.expiry}"), key, request
        if chip == "wrong" or (
            exchange.transaction is Transaction.PREAUTH and exchange.text(22)[:2] == "05" and chip == "absent"
        ):
            return Decided(CARD_CHECK, f"cryptogram {chip}"), key, request
        return self._check_pin(card, pin, exchange), key, request

    def _check_pin(self, card: CardOnFile, pin: str, exchange: Exchange) -> Decided | None:
        exceeded = Decided(self._market.security.pin_tries_exceeded_code, "PIN tries exceeded")
        if card.wrong_pins >= self._market.security.pin_tries:
            return exceeded
        if pin == "right":
            card.wrong_pins = 0
            return None
        if pin == "unreadable":
            return Decided(PIN_FORMAT, "F52 holds no PIN block under this session's key")
        if pin == "wrong":
            card.wrong_pins += 1
            left = self._market.security.pin_tries - card.wrong_pins
            return Decided(WRONG_PIN, f"wrong PIN, {left} tries left") if left else exceeded
        if exchange.text(22)[2:3] == "1":
            return Decided(FORMAT_ERROR, "F22 says that there is a PIN, F52 is missing")
        return None

    def _card(self, exchange: Exchange) -> CardOnFile | None:
        track = exchange.text(35)
        return self.cards.get(exchange.text(2) or track.split("D", 1)[0])

    def _decide(self, exchange: Exchange, card: CardOnFile | None, action: Action | None) -> Decided:
        if isinstance(action, Answer):
            return Decided(action.code, "a behaviour rule says so")
        assert exchange.transaction is not None
        f60, f61 = F60.parse(exchange.text(60)), F61.parse(exchange.text(61))
        asked = Asked(
            exchange.transaction, exchange.text(41), exchange.text(42), f60.batch, exchange.trace,
            self._name(exchange, card), exchange.amount, exchange.text(38), f61.batch, f61.trace, f61.date,
            exchange.text(37),
        )  # fmt: skip
        today = exchange.moment.date()
        if exchange.reversal:
            return self._rules.reverse(asked, today)
        return self._rules.decide(asked, today, exchange.reference)

    def _name(self, exchange: Exchange, card: CardOnFile | None) -> str:
        """The account's name; empty when the message names no card, which a reversal may (3.1)."""
        return card.name if card else UNKNOWN_CARD if 2 in exchange.message else ""

    # ── reply ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _reply(
        self, exchange: Exchange, decided: Decided, extra: Message, terminal: EnrolledTerminal | None, *, spoil: bool
    ) -> bytes:
        """facts/unionpay-pos 3.1: what came is echoed, time and reference are the host's own."""
        now = exchange.moment
        request_mti = exchange.text(0)
        reply: Message = {n: exchange.message[n] for n in ECHOED if n in exchange.message}
        reply |= {
            0: f"{int(request_mti) + 10:04d}",
            12: f"{now:%H%M%S}",
            13: f"{now:%m%d}",
            32: ACQUIRER,
            39: decided.code,
        }
        if exchange.text(0)[:2] in ("01", "02", "04"):
            reply |= {15: f"{now:%m%d}", 37: exchange.reference}
        if decided.code == "00" and decided.approval:
            reply |= {38: decided.approval, 44: f"{ISSUER:<11}{ACQUIRER:<11}"}  # 3.1: mandatory when approved
        reply |= extra
        wants_mac = exchange.transaction is not None and TRANSACTIONS[exchange.transaction].mac
        if not wants_mac or terminal is None or terminal.mac is None:
            return self._codec.pack(reply)
        body = terminal.mac.seal(self._codec, reply)
        return body[:-1] + bytes([body[-1] ^ 0x01]) if spoil else body


def _mandatory(exchange: Exchange) -> tuple[int, ...]:
    """facts/unionpay-pos 3.1: the reversal of all but a pre-authorisation names its original in F61."""
    assert exchange.transaction is not None
    if not exchange.reversal:
        return MANDATORY[exchange.transaction]
    return REVERSAL_MANDATORY if exchange.transaction is Transaction.PREAUTH else (*REVERSAL_MANDATORY, 61)
