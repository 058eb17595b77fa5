"""Requests that move money, or ask about it: track, card, cryptogram, PIN, and then the market's rules. facts 4, 5.

The card is checked for requests alone: a reversal may name none (3.1), and undoes whatever was made.
"""

from __future__ import annotations

from typing import Any

from protocols.emv import TlvError, build
from protocols.iso8583 import Message
from protocols.iso8583.pin import PinFormat
from protocols.iso8583.subfields import F54, Balance
from protocols.iso8583.track import decrypt_track
from protocols.market import Market
from protocols.transactions import Transaction
from simulators.issuer import explain
from simulators.issuer.actions import Action, Approve, Partial, every, has, only
from simulators.issuer.behaviour import NO_HOLD
from simulators.issuer.chipfacts import is_fallback
from simulators.issuer.coded import as_success, coded_answer
from simulators.issuer.decisions import Asked, Decided, Rules
from simulators.issuer.exchange import Exchange, Outcome
from simulators.issuer.formats import SCRIPT_RESULT
from simulators.issuer.issuerscript import IssuerScript
from simulators.issuer.ledger import Ledger
from simulators.issuer.scripting import learn, scripts
from simulators.issuer.security import CardOnFile, Cryptogram, EnrolledTerminal, PinCheck, Session

WRONG_CARD, CARD_CHECK, EXPIRED, WRONG_PIN, PIN_FORMAT, UNSAFE, USE_CHIP = "14", "59", "54", "55", "99", "A7", "45"
"""facts/unionpay-pos 5.21. A track that cannot be deciphered is A7, 安全处理失败."""
UNKNOWN_CARD = "?"  # no account has this name
STATUS_CODES = {"lost": "41", "stolen": "43", "expired": "54", "restricted": "62"}
STAND_IN_APPROVAL = "999999"
ACCOUNT_TYPE, AVAILABLE = "10", "02"  # facts/unionpay-pos 2, F54
ASKS_PIN_AND_CHIP = frozenset({Transaction.PREAUTH, Transaction.SALE, Transaction.BALANCE})


class Financial:
    """The issuer's side of every financial message. `cards` maps PAN to card; it never leaves the host."""

    def __init__(self, market: Market, rules: Rules, ledger: Ledger) -> None:
        self._market = market
        self._rules = rules
        self._ledger = ledger
        self.cards: dict[str, CardOnFile] = {}

    def card_of(self, pan: str) -> CardOnFile | None:
        return self.cards.get(pan)

    def hold_state(self, exchange: Exchange) -> str:
        """State of the hold that a request speaks of: by F38 and card, by F61, or, of a reversal, by its trace."""
        card = self.cards.get(exchange.pan)
        approval = exchange.text(38).strip()
        if card is not None and approval:
            hold = self._ledger.holds.newest(card.name, approval)
            return hold.state if hold else NO_HOLD
        trace = exchange.trace if exchange.reversal else exchange.f61.trace
        batch = exchange.batch if exchange.reversal else exchange.f61.batch
        entry = self._ledger.journal.used(exchange.merchant, exchange.terminal, batch, trace)
        while entry is not None and entry.original is not None:
            entry = self._ledger.journal.entry(entry.original)
        is_hold = entry is not None and entry.kind == Transaction.PREAUTH.value
        return self._ledger.holds.get(entry.id).state if entry is not None and is_hold else NO_HOLD

    def handle(
        self, exchange: Exchange, terminal: EnrolledTerminal, session: Session, checks: dict[str, Any],
        actions: tuple[Action, ...],
    ) -> Outcome:  # fmt: skip
        """A request whose MAC is right. `checks` is filled in."""
        unsafe = _decipher(exchange, session)
        if unsafe is not None:
            return Outcome(unsafe)
        card = self.cards.get(exchange.pan)
        if exchange.reversal:
            notes = self.told_of_scripts(exchange, exchange.batch, exchange.trace)
            return Outcome(self._decide(exchange, card, actions), card=card.name if card else "", host_notes=notes)
        if card is None:
            return Outcome(Decided(WRONG_CARD, self._no_card(exchange)))
        extra: Message = {2: card.pan}  # facts/unionpay-pos 2: a reply names the card even when a stripe was read
        refused, chip = self._check(exchange, terminal, session, card, checks)
        decided = self._remembered(exchange, card, refused) if refused else self._decide(exchange, card, actions)
        if chip.check == "verified":
            extra[55] = self._chip_answer(exchange, card, chip, decided, actions)
        if decided.balance is not None and decided.code == "00":
            extra[54] = self._balance(decided.balance)
        return Outcome(decided, extra, card.name)

    def _chip_answer(
        self, exchange: Exchange, card: CardOnFile, chip: Cryptogram, decided: Decided, actions: tuple[Action, ...]
    ) -> bytes:
        """F55 of the reply: the issuer's proof, and the scripts that rules ask for. facts/unionpay-pos 2.2"""
        approved = decided.approved or decided.code in self._market.success_codes
        proof = build([("91", chip.answer(decided.code, approved))])
        wanted = every(actions, IssuerScript)
        if not wanted:
            return proof
        sent = scripts(card, chip, wanted, _sent_with(exchange, exchange.batch, exchange.trace))
        card.pin_change = sent.pin_change or card.pin_change
        return proof + sent.chip

    def told_of_scripts(self, exchange: Exchange, batch: str, trace: str) -> list[tuple[str, dict[str, Any]]]:
        """What a notice, or a reversal, says of the scripts of this transaction. facts/unionpay-pos 2.2"""
        card = self.cards.get(exchange.pan)
        if card is None or card.pin_change is None:
            return []
        try:
            told = dict(exchange.chip).get(SCRIPT_RESULT, b"")
        except TlvError:
            return []
        taken = learn(card, _sent_with(exchange, batch, trace), told)
        return [("PIN changed", {"card": card.name})] if taken else []

    def _balance(self, available: int) -> str:
        return F54((Balance(ACCOUNT_TYPE, AVAILABLE, self._market.currency.numeric, available),)).pack()

    def _no_card(self, exchange: Exchange) -> str:
        """Without the number: it may be a card of somebody's."""
        pan = exchange.pan
        alike = [known for known in self.cards if len(known) == len(pan)]
        wrong = sorted(sum(a != b for a, b in zip(pan, known, strict=True)) for known in alike)
        near = f"; the nearest card differs in {wrong[0]} digits" if wrong else "; no card has so many digits"
        return f"the issuer has no card of this number ({len(pan)} digits){near}"

    def prepared(self, exchange: Exchange, session: Session) -> tuple[Cryptogram, PinCheck] | None:
        """What cryptogram and PIN are worth; not where tracks are enciphered: that is for its turn."""
        card = None if exchange.reversal or exchange.text(53)[2:3] == "1" else self.cards.get(exchange.pan)
        return self._look(exchange, session, card) if card is not None else None

    def _look(self, exchange: Exchange, session: Session, card: CardOnFile) -> tuple[Cryptogram, PinCheck]:
        chip = card.check_cryptogram((lambda: exchange.chip) if 55 in exchange.message else None)
        return chip, card.check_pin(session.pin, exchange.octets(52), self._form(exchange))

    def _form(self, exchange: Exchange) -> PinFormat:
        return PinFormat.of_digit(exchange.text(53)[:1]) or PinFormat(self._market.security.pin_format)

    # ── checks of the card ────────────────────────────────────────────────────────────────────────────────────────

    def _check(
        self, exchange: Exchange, terminal: EnrolledTerminal, session: Session, card: CardOnFile, checks: dict[str, Any]
    ) -> tuple[Decided | None, Cryptogram]:
        """Status, expiry, fallback, cryptogram, PIN, in this order; the first that fails decides."""
        found = exchange.looked_at.card if exchange.looked_at else None
        chip, pin = found or self._look(exchange, session, card)
        if exchange.transaction not in ASKS_PIN_AND_CHIP and chip.check == "wrong":
            chip = Cryptogram("absent")  # F55 of a completion is no request for a cryptogram (facts/unionpay-pos 2.2)
        checks.update(pin=pin, cryptogram=chip.check)
        refused: Decided | None = None
        if card.status in STATUS_CODES:
            refused = Decided(STATUS_CODES[card.status], f"the card is {card.status}")
        elif card.expiry < f"{exchange.moment.year % 100:02d}{exchange.moment.month:02d}":
            refused = Decided(EXPIRED, f"the card expired {card.expiry}")
        elif not self._market.entry.fallback and is_fallback(exchange):
            refused = Decided(
                USE_CHIP, "the stripe was read because the chip failed, and this market allows no fallback"
            )
        elif chip.check == "wrong":
            refused = Decided(CARD_CHECK, chip.fault)
        elif pin in ("unreadable", "clear"):
            block = exchange.octets(52) or b""
            refused = Decided(PIN_FORMAT, explain.unreadable_pin(block, card.pan, terminal, self._form(exchange)))
        return refused or self._check_pin(card, pin), chip

    def _check_pin(self, card: CardOnFile, pin: str) -> Decided | None:
        security = self._market.security
        exceeded = Decided(security.pin_tries_exceeded_code, "PIN tries exceeded")
        if card.wrong_pins >= security.pin_tries:
            return exceeded
        if pin == "right":
            card.wrong_pins = 0
        if pin == "wrong":
            card.wrong_pins += 1
            left = security.pin_tries - card.wrong_pins
            return Decided(WRONG_PIN, f"wrong PIN, {left} tries left") if left else exceeded
        return None

    # ── decision ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _decide(self, exchange: Exchange, card: CardOnFile | None, actions: tuple[Action, ...]) -> Decided:
        coded = coded_answer(actions, self._market)
        if coded is not None:
            return self._remembered(exchange, card, coded) if card and not exchange.reversal else coded
        if has(actions, Approve):
            return Decided("00", "a behaviour rule approves without asking the books", STAND_IN_APPROVAL)
        asked, today = self.asked(exchange, card), exchange.moment.date()
        if exchange.reversal:
            return as_success(self._rules.reverse(asked, today), actions, self._market)
        part = only(actions, Partial)
        if part is not None:
            return self._part(asked, exchange, part)
        return as_success(self._rules.decide(asked, today, exchange.reference), actions, self._market)

    def _remembered(self, exchange: Exchange, card: CardOnFile, refused: Decided) -> Decided:
        """The reversal of what was refused here is answered as such. facts/unionpay-pos 5.19"""
        asked, today = self.asked(exchange, card), exchange.moment.date()
        return self._rules.refuse(asked, today, exchange.reference, refused.code, refused.reason)

    def _part(self, asked: Asked, exchange: Exchange, part: Partial) -> Decided:
        """Less than was asked for, as if no more were there. A refusal stays one."""
        most = asked.amount * part.percent // 100
        return self._rules.decide(asked._replace(most=most), exchange.moment.date(), exchange.reference)

    def asked(self, exchange: Exchange, card: CardOnFile | None) -> Asked:
        """The request as the rules see it."""
        assert exchange.transaction is not None
        f60, f61 = exchange.f60, exchange.f61
        return Asked(
            exchange.transaction, exchange.terminal, exchange.merchant, f60.batch, exchange.trace,
            _name(exchange, card), exchange.amount, exchange.text(38), f61.batch, f61.trace, f61.date,
            exchange.text(37), partial=f60.partial == "1",
        )  # fmt: skip


def _sent_with(exchange: Exchange, batch: str, trace: str) -> tuple[str, str, str, str]:
    """The transaction that a script went with."""
    return exchange.merchant, exchange.terminal, batch, trace


def _name(exchange: Exchange, card: CardOnFile | None) -> str:
    """The account's name; empty when the message names no card, which a reversal may (3.1)."""
    return card.name if card else UNKNOWN_CARD if exchange.pan else ""


def _decipher(exchange: Exchange, session: Session) -> Decided | None:
    """Put the tracks in clear into the exchange when F53 says that they are enciphered. facts/unionpay-pos 4.7"""
    tracks = [n for n in (35, 36) if exchange.text(n)]
    enciphered = exchange.text(53)[2:3] == "1"
    for number in tracks if enciphered else ():
        if not session.keys.track:
            return Decided(UNSAFE, f"F53.3 says that F{number} is enciphered: the sign-on brought no track key")
        try:
            exchange.message[number] = decrypt_track(session.keys.track, exchange.text(number))
        except ValueError as error:
            return Decided(UNSAFE, f"F{number} cannot be deciphered: {error}")
    clear = set("0123456789D=")
    wrong = [n for n in tracks if not clear.issuperset(exchange.text(n))]
    if wrong:
        return Decided(
            UNSAFE, f"F{wrong[0]} holds nibbles that are no digits, and F53.3 does not say that it is enciphered"
        )
    return None
