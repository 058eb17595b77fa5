"""An issuer written down a second time, plainly and slowly: what the rules must decide, from lists alone.

No money is moved here. What an account has follows from the records at any moment: what is held from the holds that
live, what is booked from the completions and sales in force less what was refunded, what is available from the rest.
Codes come from the market, rules from facts/unionpay-pos 5 and cases.md 2-6.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from protocols.market import Market, VoidRule
from protocols.transactions import Transaction
from simulators.issuer.decisions import Asked

T = Transaction
COMPLETIONS, SALES = (T.COMPLETION, T.ADVICE), (T.SALE, T.OFFLINE_SALE)
Answer = tuple[str, int | None]
"""Code, and the amount when it is less than was asked."""


@dataclass
class PlainHold:
    """`gone` is empty while it lives, else how it ended; `by` is the cancel that ended it."""

    number: int
    asked: Asked
    approval: str
    day: date
    last_day: date
    amount: int
    granted: int
    gone: str = ""
    by: Record | None = None


@dataclass
class Record:
    """An approved request."""

    asked: Asked
    amount: int
    day: date
    reference: str
    hold: PlainHold | None = None
    original: Record | None = None
    state: str = "normal"
    refunds: int = 0

    def in_force(self) -> bool:
        return self.state in ("normal", "refunded")


@dataclass
class PlainBank:
    """`cards` gives each account's kind and opening balance."""

    market: Market
    cards: dict[str, tuple[str, int]]
    records: list[Record] = field(default_factory=list)
    holds: list[PlainHold] = field(default_factory=list)
    refused: dict[tuple[str, ...], str] = field(default_factory=dict)
    blocked: set[tuple[str, ...]] = field(default_factory=set)
    closed: set[tuple[str, ...]] = field(default_factory=set)
    retired: set[str] = field(default_factory=set)

    # ── how it stands ─────────────────────────────────────────────────────────────────────────────────────────

    def booked_under(self, hold: PlainHold) -> int:
        return sum(r.amount for r in self.records if r.hold is hold and _kind(r) in COMPLETIONS and r.in_force())

    def held_under(self, hold: PlainHold) -> int:
        booked = self.booked_under(hold)
        if hold.gone or (booked and not self.market.completion.multiple):
            return 0
        return max(0, hold.amount - booked)

    def state_of(self, hold: PlainHold) -> str:
        if hold.gone:
            return hold.gone
        if not self.booked_under(hold):
            return "open"
        return "partly completed" if self.held_under(hold) else "completed"

    def account(self, card: str) -> tuple[int, int, int]:
        """Available, held, booked."""
        held = sum(self.held_under(h) for h in self.holds if h.asked.card == card)
        own = [r for r in self.records if r.asked.card == card]
        booked = sum(r.amount for r in own if _kind(r) in (*COMPLETIONS, *SALES) and r.in_force())
        booked -= sum(r.amount for r in own if _kind(r) is T.REFUND)
        return self.cards[card][1] - held - booked, held, booked

    def available(self, card: str) -> int:
        return self.account(card)[0]

    def totals(self, merchant: str, terminal: str, batch: str) -> tuple[int, int, int, int]:
        """Debit amount and count, credit amount and count."""
        mine = [
            r for r in self.records
            if (r.asked.merchant, r.asked.terminal, r.asked.batch) == (merchant, terminal, batch)
            and r.state != "reversed"
        ]  # fmt: skip
        debit = [r.amount for r in mine if _kind(r).value in self.market.settlement.debit]
        credit = [r.amount for r in mine if _kind(r).value in self.market.settlement.credit]
        return sum(debit), len(debit), sum(credit), len(credit)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────

    def decide(self, asked: Asked, today: date, reference: str, approval: str) -> Answer:
        """What must be answered; `approval` is the code that the ledger gave, if it approved."""
        if _key(asked) in self.blocked:
            return "12", None
        if any(_same_trace(r.asked, asked) for r in self.records):
            return self.market.matching.duplicate_code, None
        answer = self._decide(asked, today, reference, approval)
        if answer[0] not in ("00", "10"):
            self.refuse(asked, answer[0])
        return answer

    def refuse(self, asked: Asked, code: str) -> None:
        """The newest refusal stands last."""
        self.refused.pop(_key(asked), None)
        self.refused[_key(asked)] = code

    def _decide(self, asked: Asked, today: date, reference: str, approval: str) -> Answer:
        if asked.card not in self.cards:
            return self.market.matching.other_card_code, None
        record = Record(asked, asked.amount, today, reference)
        kind = asked.transaction
        if kind is T.PREAUTH:
            return self._preauth(record, approval)
        if kind in (T.INCREMENT, T.CANCEL, *COMPLETIONS):
            return self._on_hold(record), None
        if kind is T.SALE:
            return self._sale(record, partial=True)
        if kind is T.OFFLINE_SALE:
            return self._sale(record, partial=False)
        code = {
            T.BALANCE: self._balance, T.COMPLETION_VOID: self._void, T.SALE_VOID: self._void, T.REFUND: self._refund,
            T.ADJUSTMENT: self._adjust, T.TIP: self._adjust,
        }[kind](record)  # fmt: skip
        return code, None

    def _keep(self, record: Record) -> str:
        self.records.append(record)
        return "00"

    def _balance(self, record: Record) -> str:
        record.amount = 0
        return self._keep(record)

    def _grant(self, record: Record, *, partial: bool) -> bool:
        """Whether something is granted; the record then has the amount."""
        available = self.available(record.asked.card)
        most = record.asked.amount if record.asked.most is None else min(record.asked.most, record.asked.amount)
        if 0 < most <= available:
            record.amount = most
            return True
        if partial and record.asked.partial and available > 0:
            record.amount = available
            return True
        return False

    def _part(self, record: Record) -> Answer:
        return ("10", record.amount) if record.amount < record.asked.amount else ("00", None)

    def _preauth(self, record: Record, approval: str) -> Answer:
        rule, asked = self.market.preauth, record.asked
        if asked.amount < rule.least:
            return rule.wrong_amount_code, None
        if 0 < rule.most < asked.amount:
            return rule.over_most_code, None
        if self.cards[asked.card][0] == "debit" and not rule.debit_allowed:
            return rule.not_permitted_code, None
        if not self._grant(record, partial=rule.partial):
            return "51", None
        last = record.day + timedelta(self.market.completion.validity_days)
        record.hold = PlainHold(len(self.holds), asked, approval, record.day, last, record.amount, record.amount)
        self.holds.append(record.hold)
        self._keep(record)
        return self._part(record)

    def _sale(self, record: Record, *, partial: bool) -> Answer:
        if record.asked.amount < 1:
            return self.market.preauth.wrong_amount_code, None
        if not partial:
            if record.amount > self.available(record.asked.card):
                return "51", None
        elif not self._grant(record, partial=True):
            return "51", None
        self._keep(record)
        return self._part(record)

    # ── on a hold ─────────────────────────────────────────────────────────────────────────────────────────────

    def _on_hold(self, record: Record) -> str:
        asked, market = record.asked, self.market
        if asked.transaction is T.INCREMENT:
            if not market.increment.allowed:
                return market.increment.not_allowed_code
            if asked.amount < market.preauth.least:
                return market.preauth.wrong_amount_code
        if asked.transaction is T.ADVICE and not market.advice.allowed:
            return "40"
        if asked.transaction in COMPLETIONS and asked.amount < 1:
            return market.completion.zero_code
        day = last_such_day(asked.original_day, record.day)
        code = asked.approval.strip().rjust(6, "0")
        for hold in reversed(self.holds):
            if (hold.asked.card, hold.asked.merchant, hold.approval, hold.day) == (
                asked.card, asked.merchant, code, day,
            ):  # fmt: skip
                record.hold = hold
                break
        if record.hold is None:
            return market.matching.no_original_code
        if asked.transaction is T.CANCEL:
            return self._cancel(record, record.hold)
        if asked.transaction is T.INCREMENT:
            return self._increment(record, record.hold)
        return self._complete(record, record.hold)

    def _ended(self, hold: PlainHold, *, completed: str, expired: str) -> str:
        state = self.state_of(hold)
        if state == "completed":
            return completed
        if state == "expired":
            return expired
        return self.market.cancel.not_open_code if state in ("cancelled", "reversed") else ""

    def _cancel(self, record: Record, hold: PlainHold) -> str:
        rule = self.market.cancel
        ended = self._ended(hold, completed=rule.completed_code, expired=rule.not_open_code)
        if ended:
            return ended
        if hold.day != record.day and not rule.later_day:
            return rule.later_day_code
        rest, booked = self.held_under(hold), self.booked_under(hold)
        if record.amount not in ([rest] if booked else [hold.amount, hold.granted]):
            return rule.amount_differs_code
        record.amount = rest
        if booked:
            hold.granted -= rest
            hold.amount = booked
        else:
            hold.gone, hold.by = "cancelled", record
        return self._keep(record)

    def _increment(self, record: Record, hold: PlainHold) -> str:
        rule, market = self.market.preauth, self.market
        too_old = market.completion.too_old_code
        ended = self._ended(hold, completed=market.cancel.completed_code, expired=too_old)
        if ended or record.day > hold.last_day:
            return ended or too_old
        if 0 < rule.most < hold.amount + record.amount:
            return rule.over_most_code
        if record.amount > self.available(hold.asked.card):
            return "51"
        hold.amount += record.amount
        hold.granted += record.amount
        if market.increment.extends_validity:
            hold.last_day = max(hold.last_day, record.day + timedelta(market.completion.validity_days))
        return self._keep(record)

    def _complete(self, record: Record, hold: PlainHold) -> str:
        rule = self.market.completion
        ended = self._ended(hold, completed=rule.second_code, expired=rule.too_old_code)
        if ended or record.day > hold.last_day:
            return ended or rule.too_old_code
        if (self.booked_under(hold) + record.amount) * 100 > hold.amount * rule.limit_percent:
            return rule.over_limit_code
        if record.amount - self.held_under(hold) > max(0, self.available(hold.asked.card)):
            return "51"
        return self._keep(record)

    # ── on a booking ──────────────────────────────────────────────────────────────────────────────────────────

    def _by_trace(self, asked: Asked, kinds: tuple[T, ...]) -> Record | None:
        for record in reversed(self.records):
            one = record.asked
            if (
                (one.merchant, one.terminal, one.trace) == (asked.merchant, asked.terminal, asked.original_trace)
                and one.transaction in kinds
                and (one.batch == asked.original_batch or not self.market.matching.by_batch)
            ):
                return record
        return None

    def _rule(self, record: Record) -> VoidRule:
        return self.market.sale_void if _kind(record) in SALES else self.market.completion_void

    def _settled(self, record: Record) -> bool:
        return (record.asked.merchant, record.asked.terminal, record.asked.batch) in self.closed

    def _wrong_state(self, original: Record, *allowed: str) -> str:
        if original.state in allowed:
            return ""
        rule = self._rule(original)
        return rule.voided_code if original.state == "voided" else rule.not_normal_code

    def _void(self, record: Record) -> str:
        kinds = COMPLETIONS if record.asked.transaction is T.COMPLETION_VOID else (T.SALE,)
        original = self._by_trace(record.asked, kinds)
        if original is None:
            return self.market.matching.no_original_code
        rule = self._rule(original)
        wrong = self._wrong_state(original, "normal")
        if wrong:
            return wrong
        if original.asked.card != record.asked.card:
            return self.market.matching.other_card_code
        if (rule.same_day_only and original.day != record.day) or self._settled(original):
            return rule.not_normal_code
        if original.amount != record.amount:
            return rule.amount_differs_code
        original.state = "voided"
        record.original, record.hold = original, original.hold
        return self._keep(record)

    def _refund(self, record: Record) -> str:
        asked, rule = record.asked, self.market.refund
        if asked.amount < 1:
            return self.market.preauth.wrong_amount_code
        day = last_such_day(asked.original_day, record.day)
        found = [
            r for r in self.records
            if (r.reference, r.asked.merchant, r.day) == (asked.reference, asked.merchant, day)
            and _kind(r) in (*COMPLETIONS, *SALES)
        ]  # fmt: skip
        if not found:
            return rule.no_original_code
        original = found[-1]
        if original.asked.card != asked.card:
            return self.market.matching.other_card_code
        wrong = self._wrong_state(original, "normal", "refunded")
        if wrong:
            return wrong
        if record.day > original.day + timedelta(rule.allowed_days):
            return rule.too_old_code
        if original.refunds + asked.amount > original.amount:
            return rule.over_amount_code
        original.refunds += asked.amount
        original.state = "refunded"
        return self._keep(record)

    def _adjust(self, record: Record) -> str:
        asked = record.asked
        if asked.amount < 1:
            return self.market.preauth.wrong_amount_code
        original = self._by_trace(asked, SALES)
        if original is None:
            return self.market.matching.no_original_code
        wrong = self._wrong_state(original, "normal")
        if wrong:
            return wrong
        if original.asked.card != asked.card:
            return self.market.matching.other_card_code
        if self._settled(original):
            return self.market.sale_void.not_normal_code
        more = asked.amount - original.amount
        if asked.transaction is T.TIP and more < 0:
            return self.market.preauth.wrong_amount_code
        if more > max(0, self.available(asked.card)):
            return "51"
        original.amount = asked.amount
        return self._keep(record)

    # ── reversals ─────────────────────────────────────────────────────────────────────────────────────────────

    def reverse(self, asked: Asked, today: date) -> str:
        rule = self.market.reversal
        by_batch = self.market.matching.by_batch
        for record in reversed(self.records):
            if _kind(record) is asked.transaction and _same_trace(record.asked, asked, by_batch=by_batch):
                return self._reverse(record, asked, today)
        self.blocked.add(_key(asked))
        matches = [
            code for key, code in self.refused.items()
            if key == _key(asked) or (not by_batch and _without_batch(key) == _without_batch(_key(asked)))
        ]  # fmt: skip
        if not matches:
            return rule.unknown_code
        return "00" if matches[-1] == "98" else rule.declined_code

    def _reverse(self, record: Record, asked: Asked, today: date) -> str:
        rule = self.market.reversal
        if record.state == "reversed":
            return rule.repeated_code
        if asked.card not in ("", record.asked.card):
            return self.market.matching.other_card_code
        if record.day != today:
            return rule.other_day_code
        if asked.amount not in (record.asked.amount, record.amount):
            return rule.amount_differs_code
        if not self._undo(record):
            return rule.not_normal_code
        record.state = "reversed"
        return "00"

    def _undo(self, record: Record) -> bool:
        """Whether it can be undone; what it did to others is undone then."""
        hold, kind = record.hold, _kind(record)
        if kind in (T.SALE, T.COMPLETION):
            return record.state == "normal"
        if kind is T.SALE_VOID:
            assert record.original is not None
            record.original.state = "normal"
            return True
        assert hold is not None
        state = self.state_of(hold)
        if kind is T.PREAUTH and state == "open":
            hold.gone = "reversed"
            return True
        if kind is T.INCREMENT and state == "open" and hold.amount > record.amount:
            hold.amount -= record.amount
            hold.granted -= record.amount
            return True
        if kind is T.CANCEL:
            return self._undo_cancel(record, hold)
        if kind is T.COMPLETION_VOID and state in ("open", "partly completed"):
            assert record.original is not None
            booked = self.booked_under(hold) + record.original.amount
            if booked * 100 <= hold.amount * self.market.completion.limit_percent:
                record.original.state = "normal"
                return True
        return False

    def _undo_cancel(self, record: Record, hold: PlainHold) -> bool:
        if hold.gone == "cancelled" and hold.by is record:
            hold.gone = ""
            return True
        if hold.gone:
            return False
        hold.amount += record.amount
        hold.granted += record.amount
        return True

    # ── the issuer's own acts ─────────────────────────────────────────────────────────────────────────────────

    def adjust(self, card: str, approval: str, amount: int | None, days: int | None) -> str:
        hold = next((h for h in reversed(self.holds) if (h.asked.card, h.approval) == (card, approval)), None)
        if hold is None:
            return self.market.matching.no_original_code
        completion = self.market.completion
        ended = self._ended(hold, completed=self.market.cancel.completed_code, expired=completion.too_old_code)
        if ended:
            return ended
        total, booked = hold.amount if amount is None else amount, self.booked_under(hold)
        if total <= booked or booked * 100 > total * completion.limit_percent:
            return self.market.preauth.wrong_amount_code
        if total - hold.amount > max(0, self.available(card)):
            return "51"
        hold.amount = total
        hold.last_day += timedelta(days or 0)
        return "00"

    def expire(self, today: date) -> list[PlainHold]:
        """Those that are released."""
        over = [
            h for h in self.holds
            if h.asked.card not in self.retired and h.last_day < today
            and self.state_of(h) in ("open", "partly completed")
        ]  # fmt: skip
        for hold in over:
            hold.gone = "expired"
        return over


@lru_cache(maxsize=4096)
def last_such_day(mmdd: str, today: date) -> date | None:
    """Go back day by day until the date fits."""
    for back in range(9 * 366):
        day = today - timedelta(back)
        if f"{day:%m%d}" == mmdd:
            return day
    return None


def _kind(record: Record) -> T:
    return record.asked.transaction


def _key(asked: Asked) -> tuple[str, ...]:
    return asked.merchant, asked.terminal, asked.batch, asked.trace, asked.transaction.value


def _without_batch(key: tuple[str, ...]) -> tuple[str, ...]:
    return key[:2] + key[3:]


def _same_trace(one: Asked, other: Asked, *, by_batch: bool = True) -> bool:
    return (one.merchant, one.terminal, one.trace) == (other.merchant, other.terminal, other.trace) and (
        one.batch == other.batch or not by_batch
    )
