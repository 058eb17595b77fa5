"""Counters that rise and numbers that differ: in a case, and over a whole run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from reports.judge.over_run import CHANCE, OverRun, by_chance
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from tests.reports.folders import Folder
from tests.reports.judge.builder import Tale
from tests.reports.judge.chip_tale import ChipTale
from tests.reports.judge.findings import failed, passed

COUNTER, NUMBER = "chip.counter-rises", "chip.unpredictable"
FIRST = "first generate"


def again(tale: ChipTale, number: str = "1E78EEBC", counter: int | None = None) -> ChipTale:
    """One more walk of the same card."""
    tale.at_terminal["9F37"] = bytes.fromhex(number)
    return tale.opened().pin_entered().first(counter=counter)


# ── in a case ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("counter", "right"), [(2, True), (7, True), (1, False), (0, False)])
def test_the_counter_of_a_card_rises(counter: int, right: bool) -> None:
    tale = again(ChipTale())
    first = tale["answer 80AE"]
    again(tale, counter=counter)
    if right:
        passed(tale.audit(COUNTER))
    else:
        failed(tale.audit(COUNTER), first, tale["answer 80AE"])


def test_two_cards_have_two_counters() -> None:
    tale = again(ChipTale())
    tale.name = "debit-0113"
    assert again(tale, counter=1).audit(COUNTER) is None


def test_a_card_with_a_fault_by_design_is_not_judged() -> None:
    tale = ChipTale().tell("card", "issued", card="credit-0014", fault="counts backwards")
    assert again(again(tale), counter=1).audit(COUNTER) is None
    tale = ChipTale().tell("card", "issued", card="credit-0014")
    failed(again(again(tale), counter=1).audit(COUNTER))


@pytest.mark.parametrize(("number", "right"), [("1E78EEBD", True), ("1E78EEBC", False)])
def test_unpredictable_numbers_differ(number: str, right: bool) -> None:
    tale = again(ChipTale())
    first = tale[FIRST]
    again(tale, number)
    if right:
        passed(tale.audit(NUMBER))
    else:
        assert "1E78EEBC" in failed(tale.audit(NUMBER), first, tale[FIRST])


def test_a_number_that_the_card_is_not_given_is_known_by_the_message() -> None:
    tale = ChipTale(card={"8C": "9F0206"}).opened().pin_entered().first().sent()
    tale.opened().pin_entered().first().sent(trace="000078")
    failed(tale.audit(NUMBER))


def test_one_number_repeats_none() -> None:
    assert again(ChipTale()).audit(NUMBER) is None


# ── over a run ────────────────────────────────────────────────────────────────────────────────────────────────────


def case(number: str = "1E78EEBC", *, at: int = 0, trace: str = "000077", counter: int = 1, terminal: str = "50080001",
         worker: str = "main", fault: str = "") -> ChipTale:  # fmt: skip
    """A case with one walk, `at` seconds after the run began."""
    tale = ChipTale(at=terminal)
    opening = tale.records[0]
    tale.records[0] = replace(opening, fields={**opening.fields, "worker": worker})
    tale.tell("card", "issued", card="credit-0014", fault=fault)
    again(tale, number, counter).sent(trace=trace, change={41: terminal}, chip={"9F36": f"{counter:04X}"})
    tale.answered().second(counter=counter).outcome("approved", trace=trace)
    tale.records = [replace(r, t_ns=r.t_ns + at * 10**9) for r in tale.records]
    tale.close()
    return tale


def judged(*tales: Tale) -> dict[str, tuple[str, str, list[dict[str, object]]]]:
    over = OverRun()
    for at, tale in enumerate(tales):
        over.look(tale.records, tale.terms, f"cases/{at}/attempt-1.jsonl")
    return {rule["id"]: (rule["verdict"], rule["actual"], rule["evidence"]) for rule in over.judged(tales[0].terms)}


def test_what_differs_over_a_run_is_well() -> None:
    found = judged(case(), case("1E78EEBD", at=1, trace="000078", counter=2))
    assert {rule: verdict for rule, (verdict, _, _) in found.items()} == {
        "run.unpredictable": "PASS", "run.traces": "PASS", "run.counters": "PASS",
    }  # fmt: skip


def test_a_number_that_comes_again_in_another_case() -> None:
    verdict, told, evidence = judged(case(), case(at=1, trace="000078", counter=2))["run.unpredictable"]
    assert (verdict, "1E78EEBC came twice" in told) == ("FAIL", True)
    assert [place["timeline"] for place in evidence] == ["cases/0/attempt-1.jsonl", "cases/1/attempt-1.jsonl"]


def test_another_terminal_may_have_it_too() -> None:
    found = judged(case(), case(at=1, terminal="50080002", worker="gw1"))
    assert found["run.unpredictable"][0] == "PASS"
    assert found["run.traces"][0] == "PASS"
    assert "run.counters" not in found, "the cards of two workers may have one name"


@pytest.mark.parametrize(("trace", "verdict"), [("000077", "FAIL"), ("000078", "PASS"), ("000001", "PASS")])
def test_a_trace_number_that_comes_twice_in_a_row(trace: str, verdict: str) -> None:
    """A counter may be set back between cases: only the same number again is nobody's will."""
    assert judged(case(), case("00000000", at=1, trace=trace, counter=2))["run.traces"][0] == verdict


@pytest.mark.parametrize(("counter", "verdict"), [(1, "ERROR"), (0, "ERROR"), (2, "PASS")])
def test_a_kept_card_counts_on_in_the_next_case(counter: int, verdict: str) -> None:
    """The card is Holdfast's own: an error, never a failure of the terminal."""
    assert judged(case(), case("00000000", at=1, trace="000078", counter=counter))["run.counters"][0] == verdict
    faulty = judged(case(fault="x"), case("00000000", at=1, counter=counter, fault="x"))
    assert "run.counters" not in faulty


def test_the_order_is_that_of_time_not_of_reading() -> None:
    later, earlier = case("00000000", at=1, trace="000078", counter=2), case()
    assert judged(later, earlier)["run.counters"][0] == "PASS"


def test_of_a_terminal_that_nobody_names_nothing_is_said() -> None:
    assert judged(again(ChipTale()), again(ChipTale())) == {}


@pytest.mark.parametrize(
    ("numbers", "repeats", "blamed"),
    [(2, 1, True), (90, 1, True), (100, 1, False), (1000, 1, False), (1000, 2, True), (60000, 2, False)],
)  # fmt: skip
def test_what_chance_may_bring_is_nobodys_fault(numbers: int, repeats: int, blamed: bool) -> None:
    assert (by_chance(numbers, repeats) < CHANCE) is blamed


def test_more_numbers_make_a_repeat_more_likely() -> None:
    chances = [by_chance(n, 1) for n in (10, 100, 1000, 10000, 100000)]
    assert chances == sorted(chances)
    assert 0 < chances[0] < chances[-1] < 1


def run_of(path: Path, tales: Iterable[Tale]) -> dict[str, object]:
    folder = Folder(path)
    for at, tale in enumerate(tales):
        tale.records.pop()
        tale.state("idle").expect("outcome.reported", transaction="pre-authorisation", result="approved")
        tale.close()
        folder.case(f"case-{at}", tale)
    folder.end()
    return judge_run(RunFolder(folder.path))


def test_a_run_that_repeats_itself_does_not_conform(tmp_path: Path) -> None:
    verdicts = run_of(tmp_path, [case(), case(at=1, trace="000078", counter=2)])
    assert verdicts["statement"] == "DOES_NOT_CONFORM"
    assert "over the run: 1E78EEBC came twice" in str(verdicts["statement_text"])
    (rule,) = [rule for rule in verdicts["whole_run"] if rule["id"] == "run.unpredictable"]  # type: ignore[attr-defined]
    assert rule["verdict"] == "FAIL"


def test_a_run_that_repeats_nothing_says_nothing_of_it(tmp_path: Path) -> None:
    verdicts = run_of(tmp_path, [case(), case("00000001", at=1, trace="000078", counter=2)])
    assert "over the run" not in str(verdicts["statement_text"])
    assert [rule["verdict"] for rule in verdicts["whole_run"]] == ["PASS"] * 3  # type: ignore[attr-defined]
