"""The fault matrix: its feature, its page and the catalogue of faults are one; what the terminal did is explained."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from holdfast.features import tags_of
from protocols.emv.verification import Tvr
from rigs.cards.faulty import card_fault, load_faults
from steps.words import MESSAGES, words_of
from tests.support.commands import ROOT

PAGE = ROOT / "docs/fault-matrix.md"
FEATURES = [*sorted((ROOT / "features/chip").glob("*.feature")), *sorted((ROOT / "features/entry").glob("*.feature"))]
CLAUSE = re.compile(r"(?:(?:EMV Book \d|ISO 7816-3), .+|facts/unionpay-pos [\d.]+)")
LINE = re.compile(r"\| (.+) \|")
FAULTY = re.compile(r" card (?:in the reader|at hand) that (.+)")


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fault_matrix", ROOT / "docs/fault-matrix.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up there
    spec.loader.exec_module(module)
    return module


def page_rows() -> list[tuple[str, ...]]:
    """The cells of the page's tables, without their heads."""
    found = [match[1] for line in PAGE.read_text("utf-8").splitlines() if (match := LINE.fullmatch(line))]
    cells = [tuple(cell.strip() for cell in row.split(" | ")) for row in found]
    return [row for row in cells if row[0] not in ("card", "---")]


def test_the_page_has_the_rows_of_the_feature_in_its_order(matrix: ModuleType) -> None:
    """Else run `python docs/fault-matrix.py`."""
    assert [row[:6] for row in page_rows()] == [row.wanted for row in matrix.rows()]


def test_in_each_row_the_terminal_did_what_the_books_want_or_it_is_explained(matrix: ModuleType) -> None:
    for row in page_rows():
        assert row[7] == "yes" or matrix.EXPLANATIONS[row[:2]] in row[7], row


def test_no_explanation_is_left_of_what_is_right_by_now(matrix: ModuleType) -> None:
    assert matrix.EXPLANATIONS.keys() == {row[:2] for row in page_rows() if row[7] != "yes"}


def test_the_bits_that_the_page_says_are_those_that_the_books_want() -> None:
    """Where a row is as wanted, its words and its tag 95 are the same, by the table of bits."""
    for row in page_rows():
        told = row[2].split("; ")[0]
        if row[7] == "yes" and told != "nothing at all":
            wanted = Tvr.of_words("" if told == "no fault" else told)
            assert f"95 `{wanted.pack().hex().upper()}`" in row[6], row


def test_no_two_rows_are_of_the_same_card_with_the_same_fault(matrix: ModuleType) -> None:
    keys = [row.key for row in matrix.rows()]
    assert len(keys) == len(set(keys)) >= 50


def test_each_row_says_its_bits_its_messages_and_its_clause_in_words_that_are_known(matrix: ModuleType) -> None:
    for row in matrix.rows():
        if row.said["told"] != "nothing at all":
            told = words_of(row.said["told"])
            assert set(told) == set(Tvr.of_words(", ".join(told)).words()), row.key
        assert row.said["sent"] in MESSAGES, row.key
        assert CLAUSE.fullmatch(row.said["clause"]), row


def test_every_fault_that_a_scenario_names_is_one(matrix: ModuleType) -> None:
    for row in matrix.rows():
        assert card_fault(row.said["fault"]).clause, row.key
    for path in FEATURES:
        for name in FAULTY.findall(path.read_text("utf-8")):
            assert "<" in name or card_fault(name).clause, f"{path.name}: {name}"


def test_every_fault_of_the_catalogue_has_a_row_or_a_scenario(matrix: ModuleType) -> None:
    used = {row.said["fault"] for row in matrix.rows()}
    told = "\n".join(path.read_text("utf-8") for path in FEATURES)
    assert [name for name in load_faults() if name not in used and name not in told] == []


def test_a_run_of_the_matrix_makes_the_page(matrix: ModuleType) -> None:
    """A row that fails is told with its criterion; one that was not run is told, too."""
    first, second, *_ = matrix.rows()
    made = matrix.page(_verdicts(first.said, second.said))
    lines = [line for line in made.splitlines() if line.startswith(f"| {first.said['card']} | ")]
    assert lines[0].endswith("| 95 `0000040000`; card declined; nothing | yes |")
    assert lines[1].endswith("| no 95; approved; nothing | **FAIL** outcome.reported: approved. Not explained. |")
    assert made.count("| was not asked | was not asked |") == len(list(matrix.rows())) - 2


def _verdicts(right: Any, wrong: Any) -> dict[str, Any]:
    told = _found("chip.tvr", "PASS", "TVR 0000040000: online PIN entered")
    passed = _found("outcome.reported", "PASS", "pre-authorisation: card declined")
    failed = _found("outcome.reported", "FAIL", "approved")
    sent = _found("host.messages", "PASS", "it got: nothing")
    return {
        "cases": [
            _case(f"{_FEATURE}::a", right, "PASS", told, passed, sent),
            _case(f"{_FEATURE}::b", wrong, "FAIL", failed, sent),
            _case("features/chip/other.feature::c", {}, "PASS"),
        ]
    }


def _found(name: str, verdict: str, actual: str) -> dict[str, str]:
    return {"id": name, "verdict": verdict, "actual": actual, "source": "scenario"}


def _case(name: str, parameters: Any, verdict: str, *criteria: dict[str, str]) -> dict[str, Any]:
    return {"id": name, "parameters": parameters, "verdict": verdict, "cause": "", "criteria": criteria}


_FEATURE = "features/chip/fault_matrix.feature"


def test_the_matrix_bears_the_numbers_of_the_catalogue_that_it_covers() -> None:
    numbers = {"C144", "C145", "C146", "C151", "C154", "C155", "C158", "C159", "C161", "C162", "C164", "C165", "C169"}
    assert numbers <= tags_of(Path(ROOT / _FEATURE))
