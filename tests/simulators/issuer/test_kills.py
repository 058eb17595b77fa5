"""A few SIGKILLs under load, in both databases; `benchmarks/soak_kills.py` does hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.kills.terminals import Asked
from benchmarks.soak_kills import Figures, Lost, hold_against, soak
from simulators.issuer.ledger import Ledger
from simulators.issuer.opening import open_database
from tests.simulators.issuer.bank import CARD

KILLS, TERMINALS, SEED = 4, 4, 7


def test_every_answered_request_is_in_the_ledger_once(books: Path | str) -> None:
    figures = soak(str(books), KILLS, TERMINALS, SEED, Console(quiet=True))
    assert figures.kills == KILLS
    assert figures.approved > 20


def test_the_soak_sees_what_is_lost(tmp_path: Path) -> None:
    ledger = Ledger(open_database(tmp_path / "ledger.sqlite"))
    ledger.open_account(CARD, 1)
    lost = Asked("sale", "50080000", "000001", 1, code="00", reference="0615", approval="000001")
    with pytest.raises(Lost, match="sale 000001 of 50080000, answered 00, is not in the ledger"):
        hold_against(ledger, [lost], Figures())
    ledger.close()
