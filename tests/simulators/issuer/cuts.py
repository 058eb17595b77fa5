"""Every SQL statement boundary of the shortest event sequences, cut by a connection that is aborted there.

After each cut the ledger is opened again: what was decided must be all there or not at all, every invariant must hold,
and the same request sent once more must get the right answer and leave the ledger as if nothing had been cut.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from protocols.market import Market
from tests.simulators.issuer.play import EVENTS, Different, Event, Play

Contents = list[list[tuple[Any, ...]]]
TABLES = ("account", "posting", "journal", "hold", "blocked", "closed_batch")


class Cut(Exception):
    """The connection is gone."""


class Cutting(sqlite3.Connection):
    """A connection that is aborted before its next statement but `left`; None: never."""

    left: ClassVar[int | None] = None

    def cursor(self, factory: Any = None) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(_CuttingCursor)


class _CuttingCursor(sqlite3.Cursor):
    def execute(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        if Cutting.left is not None:
            if Cutting.left == 0:
                Cutting.left = None
                self.connection.close()
                raise Cut
            Cutting.left -= 1
        return super().execute(*args)


class Watching(sqlite3.Connection):
    """A connection that counts its statements and keeps what stood after each commit."""

    count: ClassVar[int] = 0
    kept: ClassVar[list[Contents]] = []

    def cursor(self, factory: Any = None) -> sqlite3.Cursor:  # type: ignore[override]
        return super().cursor(_WatchingCursor)


class _WatchingCursor(sqlite3.Cursor):
    def execute(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        Watching.count += 1
        cursor = super().execute(*args)
        if args[0] == "COMMIT":
            Watching.kept.append(contents(self.connection))
        return cursor


def contents(db: sqlite3.Connection) -> Contents:
    """Every row of every table."""
    return [list(sqlite3.Cursor(db).execute(f"SELECT * FROM {table} ORDER BY 1")) for table in TABLES]


def shortest(market: Market, how_many: int) -> Iterator[tuple[Event, ...]]:
    """Event sequences, breadth first over the kinds; those are made longer whose last event moved money."""
    grown: list[tuple[Event, ...]] = [()]
    found = itertools.count()
    while grown:
        longer = []
        for head, kind in itertools.product(grown, EVENTS):
            if next(found) == how_many:
                return
            sequence = (*head, (kind, 0, 0, 0))
            yield sequence
            if _moves(market, sequence):
                longer.append(sequence)
        grown = longer


def _moves(market: Market, sequence: Sequence[Event]) -> bool:
    play = Play(market, Path(":memory:"))
    postings = [len(contents(play.database.connection)[1]) for event in sequence for _ in [play.play(event)]]
    play.close()
    return postings[-1] > (postings[-2] if len(postings) > 1 else 0)


def cut_everywhere(market: Market, sequence: Sequence[Event], directory: Path) -> int:
    """Cut each event of a sequence before each of its statements, and after its last; returns the number of cuts.

    Raises Different, or HoldfastBug, when the ledger did not stand it.
    """
    whole, copy = directory / "whole.sqlite", directory / "cut.sqlite"
    _remove(whole)
    play, cuts = Play(market, whole, Watching), 0
    for event in sequence:
        stand, before = play.database.connection.serialize(), contents(play.database.connection)
        earlier = play.fork(Path(":memory:"))
        Watching.count, Watching.kept = 0, []
        EVENTS[event[0]](play, *event[1:])
        statements, stages = Watching.count, [before, *Watching.kept, contents(play.database.connection)]
        play.compare()
        for left in range(statements + 1):
            _remove(copy)
            copy.write_bytes(stand)
            _cut(earlier.fork(copy, Cutting), play, event, left, stages)
            cuts += 1
        earlier.close()
    play.close()
    return cuts


def _cut(play: Play, later: Play, event: Event, left: int, stages: list[Contents]) -> None:
    """`play` stands before the event, `later` after it; `stages` is what may be found: before, between, after."""
    play.again = lambda play: None
    Cutting.left = left
    try:
        EVENTS[event[0]](play, *event[1:])
        cut = False
    except Cut:
        cut = True
    finally:
        Cutting.left = None
        play.close()
    play.open()
    try:
        _look(play, later, f"{event} cut at statement {left}", cut, stages)
    finally:
        play.close()


def _look(play: Play, later: Play, what: str, cut: bool, stages: list[Contents]) -> None:
    before, after = stages[0], stages[-1]
    play.ledger.audit()
    there = contents(play.database.connection)
    if there not in stages or (not cut and there != after):
        raise Different(f"{what} left {there}")
    if there in (before, after):
        if cut and there != before:  # it was decided, and its answer lost
            play.plain = later.plain_copy()
        play.again(play)
    else:  # some of several holds have expired
        play.rules.expire(play.today)
        play.plain = later.plain_copy()
    if there != after and contents(play.database.connection) != after:
        raise Different(f"{what} and repeated left {contents(play.database.connection)}")
    play.compare()
    play.ledger.audit()


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
