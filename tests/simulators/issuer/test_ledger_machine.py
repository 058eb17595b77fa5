"""Any order of requests and reversals, good and bad: the money always adds up."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from protocols.transactions import Transaction
from simulators.issuer.decisions import Decided
from tests.simulators.issuer.bank import OPENING, Bank
from tests.simulators.kit import cn_market

T = Transaction
AMOUNTS = st.sampled_from([1, 99_99, 100_00, 115_00, 115_01, OPENING // 2, OPENING])
DAYS = st.sampled_from([0, 0, 0, 1, 30, 31])


class LedgerMachine(RuleBasedStateMachine):
    """`asked` are requests that were made, by kind, trace and amount; `holds` are approved holds."""

    asked = Bundle("asked")
    holds = Bundle("holds")

    @initialize()
    def open(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="hf-"))
        self.bank = Bank(self.directory, cn_market())
        self.bank.ledger._db.execute("PRAGMA synchronous=OFF")  # thousands of decisions, none to survive
        self.trace = 0
        self.limits: dict[int, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "bank"):
            self.bank.close()
            shutil.rmtree(self.directory)

    def _next(self) -> int:
        self.trace += 1
        return self.trace

    @rule(target=holds, amount=AMOUNTS)
    def pre_authorise(self, amount: int) -> tuple[str, str, int, int]:
        trace = self._next()
        spendable = self.bank.account().available
        decided = self.bank.preauth(amount, trace)
        assert (decided.code == "00") == (0 < amount <= spendable)
        if decided.hold is not None and decided.code == "00":
            self.limits[decided.hold.id] = amount * 115 // 100
        return decided.approval, f"{self.bank.today:%m%d}", amount, trace

    @rule(target=asked, hold=holds, amount=AMOUNTS, exact=st.booleans())
    def complete(self, hold: tuple[str, str, int, int], amount: int, exact: bool) -> tuple[T, int, int]:
        return self._use(T.COMPLETION, hold, hold[2] if exact else amount)

    @rule(target=asked, hold=holds, amount=AMOUNTS, exact=st.booleans())
    def cancel(self, hold: tuple[str, str, int, int], amount: int, exact: bool) -> tuple[T, int, int]:
        return self._use(T.CANCEL, hold, hold[2] if exact else amount)

    def _use(self, transaction: T, hold: tuple[str, str, int, int], amount: int) -> tuple[T, int, int]:
        trace = self._next()
        before = self.bank.account()
        decided = self.bank.ask(transaction, amount, trace, approval=hold[0], original_day=hold[1])
        self._refused_moves_nothing(decided, before)
        return transaction, trace, amount

    @rule(target=asked, original=asked)
    def void(self, original: tuple[T, int, int]) -> tuple[T, int, int]:
        trace, before = self._next(), self.bank.account()
        decided = self.bank.void(original[2], trace, original[1])
        self._refused_moves_nothing(decided, before)
        return T.COMPLETION_VOID, trace, original[2]

    @rule(request=asked)
    def reverse(self, request: tuple[T, int, int]) -> None:
        before = self.bank.account()
        self._refused_moves_nothing(self.bank.reverse(*request), before)

    @rule(hold=holds)
    def reverse_hold(self, hold: tuple[str, str, int, int]) -> None:
        before = self.bank.account()
        self._refused_moves_nothing(self.bank.reverse(T.PREAUTH, hold[3], hold[2]), before)

    @rule(days=DAYS)
    def days_go_by(self, days: int) -> None:
        self.bank.days_go_by(days)

    def _refused_moves_nothing(self, decided: Decided, before: object) -> None:
        if decided.code != "00":
            assert not decided.postings
            assert self.bank.account() == before

    # ── what always holds ─────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def money_is_conserved(self) -> None:
        if hasattr(self, "bank"):
            account = self.bank.account()
            assert account.available + account.held + account.booked == OPENING
            assert min(account.held, account.booked) >= 0

    @invariant()
    def open_holds_are_what_is_held(self) -> None:
        if hasattr(self, "bank"):
            rows = self._entries("kind = 'pre-authorisation' AND state = 'open'")
            assert sum(amount for _, amount in rows) == self.bank.account().held
            assert all(self.bank.ledger.held_by(hold) == amount for hold, amount in rows)

    @invariant()
    def completions_in_force_are_what_is_booked(self) -> None:
        if hasattr(self, "bank"):
            rows = self._entries("kind = 'completion' AND state = 'normal'")
            assert sum(amount for _, amount in rows) == self.bank.account().booked

    @invariant()
    def no_hold_is_booked_above_its_limit(self) -> None:
        if hasattr(self, "bank"):
            booked = self.bank.ledger._db.execute(
                "SELECT hold, SUM(CASE WHEN credit='booked' THEN amount WHEN debit='booked' THEN -amount ELSE 0 END)"
                " FROM posting GROUP BY hold"
            )
            assert all(amount <= self.limits[hold] for hold, amount in booked)

    def _entries(self, where: str) -> list[tuple[int, int]]:
        return list(self.bank.ledger._db.execute(f"SELECT id, amount FROM journal WHERE {where}"))


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=30, stateful_step_count=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
