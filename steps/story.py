"""The story of one case: what its steps ask of the bench, and what they demand of it.

Gherkin steps (`steps/*.py`) and Robot keywords (`steps/robot.py`) are thin doors to these calls and to those of the
merchant (`steps/merchant.py`), so that both say the same and mean the same. Nothing here touches a twin: only ports,
and criteria recorded as data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from protocols.faults import DutFault
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Entry, Order, Outcome, Result
from protocols.transactions import Transaction
from reports.judge.case import CaseVerdict, Terms, judge_criterion
from reports.judge.finding import Judged, Verdict
from reports.judge.registry import CRITERIA
from reports.runfolder import Record, record_from
from rigs.bench import Bench
from rigs.case import Case
from steps.amounts import Amounts
from steps.merchant import Merchant


@dataclass
class Story:
    """One case as it is told. `elsewhere` is what the other terminal was answered last, `before` are the verdicts of
    earlier attempts."""

    bench: Bench
    case: Case
    terms: Terms
    elsewhere: Outcome | None = None
    findings: list[Judged] = field(default_factory=list)
    before: list[CaseVerdict] = field(default_factory=list)
    _records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.merchant = self._a_merchant()

    def _a_merchant(self) -> Merchant:
        merchant = Merchant(lambda: self.bench.terminal, self.market)
        self.amount = Amounts(self.market, merchant.held_amount)
        return merchant

    @property
    def market(self) -> Market:
        return self.bench.market

    def begin_again(self, case: Case) -> None:
        """A further attempt: nothing of the one before is remembered."""
        self.case = case
        self.merchant, self.elsewhere = self._a_merchant(), None
        self.findings, self._records = [], []

    # ── criteria ──────────────────────────────────────────────────────────────────────────────────────────────

    def expect(self, criterion: str, **args: Any) -> Judged:
        """Record a criterion as data and judge it on what happened so far; the scenario goes on either way."""
        known = CRITERIA[criterion]
        self.bench.caught_up()
        self.case.expect(criterion, args, known.weight.value, known.component, known.scope.value)
        judged = judge_criterion(self.records(), self.terms)
        self.findings.append(judged)
        return judged

    def records(self) -> list[Record]:
        """The timeline so far, each record read once."""
        self._records += map(record_from, self.case.records[len(self._records) :])
        return self._records

    def require(self, criterion: str, **args: Any) -> None:
        """A precondition: without it the rest of the scenario says nothing, so it ends here."""
        judged = self.expect(criterion, **args)
        if judged.verdict is not Verdict.PASS:
            raise DutFault(
                f"{judged.title}: expected {judged.expected}, but {judged.actual}",
                advice="the scenario cannot go on without it; see the criterion",
            )

    def must_have(self, transaction: Transaction, result: Result = Result.APPROVED) -> None:
        """A precondition: the terminal reported its last transaction so."""
        self.require("outcome.reported", transaction=transaction.value, result=result.value)

    # ── what stands before the scenario begins ────────────────────────────────────────────────────────────────

    def have_hold(self, phrase: str) -> None:
        """A hold that stands: the start of most scenarios."""
        self.merchant.asks_for_hold(self.amount(phrase))
        self.must_have(Transaction.PREAUTH)

    def have_increment(self, phrase: str) -> None:
        """A hold that was raised."""
        self.merchant.raises_it(self.amount(phrase))
        self.must_have(Transaction.INCREMENT)

    def have_completion(self, phrase: str) -> None:
        """A completion that stands."""
        self.merchant.completes(self.amount(phrase))
        self.must_have(Transaction.COMPLETION)

    def have_cancelled(self) -> None:
        """A hold that was cancelled."""
        self.merchant.cancels()
        self.must_have(Transaction.CANCEL)

    def have_sale(self, phrase: str) -> None:
        """A sale that stands."""
        self.merchant.sells(self.amount(phrase))
        self.must_have(Transaction.SALE)

    def have_settled(self) -> None:
        """A batch that is closed: the next transaction is the first of a new one."""
        self.merchant.asks(Transaction.SETTLEMENT)
        self.must_have(Transaction.SETTLEMENT)

    # ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────

    def card_in_reader(self, kind: str, *, available: Money | None = None, **more: Any) -> None:
        """A fresh card of the rig's kind with a fresh account, in the reader; `more` as in `Bench.issue_card`."""
        self.card_for_reader(kind, available=available, **more)
        self.bench.presenter.offer(self.bench.card)

    def card_for_reader(self, kind: str, *, available: Money | None = None, **more: Any) -> None:
        """The same, at hand."""
        card = self.bench.issue_card(kind, self.case, **more)
        self.bench.host.open_account(card, available or self.amount.opening())

    # ── the host ──────────────────────────────────────────────────────────────────────────────────────────────

    def host_timer(self, seconds_around: float) -> float:
        """The terminal's response time-out plus so many seconds, in market time."""
        return self.bench.response_timeout_s + seconds_around

    def line_changes(self) -> None:
        """The terminal is told of the gateways that there are now."""
        self.bench.terminal.use_ways(self.bench.network.ways())

    def issuer_changes_hold(self, *, amount: Money | None = None, days: int | None = None) -> None:
        """The issuer itself lowers, raises or extends the hold that is spoken of."""
        self.bench.host.adjust_hold(self.bench.card, self.merchant.held().approval, amount=amount, days=days)

    # ── the other terminal ────────────────────────────────────────────────────────────────────────────────────

    def other_asks(self, transaction: Transaction, phrase: str, *, of_the_hold: bool = False) -> None:
        """A usual transaction at another terminal of the same merchant, with the card of this case."""
        original = self.merchant.held().as_original() if of_the_hold else None
        order = Order(transaction, self.amount(phrase), original, Entry.CHIP)
        self.elsewhere = self.bench.other_terminal.perform(order, self.bench.card)

    def other_sends(self, transaction: Transaction, **message: Any) -> None:
        """Any message of another terminal; see `rigs.ports.OtherTerminal.send`."""
        self.elsewhere = self.bench.other_terminal.send(transaction.value, **message)

    # ── demands that need a word or two ───────────────────────────────────────────────────────────────────────

    def holds(self, phrase: str) -> None:
        """Demand what the issuer holds now: an amount as scenarios say it, or nothing."""
        if phrase == "nothing":
            self.expect("hold.none")
        else:
            self.expect("hold.amount", amount=self.amount(phrase).minor)

    def account_stands(self, held: str, booked: str) -> None:
        """Demand how the account stands now."""
        self.expect("account.stands", held=self.amount(held).minor, booked=self.amount(booked).minor)

    def reported(self, transaction: str, result: str, code: str = "") -> None:
        """Demand the outcome that the terminal must have reported last."""
        self.expect("outcome.reported", transaction=transaction, result=result, code=code)
