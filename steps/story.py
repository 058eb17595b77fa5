"""The story of one case: what its steps ask of the bench, and what they demand of it.

Gherkin steps (`steps/*.py`) and Robot keywords (`steps/robot.py`) are thin doors to these calls, so that both say
the same and mean the same. Nothing here touches a twin: only ports, and criteria recorded as data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from protocols.faults import ConfigurationError, DutFault, HoldfastBug
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Original, Outcome, Result
from protocols.transactions import Transaction
from reports.judge.case import Terms, judge_criterion
from reports.judge.finding import Judged, Verdict
from reports.judge.registry import CRITERIA
from reports.runfolder import Record, record_from
from rigs.bench import Bench
from rigs.case import Case

WRONG_APPROVAL = "ZZZZZZ"
"""An authorisation code that no host of the bench ever gives: its codes are digits."""


@dataclass
class Story:
    """One case as it is told. `hold` and `completion` are the outcomes that later transactions refer to."""

    bench: Bench
    case: Case
    terms: Terms
    hold: Outcome | None = None
    completion: Outcome | None = None
    last: Outcome | None = None
    findings: list[Judged] = field(default_factory=list)
    _records: list[Record] = field(default_factory=list)

    @property
    def market(self) -> Market:
        return self.bench.market

    def begin_again(self, case: Case) -> None:
        """A further attempt: nothing of the one before is remembered."""
        self.case = case
        self.hold = self.completion = self.last = None
        self.findings, self._records = [], []

    # ── criteria ──────────────────────────────────────────────────────────────────────────────────────────────

    def expect(self, criterion: str, **args: Any) -> Judged:
        """Record a criterion as data and judge it on what happened so far; the scenario goes on either way."""
        known = CRITERIA[criterion]
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

    # ── the merchant ──────────────────────────────────────────────────────────────────────────────────────────

    def amount(self, phrase: str) -> Money:
        """An amount as scenarios say it: a name of the market file, or relative to the hold."""
        relative = {
            "the full amount": lambda: self._held().amount,
            "the market's limit": lambda: self.market.completion_limit(self._held().amount),
            "the smallest unit above the limit": lambda: self._above_limit(),
            "nothing": lambda: Money(0, self.market.money),
        }
        if phrase in relative:
            return relative[phrase]()
        name = phrase.removeprefix("the ").removesuffix(" amount")
        try:
            return self.market.amount(name)
        except KeyError as error:
            known = ", ".join([*relative, *(f"the {name} amount" for name in self.market.amounts)])
            raise ConfigurationError(f"no amount is called {phrase!r}", advice=f"say one of: {known}") from error

    def ask_for_hold(self, phrase: str) -> None:
        """The merchant asks for a pre-authorisation."""
        self.last = self._perform(Order(Transaction.PREAUTH, self.amount(phrase)))
        self.hold = self.last

    def have_hold(self, phrase: str) -> None:
        """A hold that stands: the start of most scenarios."""
        self.ask_for_hold(phrase)
        self.require("outcome.reported", transaction=Transaction.PREAUTH.value, result=Result.APPROVED.value)

    def complete(self, phrase: str, *, wrong_approval: bool = False) -> None:
        """The merchant completes the hold."""
        original = self._original(self._held(), wrong_approval)
        self.last = self._perform(Order(Transaction.COMPLETION, self.amount(phrase), original))
        if self.last.approved:
            self.completion = self.last

    def cancel(self, *, wrong_approval: bool = False) -> None:
        """The merchant cancels the hold."""
        original = self._original(self._held(), wrong_approval)
        self.last = self._perform(Order(Transaction.CANCEL, original.amount, original))

    def void_completion(self) -> None:
        """The merchant voids the completion."""
        if self.completion is None:
            raise HoldfastBug("the scenario voids a completion that it never made")
        original = self.completion.as_original()
        self.last = self._perform(Order(Transaction.COMPLETION_VOID, original.amount, original))

    def have_completion(self, phrase: str) -> None:
        """A completion that stands."""
        self.complete(phrase)
        self.require("outcome.reported", transaction=Transaction.COMPLETION.value, result=Result.APPROVED.value)

    def have_cancelled(self) -> None:
        """A hold that was cancelled."""
        self.cancel()
        self.require("outcome.reported", transaction=Transaction.CANCEL.value, result=Result.APPROVED.value)

    def _perform(self, order: Order) -> Outcome:
        outcome: Outcome = self.bench.terminal.perform(order)
        return outcome

    def _held(self) -> Outcome:
        if self.hold is None:
            raise HoldfastBug("the scenario speaks of a hold that it never asked for")
        return self.hold

    def _above_limit(self) -> Money:
        limit = self.market.completion_limit(self._held().amount)
        return Money(limit.minor + 1, limit.currency)

    @staticmethod
    def _original(outcome: Outcome, wrong_approval: bool) -> Original:
        original = outcome.as_original()
        return replace(original, approval=WRONG_APPROVAL) if wrong_approval else original

    # ── card and people ───────────────────────────────────────────────────────────────────────────────────────

    def card_in_reader(self, kind: str, *, available: Money | None = None, expired: bool = False) -> None:
        """A fresh card of the rig's kind with a fresh account, in the reader."""
        card = self.bench.issue_card(kind, self.case, expired=expired)
        self.bench.host.open_account(
            card, available or Money(10 * self.market.amount("usual").minor, self.market.money)
        )
        self.bench.presenter.offer(card)

    # ── the host ──────────────────────────────────────────────────────────────────────────────────────────────

    def host_timer(self, seconds_around: float) -> float:
        """The terminal's response time-out plus so many seconds, in market time."""
        return self.bench.response_timeout_s + seconds_around

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
