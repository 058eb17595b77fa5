"""Any order of requests over books on a server: as the plain bank says, and so when the connection is cut anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test

from simulators.issuer.database import LedgerUnavailable
from simulators.issuer.decisions import Rules
from simulators.issuer.ledger import Ledger
from simulators.issuer.postgresql import PostgresqlDatabase
from simulators.issuer.settlement import Settlement
from tests.simulators.issuer.cuts import TABLES, Contents
from tests.simulators.issuer.play import EVENTS, Different, Event, Play
from tests.simulators.issuer.test_ledger_machine import MARKETS, LedgerMachine
from tests.simulators.kit import cn_market
from tests.support.postgresql import Server

EXAMPLES, STEPS = 30, 20
"""Half of what is played in memory: a statement here goes through a socket."""
CUT = (
    ("pre-authorise",), ("pre-authorise", "complete"), ("pre-authorise", "cancel"), ("sell", "reverse"),
    ("pre-authorise", "complete", "void completion"), ("pre-authorise", "expire"), ("sell", "settle"),
)  # fmt: skip
"""Sequences whose last event is cut at each of its statements."""


class Cutting(PostgresqlDatabase):
    """Its connection ends before its next statement but `left`; None: never. `count` are the statements so far."""

    left: int | None = None
    count = 0

    def _cut(self) -> None:
        self.count += 1
        if self.left == 0:
            self._connection.pgconn.finish()
        if self.left is not None:
            self.left -= 1

    def _ask(self, statement: str, values: Sequence[object]) -> Any:
        self._cut()
        return super()._ask(statement, values)

    def _plain(self, statement: str) -> None:
        self._cut()
        super()._plain(statement)


class ServerPlay(Play):
    """A play over books on a server."""

    def __init__(self, market: Any, url: str) -> None:
        self.url = url
        super().__init__(market, None)  # type: ignore[arg-type]

    def open(self, factory: Any = None) -> None:
        self.database = Cutting(self.url)  # type: ignore[assignment]
        self.ledger = Ledger(self.database)
        self.rules = Rules(self.ledger, self.market)
        self.settlement = Settlement(self.ledger, self.market)

    def contents(self) -> Contents:
        return [self.database.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES]


def test_any_order_of_events_goes_as_the_plain_bank_says(postgresql: Server) -> None:
    class ServerMachine(LedgerMachine):  # type: ignore[misc, valid-type]
        @initialize(name=st.sampled_from(sorted(MARKETS)))
        def open(self, name: str) -> None:
            self.play = ServerPlay(MARKETS[name], postgresql.emptied("machine"))

    run_state_machine_as_test(
        ServerMachine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("sequence", CUT, ids="-".join)
def test_the_connection_may_be_cut_before_any_statement(postgresql: Server, sequence: tuple[str, ...]) -> None:
    """The same ledger goes on: nothing of what was cut is there, and asked again it is as if nothing had been."""
    events, left = [(kind, 0, 0, 0) for kind in sequence], 0
    while _cut(postgresql, events, left):
        left += 1
    assert left > 1


def _cut(server: Server, sequence: Sequence[Event], left: int) -> bool:
    """Cut the last event of a sequence; whether there was a statement left to cut."""
    *before, (kind, *numbers) = sequence
    with closing(ServerPlay(cn_market(), server.emptied("machine"))) as play:
        for event in before:
            play.play(event)
        assert isinstance(play.database, Cutting)
        stood, plain, play.again = play.contents(), play.plain_copy(), lambda play: None
        play.database.count, play.database.left = 0, left
        try:
            EVENTS[kind](play, *numbers)
        except LedgerUnavailable:
            play.database.left = None
            if play.contents() != stood:
                raise Different(f"{kind} cut at statement {left} left {play.contents()}") from None
            play.plain = plain
            play.again(play)
        cut = play.database.count > left
        play.database.left = None
        play.compare()
        play.ledger.audit()
    return cut
