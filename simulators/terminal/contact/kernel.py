"""The contact kernel: one chip transaction from the card's power to its last word. EMV Book 3, 10."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from protocols.cardlist import only_test_cards
from protocols.emv import build
from protocols.emv.tag_lists import REQUEST, REVERSAL, SCRIPT_NOTICE, TagList
from protocols.events import Channel as Where
from protocols.events import Emit, Event, discard
from protocols.faults import HoldfastBug
from protocols.pinpad import PinEntry
from simulators.terminal.contact.actions import AAC, APPROVED_OFFLINE, ARQC, DECLINED_OFFLINE, TC, to_ask
from simulators.terminal.contact.authentication import authenticate
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.completion import CODE, RESULTS, Completion, HostAnswer
from simulators.terminal.contact.configuration import Configuration
from simulators.terminal.contact.generation import Generation, Word
from simulators.terminal.contact.reading import read_application_data
from simulators.terminal.contact.restrictions import restrict
from simulators.terminal.contact.risk import draw, manage_risk
from simulators.terminal.contact.selection import begin
from simulators.terminal.contact.state import ChipTransaction, Terms, digits
from simulators.terminal.contact.verification import Verified, verify_cardholder
from simulators.terminal.devices import Cardholder, CardReader, PinPad


@dataclass(frozen=True, slots=True)
class CardData:
    """What the terminal read. Card data never goes to an event or an error."""

    pan: str = field(repr=False)
    expiry: str = field(repr=False)
    psn: str = ""
    track2: str = field(default="", repr=False)
    aid: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class FirstWord:
    """The card's first cryptogram and what belongs to it.

    `chip` is F55 of a request, `cvm` the words of the method that verified the cardholder; `code` is the terminal's own
    for a transaction that the chip has ended offline. `advice`, `reason`: what the cryptogram information asks for.
    """

    kind: str
    chip: bytes = field(repr=False)
    pin: PinEntry | None
    cvm: str
    code: str = ""
    advice: bool = False
    reason: str = ""


@dataclass
class _Open:
    """A transaction under way."""

    transaction: ChipTransaction
    channel: Channel
    generation: Generation
    online_only: bool = True


class Kernel:
    """One chip transaction at a time over one reader: `open`, `decide`, `conclude`.

    Raises CardRemoved and CardUnusable for the card, PinCancelled and PinTimedOut for its holder, RigFault for the
    bench. `only` raises ForeignCard for a PAN that must not be read on.
    """

    def __init__(
        self, reader: CardReader, pinpad: PinPad, cardholder: Cardholder, configuration: Callable[[], Configuration],
        emit: Emit = discard, only: Callable[[str], None] = only_test_cards, defects: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._reader = reader
        self._pinpad = pinpad
        self._cardholder = cardholder
        self._configuration = configuration
        self._emit = emit
        self._only = only
        self._defects = defects
        self._repeated = secrets.token_bytes(4)
        self._open: _Open | None = None

    # ── open ──────────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, terms: Terms) -> CardData:
        """Power on, selection, processing options, records. The PAN of a card that is not listed stops all at once."""
        self._open = None
        channel = Channel(self._reader, self._only)
        transaction = ChipTransaction(terms, self._configuration(), channel.guard, self._unpredictable)
        channel.power_on()
        begin(transaction, channel, self._cardholder, self._defects)
        read_application_data(transaction, channel)
        self._open = _Open(transaction, channel, Generation(transaction, channel))
        card = transaction.card
        return CardData(
            pan=transaction.pan, expiry=digits(card["5F24"])[:4], psn=digits(card.get("5F34", b"")),
            track2=digits(card.get("57", b"")), aid=transaction.terminal["9F06"].hex().upper(), label=transaction.label,
        )  # fmt: skip

    def _unpredictable(self, size: int) -> bytes:
        """EMV Book 4, 6.5.6."""
        return self._repeated if "unpredictable-number-repeats" in self._defects else secrets.token_bytes(size)

    # ── decide ────────────────────────────────────────────────────────────────────────────────────────────────

    def decide(self, *, online_only: bool = True) -> FirstWord:
        """From offline data authentication to the first GENERATE AC. `online_only`: the issuer is asked, or nobody
        approves: what holds of a pre-authorisation (cases.md 152)."""
        now = self._now()
        now.online_only = online_only
        transaction, channel = now.transaction, now.channel
        authenticate(transaction, channel, self._defects)
        restrict(transaction, self._defects)
        verified = verify_cardholder(transaction, channel, self._pinpad, self._cardholder, self._defects)
        manage_risk(transaction, channel, draw)
        now.generation.prepare()
        asked = to_ask(transaction, online_only=online_only, defects=self._defects)
        with _no_way_back():
            word = now.generation.first(asked)
            self._tell("first")
            return self._first_word(now, word, verified)

    def _first_word(self, now: _Open, word: Word, verified: Verified) -> FirstWord:
        chip = self._objects_of(REQUEST)
        kind = self._believed(now, word)
        code = {TC: APPROVED_OFFLINE, AAC: DECLINED_OFFLINE}.get(kind, "")  # EMV Book 4, A6
        if code:
            now.transaction.terminal[CODE] = code.encode("ascii")
        return FirstWord(kind, chip, verified.pin, verified.words, code, word.advice, word.reason)

    def _believed(self, now: _Open, word: Word) -> str:
        """EMV Book 2, 6.6.2: a wrong signature is a decline; a card that waits for its issuer is told so at once."""
        if word.trusted:
            return word.kind
        if word.kind == ARQC:
            now.transaction.terminal[CODE] = DECLINED_OFFLINE.encode("ascii")
            now.generation.second(AAC)
            self._tell("second")
        return AAC

    # ── conclude ──────────────────────────────────────────────────────────────────────────────────────────────

    def conclude(self, answer: HostAnswer | None) -> str:
        """The card's last word, TC or AAC, on what the issuer answered; None: it could not be asked."""
        now = self._now()
        completion = Completion(now.transaction, now.channel, now.generation, self._defects)
        with _no_way_back():
            given = (
                completion.unanswered(online_only=now.online_only) if answer is None else completion.answered(answer)
            )
        self._tell("second")
        return given

    # ── what messages and slips carry ─────────────────────────────────────────────────────────────────────────

    def script_results(self) -> bytes | None:
        """F55 of a script notice, or None when there was no script. facts/unionpay-pos 2.2"""
        if not self._has(RESULTS) or "script-result-not-told" in self._defects:
            return None
        return self._objects_of(SCRIPT_NOTICE)

    def reversal_data(self) -> bytes | None:
        """F55 of a reversal, or None when the card gave no cryptogram. facts/unionpay-pos 2.2"""
        return self._objects_of(REVERSAL) if self._has("9F36") else None

    def value(self, tag: str) -> str:
        """A value for the slip, in hex; empty when there is none."""
        value = self._open.transaction.value(tag) if self._open else None
        return (value or b"").hex().upper()

    def _has(self, tag: str) -> bool:
        return bool(self.value(tag))

    def _objects_of(self, tags: TagList) -> bytes:
        values = self._now().transaction.known()
        return build([(tag, values[tag]) for tag in _all(tags) if tag in values])

    def _now(self) -> _Open:
        if self._open is None:
            raise HoldfastBug("no card transaction is open", advice="call open() first")
        return self._open

    def _tell(self, round_: str) -> None:
        """The terminal's own word on a cryptogram: for the report alone."""
        oda = self._now().transaction.oda.value
        values = {name: self.value(tag) for name, tag in (("tvr", "95"), ("tsi", "9B"), ("cvm_results", "9F34"))}
        self._emit(Event(Where.TERMINAL, "chip", {"round": round_, **values, "oda": oda}))


@contextmanager
def _no_way_back() -> Iterator[None]:
    """A card that was asked for a cryptogram has begun to decide: its stripe is no way around it."""
    try:
        yield
    except CardUnusable as error:
        raise CardUnusable(error.message, advice=error.advice) from None


def _all(tags: TagList) -> Sequence[str]:
    return (*tags.mandatory, *tags.optional)
