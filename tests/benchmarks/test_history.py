"""A past that is put into a ledger in bulk stands the ledger's own audit, and is made of what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from benchmarks.load.history import fill
from protocols.faults import HoldfastBug
from simulators.issuer.database import SqliteDatabase
from simulators.issuer.ledger import Ledger

TODAY, OPENING = date(2026, 6, 15), 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    ledger = Ledger(SqliteDatabase(path))
    ledger.open_account("card 1", OPENING)
    yield ledger
    ledger.close()


def test_the_audit_finds_the_past_sound(ledger: Ledger, path: Path) -> None:
    fill(path, 400, OPENING, TODAY)
    ledger.audit()
    states = ledger.database.rows("SELECT state, COUNT(*) FROM hold GROUP BY state ORDER BY state")
    assert states == [("cancelled", 40), ("completed", 280), ("expired", 40), ("open", 40)]
    assert ledger.database.row("SELECT COUNT(*) FROM account") == (40,)
    assert ledger.account("card 1").held == 10_000
    assert ledger.account("card 1").booked == 70_000


def test_a_second_past_stands_behind_the_first(ledger: Ledger, path: Path) -> None:
    fill(path, 20, OPENING, TODAY)
    fill(path, 20, OPENING, TODAY)
    ledger.audit()
    assert ledger.database.row("SELECT COUNT(*) FROM hold") == (40,)


def test_the_audit_would_find_a_past_that_does_not_add_up(ledger: Ledger, path: Path) -> None:
    fill(path, 40, OPENING, TODAY)
    ledger.database.run("UPDATE posting SET amount = amount + 1 WHERE id = 7")
    with pytest.raises(HoldfastBug):
        ledger.audit()
