"""Plays events against the real rules and the plain bank at once, and stops where they differ.

An event is a kind and three numbers; what they pick is looked up when the event is played, so that any sequence, and
any part of one, can be played. `again` does once more what was done last. `Play` is used by the Hypothesis machine, by
the cuts and by the soak.
"""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from protocols.market import Market
from protocols.totals import Totals
from protocols.transactions import TRANSACTIONS, Transaction
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.decisions import Asked, Decided, Rules
from simulators.issuer.ledger import Ledger
from simulators.issuer.settlement import Settlement
from tests.simulators.issuer.plainbank import PlainBank

T = Transaction
Event = tuple[str, int, int, int]
_Item = TypeVar("_Item")

OPENING = 1_000_00
CARDS = {"credit": ("credit", OPENING), "debit": ("debit", OPENING)}
TERMINALS = (("00000001", "merchant one"), ("00000002", "merchant one"), ("00000003", "merchant two"))
AMOUNTS = (100_00, 60_00, 115_00, 115_01, 1, 500_00, OPENING, 0, OPENING + 1, 40_00, 33_33, 38_32)
DAYS = (1, 0, 30, 31, 29, 1, 366, -1)
START = date(2027, 12, 20)  # new year and a 29 February lie within three months

_ACCOUNTS = "SELECT card, available, held, booked FROM account"
_HOLDS = "SELECT approval, state, amount, granted, held, booked, last_day FROM hold ORDER BY id"


@dataclass(frozen=True, slots=True)
class Named:
    """A hold as its slip names it."""

    approval: str
    day: str
    amount: int
    asked: Asked


class Different(AssertionError):
    """The rules and the plain bank do not agree."""


class Play:
    """One ledger from its opening on. Raises Different, or HoldfastBug, at the first event that goes wrong."""

    def __init__(self, market: Market, path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        self.market, self.path = market, path
        self.plain = PlainBank(market, CARDS)
        self.today = START
        self.holds: list[Named] = []
        self.asked: list[tuple[Asked, str]] = []
        self.approved: list[tuple[Asked, str, date]] = []
        self.batches = [1] * len(TERMINALS)
        self.traces = [0] * len(TERMINALS)
        self.again: Callable[[Play], object] = lambda play: None
        self.open(factory)
        for card, (kind, opening) in CARDS.items():
            self.ledger.open_account(card, opening, kind)

    def open(self, factory: type[sqlite3.Connection] = sqlite3.Connection) -> None:
        """The ledger, or the same one again."""
        self.database = SqliteDatabase(self.path, factory)
        self.ledger = Ledger(self.database)
        self.rules = Rules(self.ledger, self.market)
        self.settlement = Settlement(self.ledger, self.market)

    def close(self) -> None:
        self.ledger.close()

    def play(self, event: Event) -> None:
        """One event, and all that must hold after it."""
        kind, a, b, c = event
        EVENTS[kind](self, a, b, c)
        self.compare()

    def compare(self) -> None:
        """Every account and every hold stands as the plain bank says, and no money was made or lost."""
        have = {card: tuple(pots) for card, *pots in self.database.rows(_ACCOUNTS)}
        want = {card: self.plain.account(card) for card in CARDS}
        self._same("accounts", want, have)
        self._same("sums", [OPENING] * len(CARDS), [sum(pots) for pots in have.values()])
        plain = self.plain
        holds = [
            (h.approval, plain.state_of(h), h.amount, h.granted, plain.held_under(h), plain.booked_under(h),
             h.last_day.isoformat())
            for h in plain.holds
        ]  # fmt: skip
        self._same("holds", holds, self.database.rows(_HOLDS))

    def _same(self, what: str, want: object, have: object) -> None:
        if want != have:
            raise Different(f"{what}: must be {want}, is {have}")

    def fork(self, path: Path, factory: type[sqlite3.Connection] = sqlite3.Connection) -> Play:
        """The same play over another ledger that stands where this one does."""
        other = copy.copy(self)
        other.path = path
        other.plain = self.plain_copy()
        for name in ("holds", "asked", "approved", "batches", "traces"):
            setattr(other, name, list(getattr(self, name)))
        other.open(factory)
        return other

    def plain_copy(self) -> PlainBank:
        """The plain bank as it is now, to go its own way."""
        return copy.deepcopy(self.plain, {id(self.market): self.market})

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, asked: Asked, reference: str) -> Decided:
        """Both are asked, and must answer the same."""
        self.again = lambda play: play.ask(asked, reference)
        decided = self.rules.decide(asked, self.today, reference)
        answer = self.plain.decide(asked, self.today, reference, decided.approval)
        self._same(f"answer to {asked} ({decided.reason})", answer, (decided.code, decided.amount))
        if decided.approved:
            self.approved.append((asked, reference, self.today))
        elif decided.postings:
            raise Different(f"refused with {decided.code}, and moved {decided.postings}")
        if decided.approved and asked.transaction is T.BALANCE:
            self._same("balance", self.plain.available(asked.card), decided.balance)
        if decided.approved and asked.transaction is T.PREAUTH:
            granted = asked.amount if decided.amount is None else decided.amount
            self.holds.append(Named(decided.approval, f"{self.today:%m%d}", granted, asked))
        return decided

    def undo(self, asked: Asked) -> Decided:
        """A reversal, of both."""
        self.again = lambda play: play.undo(asked)
        decided = self.rules.reverse(asked, self.today)
        want = self.plain.reverse(asked, self.today)
        self._same(f"answer to reversal of {asked} ({decided.reason})", want, decided.code)
        return decided

    def fresh(self, transaction: T, place: int, card: str, amount: int) -> Asked:
        """A request with the next trace of a terminal."""
        at = place % len(TERMINALS)
        self.traces[at] += 1
        terminal, merchant = TERMINALS[at]
        return Asked(
            transaction, terminal, merchant, f"{self.batches[at]:06d}", f"{self.traces[at]:06d}", card, amount
        )  # fmt: skip

    def send(self, asked: Asked) -> Decided:
        """A new request; its reference is its place in the order of all."""
        reference = f"{len(self.asked):012d}"
        self.asked.append((asked, reference))
        return self.ask(asked, reference)

    # ── events ────────────────────────────────────────────────────────────────────────────────────────────────

    def first(self, transaction: T, a: int, b: int, c: int) -> None:
        """What speaks of nothing earlier: an amount, a terminal, and how much of it may be granted."""
        card = "debit" if c % 5 == 4 else "stranger" if c % 41 == 40 else "credit"
        asked = self.fresh(transaction, b, card, _of(AMOUNTS, a))
        if c % 7 == 5:
            asked = asked._replace(partial=True)
        if c % 11 == 10:
            asked = asked._replace(most=asked.amount * 60 // 100)
        self.send(asked)

    def on_hold(self, transaction: T, a: int, b: int, c: int) -> None:
        """What names a hold by card, code and day; sometimes wrongly."""
        hold = _newest(self.holds, a)
        if hold is None:
            asked = self.fresh(transaction, a, "credit", _of(AMOUNTS, b))
            self.send(asked._replace(approval="000001", original_day=f"{self.today:%m%d}"))
            return
        place = next(i for i, (_, merchant) in enumerate(TERMINALS) if merchant == hold.asked.merchant)
        place += 1 if hold.asked.merchant == TERMINALS[0][1] and c % 3 == 2 else 0
        amounts = (hold.amount, self._rest(hold), *AMOUNTS)
        asked = self.fresh(transaction, place, hold.asked.card, amounts[b % len(amounts)])
        asked = asked._replace(approval=hold.approval, original_day=hold.day)
        self.send(self._spoiled(asked, c))

    def _rest(self, hold: Named) -> int:
        return next(self.plain.held_under(h) for h in self.plain.holds if h.approval == hold.approval)

    def on_booking(self, transaction: T, a: int, b: int, c: int) -> None:
        """What names a booking by batch and trace, and by reference and day; sometimes wrongly."""
        kinds = _NAMES[transaction]
        found = _newest([one for one in self.approved if one[0].transaction in kinds], a)
        if found is None:
            asked = self.fresh(transaction, a, "credit", _of(AMOUNTS, b))
            self.send(asked._replace(original_batch="000001", original_trace="000001", original_day="1220"))
            return
        original, reference, day = found
        place = next((i for i, (terminal, _) in enumerate(TERMINALS) if terminal == original.terminal), 0)
        amounts = (self._amount(original), original.amount, original.amount // 2, *AMOUNTS)
        asked = self.fresh(transaction, place, original.card, amounts[b % len(amounts)])._replace(
            original_batch=original.batch, original_trace=original.trace, original_day=f"{day:%m%d}",
            reference=reference,
        )  # fmt: skip
        self.send(self._spoiled(asked, c))

    def _amount(self, original: Asked) -> int:
        return next(r.amount for r in reversed(self.plain.records) if r.asked == original)

    def _spoiled(self, asked: Asked, c: int) -> Asked:
        changes: dict[int, dict[str, str]] = {
            13: {"card": "debit" if asked.card == "credit" else "credit"}, 14: {"approval": "000999"},
            15: {"original_day": "0229"}, 16: {"original_trace": "000998"}, 17: {"original_batch": "000097"},
            18: {"approval": ""}, 19: {"original_day": ""}, 20: {"reference": "9" * 12}, 21: {"reference": ""},
            22: {"approval": asked.approval.lstrip("0")}, 23: {"terminal": "00000009"},
        }  # fmt: skip
        return asked._replace(**changes.get(c % 24, {}))  # type: ignore[arg-type]

    def reverse(self, a: int, b: int, c: int) -> None:
        """Of any reversible request that was made, refused ones too."""
        found = _newest([asked for asked, _ in self.asked if TRANSACTIONS[asked.transaction].reversible], a)
        if found is None:
            self.reverse_early(a, b, c)
            return
        amounts = (found.amount, found.amount, found.amount, found.amount + 1)
        cards = (found.card, found.card, "", found.card, "debit" if c % 24 == 4 else found.card)
        batch = "000096" if c % 13 == 12 else found.batch
        self.undo(found._replace(amount=amounts[b % len(amounts)], card=cards[c % len(cards)], batch=batch))

    def reverse_early(self, a: int, b: int, c: int) -> None:
        """Of the request that comes next from this terminal, or would."""
        at = a % len(TERMINALS)
        terminal, merchant = TERMINALS[at]
        kind = (T.PREAUTH, T.SALE, T.COMPLETION, T.CANCEL)[b % 4]
        trace = f"{self.traces[at] + 1:06d}"
        self.undo(Asked(kind, terminal, merchant, f"{self.batches[at]:06d}", trace, "credit", _of(AMOUNTS, c)))

    def repeat(self, a: int, b: int, c: int) -> None:
        """The same message again."""
        found = _newest(self.asked, a)
        if found is not None:
            self.ask(*found)

    def refuse(self, a: int, b: int, c: int) -> None:
        """Refused before the rules were asked."""
        asked = self.fresh(_of((T.PREAUTH, T.SALE), a), b, "credit", 100_00)
        code = _of(("55", "98"), c)
        self.asked.append((asked, f"{len(self.asked):012d}"))
        self._refuse(asked, code)

    def _refuse(self, asked: Asked, code: str) -> None:
        self.again = lambda play: play._refuse(asked, code)
        self.rules.refuse(asked, self.today, f"{len(self.asked):012d}", code, "elsewhere")
        self.plain.refuse(asked, code)

    def days(self, a: int, b: int, c: int) -> None:
        self.today = max(START, self.today + timedelta(_of(DAYS, a)))

    def expire(self, a: int, b: int, c: int) -> None:
        """As the host does it whenever the date moves; 0 is the first day on which holds are too old."""
        self.days(a + DAYS.index(31), b, c)
        self._expire()

    def _expire(self) -> None:
        self.again = Play._expire
        done = self.rules.expire(self.today)
        want = [hold.approval for hold in self.plain.expire(self.today)]
        self._same("expired", want, [decided.hold.approval for decided in done if decided.hold])

    def adjust(self, a: int, b: int, c: int) -> None:
        """The issuer's own change of a hold."""
        hold = _newest(self.holds, a)
        if hold is None:
            return
        amount = None if c % 3 == 2 else _of(AMOUNTS, b)
        days = None if c % 2 else c
        if amount is None and days is None:
            days = 1
        self._adjust(hold.asked.card, hold.approval, amount, days)

    def _adjust(self, card: str, approval: str, amount: int | None, days: int | None) -> None:
        self.again = lambda play: play._adjust(card, approval, amount, days)
        decided = self.rules.adjust(card, approval, self.today, amount, days)
        want = self.plain.adjust(card, approval, amount, days)
        self._same(f"adjustment ({decided.reason})", want, decided.code)

    def settle(self, a: int, b: int, c: int) -> None:
        """Totals are compared; the batch is closed now and then; the next batch begins."""
        at = a % len(TERMINALS)
        terminal, merchant = TERMINALS[at]
        batch = f"{self.batches[at]:06d}"
        if c % 3 != 1:
            self.batches[at] += 1
        self._settle((merchant, terminal, batch), right=b % 2 == 0, end=c % 3 != 2)

    def _settle(self, key: tuple[str, str, str], *, right: bool, end: bool) -> None:
        self.again = lambda play: play._settle(key, right=right, end=end)
        own = Totals(*self.plain.totals(*key))
        found = self.settlement.reconcile(*key, own if right else replace(own, debit=own.debit + 1))
        self._same("totals", own, found.own)
        self._same("flag", "3" if key in self.plain.closed else "1" if right else "2", found.flag)
        if end:
            self.settlement.end(*key, 0, right)
            self.plain.closed.add(key)

    def retire(self, a: int, b: int, c: int) -> None:
        self.again = lambda play: play.retire(0, 0, 0)
        self.ledger.retire_accounts()
        self.plain.retired = set(CARDS)


_NAMES = {
    T.COMPLETION_VOID: (T.COMPLETION, T.ADVICE), T.SALE_VOID: (T.SALE,),
    T.REFUND: (T.SALE, T.COMPLETION, T.ADVICE, T.OFFLINE_SALE), T.ADJUSTMENT: (T.SALE, T.OFFLINE_SALE),
    T.TIP: (T.SALE, T.OFFLINE_SALE),
}  # fmt: skip
Player = Callable[[Play, int, int, int], None]


def _first(transaction: T) -> Player:
    return lambda play, a, b, c: play.first(transaction, a, b, c)


def _on_hold(transaction: T) -> Player:
    return lambda play, a, b, c: play.on_hold(transaction, a, b, c)


def _on_booking(transaction: T) -> Player:
    return lambda play, a, b, c: play.on_booking(transaction, a, b, c)


EVENTS: dict[str, Player] = {
    "pre-authorise": _first(T.PREAUTH), "complete": _on_hold(T.COMPLETION), "cancel": _on_hold(T.CANCEL),
    "void completion": _on_booking(T.COMPLETION_VOID), "reverse": Play.reverse, "advise": _on_hold(T.ADVICE),
    "increment": _on_hold(T.INCREMENT), "sell": _first(T.SALE), "void sale": _on_booking(T.SALE_VOID),
    "refund": _on_booking(T.REFUND), "repeat": Play.repeat, "reverse early": Play.reverse_early,
    "days": Play.days, "expire": Play.expire, "adjust hold": Play.adjust, "balance": _first(T.BALANCE),
    "sell offline": _first(T.OFFLINE_SALE), "adjust sale": _on_booking(T.ADJUSTMENT), "tip": _on_booking(T.TIP),
    "refuse": Play.refuse, "settle": Play.settle, "retire": Play.retire,
}  # fmt: skip


def markets(base: Market, strict: Market) -> dict[str, Market]:
    """The two markets, and what they leave switched off."""

    def changed(market: Market, **parts: dict[str, object]) -> Market:
        update = {name: getattr(market, name).model_copy(update=values) for name, values in parts.items()}
        return market.model_copy(update=update)

    return {
        "unionpay-cn": base,
        "unionpay-cn-strict": strict,
        "several completions": changed(base, completion={"multiple": True}, preauth={"partial": True}),
        "narrow": changed(
            strict, completion={"multiple": True, "limit_percent": 80, "validity_days": 29},
            increment={"allowed": True, "extends_validity": True}, cancel={"later_day": False},
            preauth={"least": 50_00, "most": 200_00, "debit_allowed": False}, completion_void={"same_day_only": False},
            refund={"allowed_days": 1},
        ),
    }  # fmt: skip


def _of(items: Sequence[_Item], number: int) -> _Item:
    return items[number % len(items)]


def _newest(items: Sequence[_Item], number: int) -> _Item | None:
    """0 is the newest."""
    return items[-1 - number % len(items)] if items else None
