"""The way of a real reader, with a person beside it; and the contract's page, which says what the suite says."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.rigs.readers.attended import run_attended, suite
from tests.rigs.readers.station import Station, profile
from tests.simulators.kit import ROOT

PAGE = ROOT / "docs/reader-contract.md"
ROW = re.compile(r"\| (.+) \| (\S+)(?: \[\d+\])? \| (\S+)(?: \[\d+\])? \| (\S+)(?: \[\d+\])? \|")


@pytest.fixture(scope="module")
def contract() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reader_contract", ROOT / "docs/reader-contract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


def rows() -> list[tuple[str, ...]]:
    """Clause and verdicts of the page, without the heads of its tables."""
    found = [match.groups() for line in PAGE.read_text("utf-8").splitlines() if (match := ROW.fullmatch(line))]
    return [row for row in found if row[1] in ("PASS", "SKIP", "FAIL", "–")]


def test_the_page_lists_the_clauses_of_the_suite_in_its_order(contract: ModuleType) -> None:
    """Else run `python docs/reader-contract.py`."""
    assert [row[0] for row in rows()] == [clause.words for clause in contract.clauses()]


def test_every_clause_says_what_it_holds_and_says_it_once(contract: ModuleType) -> None:
    words = [clause.words for clause in contract.clauses()]
    assert all(text.endswith(".") and "|" not in text for text in words)
    assert len(set(words)) == len(words) > 50


def test_every_clause_holds_behind_pcscd_and_in_process() -> None:
    assert {(row[1], row[2]) for row in rows()} == {("PASS", "PASS")}
    assert {row[3] for row in rows()} == {"PASS", "SKIP"}


def test_a_named_reader_is_held_against_the_contract_with_a_person_beside_it(
    station: Station, tmp_path: Path, contract: ModuleType
) -> None:
    """Here the person is played and the reader is a twin; the process, its service and its terminal are others."""
    junit = tmp_path / "real.xml"
    clauses = "real and (is_removed or put_back_at_once or drops_out or is_back)"
    status, shown = run_attended(
        station.model, station.service.socket, profile("contact").name, "-k", clauses, junit=junit
    )
    assert status == 0, shown
    for wish in ("put the test card in", "take the card out", "unplug the reader", "plug the reader in again"):
        assert wish in shown
    verdicts = {test: verdict for (test, _), (verdict, _) in contract.results(junit).items()}
    assert verdicts == {
        "test_a_card_that_is_removed_is_missed": "PASS",
        "test_a_card_that_was_pulled_and_put_back_at_once_has_lost_its_power": "PASS",
        "test_a_reader_that_drops_out_by_itself_is_gone": "SKIP",
        "test_a_reader_that_is_back_works_again": "PASS",
    }


def test_without_a_person_the_clauses_are_left_out_and_say_so(
    station: Station, tmp_path: Path, contract: ModuleType
) -> None:
    """No terminal, nobody to move a card: never a wait, never a failure."""
    junit = tmp_path / "alone.xml"
    named = {"HOLDFAST_READER": profile("contact").name, "PCSCLITE_CSOCK_NAME": str(station.service.socket)}
    done = subprocess.run(
        suite("-k", "real and is_removed", junit=junit), cwd=ROOT, env=os.environ | named, stdin=subprocess.DEVNULL,
        capture_output=True, start_new_session=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    ((_, reason),) = set(contract.results(junit).values())
    assert "nobody is at a terminal" in reason
