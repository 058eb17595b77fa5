"""Any order of requests, reversals and the issuer's own acts, good and bad: rules and plain bank agree, and the money
always adds up."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from protocols.faults import HoldfastBug
from protocols.transactions import Transaction
from rigs.marketfile import load_market
from simulators.issuer.decisions import books, undoing
from tests.simulators.issuer.cuts import cut_everywhere, shortest
from tests.simulators.issuer.play import EVENTS, Different, Event, Play, markets
from tests.simulators.kit import cn_market

MARKETS = markets(load_market("unionpay-cn"), load_market("unionpay-cn-strict"))
NEWEST = st.integers(0, 5)
AMOUNT = st.integers(0, 13)
MANNER = st.sampled_from([0] * 24 + list(range(24)))
CUTS = 60
"""Sequences that are cut here; `benchmarks/soak_ledger.py --cuts 200` cuts all that are asked of it."""


class Machine(RuleBasedStateMachine):
    """A ledger in memory: thousands of decisions, none to survive."""

    play: Play

    @initialize(name=st.sampled_from(sorted(MARKETS)))
    def open(self, name: str) -> None:
        self.play = Play(MARKETS[name], Path(":memory:"))

    @invariant()
    def pots_are_the_sum_of_their_postings(self) -> None:
        if hasattr(self, "play"):
            self.play.ledger.audit()

    def teardown(self) -> None:
        if hasattr(self, "play"):
            self.play.close()


def _rule(kind: str) -> Any:
    @rule(a=NEWEST, b=AMOUNT, c=MANNER)
    def event(self: Machine, a: int, b: int, c: int) -> None:
        self.play.play((kind, a, b, c))

    return event


LedgerMachine = type("LedgerMachine", (Machine,), {kind.replace(" ", "_"): _rule(kind) for kind in EVENTS})
TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("market", MARKETS)
def test_every_statement_of_the_shortest_sequences_can_be_cut(market: str) -> None:
    """A quarter of them in each market, on a disk in memory where there is one: what is cut is a connection."""
    sequences = list(shortest(MARKETS[market], CUTS))
    assert len(sequences) == CUTS
    own = sequences[list(MARKETS).index(market) :: len(MARKETS)]
    with tempfile.TemporaryDirectory(prefix="hf-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        assert sum(cut_everywhere(MARKETS[market], sequence, Path(folder)) for sequence in own) > len(own) * 5


# ── would it be noticed? ──────────────────────────────────────────────────────────────────────────────────────────


def played(*events: Event) -> None:
    play = Play(cn_market(), Path(":memory:"))
    try:
        for event in events:
            play.play(event)
    finally:
        play.close()


TRAP: tuple[Event, ...] = tuple((kind, 0, 0, 0) for kind in ("pre-authorise", "complete", "void completion", "reverse"))


def test_a_hold_left_open_by_a_reversed_void_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap of facts/unionpay-pos 5.20."""
    played(*TRAP)

    def trapped(of: books.Books, entry: Any) -> Any:
        of.journal.set_state(of.journal.entry(entry.original), "normal")
        return undoing.Decided("00", "the hold stays open")

    monkeypatch.setitem(undoing._UNDO, Transaction.COMPLETION_VOID, trapped)
    with pytest.raises(Different, match="accounts"):
        played(*TRAP)


def test_a_limit_that_is_one_fen_off_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    above: tuple[Event, ...] = (("pre-authorise", 0, 0, 0), ("complete", 0, 5, 0))  # 115.01
    played(*above)
    right = books.Books.within_limit
    monkeypatch.setattr(books.Books, "within_limit", lambda self, hold, booked: right(self, hold, booked - 1))
    with pytest.raises(Different, match="answer to"):
        played(*above)


def test_a_hold_that_is_not_released_is_noticed_by_the_ledger_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books.Books, "close", lambda self, hold, state, journal: _put(self, hold, state))
    with pytest.raises(HoldfastBug, match="is cancelled with 10000 held"):
        played(("pre-authorise", 0, 0, 0), ("cancel", 0, 0, 0))


def _put(of: books.Books, hold: Any, state: str) -> Any:
    of.holds.put(hold._replace(state=state))
    return of.holds.get(hold.id)


def test_a_decision_in_two_transactions_is_noticed_by_a_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sale: tuple[Event, ...] = (("sell", 0, 0, 0),)
    cut_everywhere(cn_market(), sale, tmp_path)
    enter = books.Books.enter

    def torn(self: books.Books, *values: Any, **options: Any) -> Any:
        entry = enter(self, *values, **options)
        self.ledger.database.commit()
        self.ledger.database.begin()
        return entry

    monkeypatch.setattr(books.Books, "enter", torn)
    with pytest.raises(Different):
        cut_everywhere(cn_market(), sale, tmp_path)
