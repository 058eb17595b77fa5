"""The verdict of a case: who is to blame for what, and what stands when the bench breaks. Design 4."""

from __future__ import annotations

from typing import Any

import pytest

from reports.judge.auditors import Audit
from reports.judge.case import UNFINISHED, judge_case, judge_criterion
from reports.judge.finding import Finding, Verdict
from reports.judge.registry import CRITERIA, Criterion
from tests.reports.judge.builder import HOLD, Tale

REPORTED: dict[str, Any] = {"transaction": HOLD, "result": "approved"}
OTHER = "000078"


def good() -> Tale:
    return Tale().account().approved().expect("outcome.reported", **REPORTED).close()


def verdict(tale: Tale) -> Verdict:
    return tale.judge().verdict


# ── the plain cases ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_good_case_passes_without_a_cause() -> None:
    judged = good().judge()
    assert judged.verdict is Verdict.PASS
    assert judged.cause == ""
    assert {j.verdict for j in judged.criteria} == {Verdict.PASS}


def test_a_failing_criterion_fails_the_case() -> None:
    assert verdict(Tale().approved().expect("hold.state", state="completed").close()) is Verdict.FAIL


def test_a_failing_auditor_fails_the_case() -> None:
    tale = Tale().approved().reversal().expect("outcome.reported", **REPORTED).close()
    judged = tale.judge()
    assert judged.verdict is Verdict.FAIL
    assert [j.id for j in judged.criteria if j.verdict is Verdict.FAIL] == ["reversal-duty.never-false"]
    assert {j.source for j in judged.criteria if j.verdict is Verdict.FAIL} == {"auditor"}


def test_a_suggested_criterion_that_fails_is_an_observation() -> None:
    tale = Tale().approved().expect("outcome.reported", **REPORTED)
    tale.expect("hold.state", weight="suggested", state="completed").close()
    assert verdict(tale) is Verdict.PASS_WITH_OBSERVATION


def test_a_suggested_criterion_that_cannot_be_decided_is_none() -> None:
    tale = good()
    tale.records.pop()
    assert verdict(tale.expect("wrong-mac.refused", weight="suggested").close()) is Verdict.PASS


@pytest.mark.parametrize("weight", ["mandatory", "conditional"])
def test_an_undecided_criterion_leaves_the_case_undecided(weight: str) -> None:
    judged = Tale().approved().expect("wrong-mac.refused", weight=weight).close().judge()
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.cause.startswith("wrong-mac.refused: ")


def test_a_scenario_that_demands_nothing_is_an_error() -> None:
    assert verdict(Tale().approved().close()) is Verdict.ERROR
    judged = Tale().approved().state("idle").expect("idle.reached").close().judge()
    assert judged.verdict is Verdict.ERROR
    assert judged.cause == "the scenario has no criterion"


def test_the_criterions_own_event_is_the_first_of_its_evidence() -> None:
    tale = good()
    judged = tale.judged("outcome.reported")
    assert judged.evidence == (tale["expect outcome.reported"], tale["terminal outcome"])
    assert judged.source == "scenario"
    assert judged.as_json()["evidence"] == list(judged.evidence)


# ── the bench breaks ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_criterion_decided_before_the_rig_fault_keeps_its_verdict() -> None:
    tale = Tale().approved().expect("outcome.reported", **REPORTED).fault().close()
    assert tale.judged("outcome.reported").verdict is Verdict.PASS
    judged = Tale().approved().expect("hold.state", state="completed").fault().close().judge()
    assert judged.verdict is Verdict.FAIL


def test_a_criterion_after_the_rig_fault_is_inconclusive_with_its_cause() -> None:
    tale = Tale().approved().fault("the reader is gone").expect("hold.state", state="completed").close()
    judged = tale.judged("hold.state")
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.reason == "the reader is gone"
    assert (tale.judge().verdict, tale.judge().cause) == (Verdict.INCONCLUSIVE, "the reader is gone")


def test_a_bug_makes_what_comes_later_an_error() -> None:
    tale = Tale().approved().bug("KeyError").expect("hold.state", state="completed").close()
    assert tale.judged("hold.state").verdict is Verdict.ERROR
    assert (tale.judge().verdict, tale.judge().cause) == (Verdict.ERROR, "KeyError")


def test_the_first_trouble_decides() -> None:
    assert Tale().approved().fault("first").bug("second").expect("hold.none").close().judge().cause == "first"
    assert Tale().approved().bug("first").fault("second").expect("hold.none").close().judge().cause == "first"


def test_something_missing_is_not_blamed_on_the_terminal_when_the_bench_broke() -> None:
    """A reversal, or its repeat, could still have come."""
    tale = Tale().unanswered().expect("reversal.sent", transaction=HOLD).fault().close()
    assert tale.judged("reversal.sent").verdict is Verdict.INCONCLUSIVE
    assert tale.judged("reversal-duty.reversed").verdict is Verdict.INCONCLUSIVE
    tale = Tale().unanswered().reversal().expect("reversal.repeated", transaction=HOLD, least=2).fault().close()
    assert tale.judged("reversal.repeated").verdict is Verdict.INCONCLUSIVE


def test_something_that_was_seen_before_the_bench_broke_stands() -> None:
    tale = Tale().order().request().reply(rule="wrong MAC").outcome("approved").slips()
    tale.expect("wrong-mac.refused").fault().close()
    judged = tale.judged("wrong-mac.refused")
    assert judged.verdict is Verdict.FAIL
    assert "reported an approval" in judged.actual
    assert "not reversed" not in judged.actual  # it could still have been
    assert tale.judge().verdict is Verdict.FAIL


def test_one_event_is_enough_to_stand() -> None:
    shown = ({"kind": "pan", "offset": 0, "clear_digits": 16, "owner": "dut"},)
    tale = Tale().approved().slip(exposed=shown).expect("receipt.pan-masked").fault().close()
    assert tale.judged("privacy.exposed").verdict is Verdict.FAIL


def test_something_that_was_seen_after_the_bench_broke_does_not_stand() -> None:
    tale = Tale().approved().expect("reversal.none").fault().reversal().close()
    assert tale.judged("reversal.none").verdict is Verdict.INCONCLUSIVE
    assert tale.judged("reversal-duty.never-false").verdict is Verdict.INCONCLUSIVE


def test_that_nothing_was_seen_is_known_only_at_the_end() -> None:
    tale = Tale().approved().expect("reversal.none").fault().close()
    assert tale.judged("reversal.none").verdict is Verdict.INCONCLUSIVE


def test_before_and_after_go_by_time_and_not_by_number() -> None:
    tale = Tale().approved().fault(after=100).reversal(after=-50).expect("reversal.none").close()
    assert tale.judged("reversal-duty.never-false").verdict is Verdict.FAIL


# ── a case that was not finished ──────────────────────────────────────────────────────────────────────────────────


def test_an_unfinished_case_is_inconclusive() -> None:
    judged = Tale().approved().expect("outcome.reported", **REPORTED).judge()
    assert (judged.verdict, judged.cause) == (Verdict.INCONCLUSIVE, UNFINISHED)
    assert judge_case([], good().terms).verdict is Verdict.INCONCLUSIVE


def test_an_unfinished_case_blames_nobody_for_what_is_missing() -> None:
    tale = Tale().unanswered().expect("reversal.sent", transaction=HOLD).expect("receipt.none")
    judged = tale.judge()
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert tale.judged("reversal-duty.reversed").reason == UNFINISHED
    assert tale.judged("receipt.none").verdict is Verdict.INCONCLUSIVE


def test_an_unfinished_case_fails_for_what_was_seen() -> None:
    assert verdict(Tale().approved().reversal().expect("outcome.reported", **REPORTED)) is Verdict.FAIL


# ── whose fault ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_component_that_is_not_under_test_is_never_failed() -> None:
    tale = Tale(dut=["reader"]).approved().expect("hold.state", state="completed").close()
    judged = tale.judged("hold.state")
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "not under test" in judged.reason
    assert verdict(tale) is Verdict.INCONCLUSIVE


def test_a_criterion_on_our_own_part_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Finding(Verdict.FAIL, "right", "wrong", (1,))
    ours = Criterion("ours", "Ours", "", lambda view, args: seen, component="card")
    monkeypatch.setitem(CRITERIA._by_id, "ours", ours)
    tale = Tale().approved().expect("ours").close()
    assert tale.judged("ours").verdict is Verdict.ERROR
    assert "own part" in tale.judged("ours").reason
    assert verdict(tale) is Verdict.ERROR


def vanished() -> Tale:
    """Our own host loses money."""
    return Tale().account(called="opening").approved().account(1, 1, 1)


def test_our_own_host_that_is_wrong_is_an_error() -> None:
    tale = vanished().expect("outcome.reported", **REPORTED).close()
    judged = tale.judged("ledger.conserved")
    assert judged.verdict is Verdict.ERROR
    assert verdict(tale) is Verdict.ERROR
    assert "the host is at fault" in tale.judge().cause


def test_after_our_own_host_went_wrong_the_terminal_is_not_blamed() -> None:
    tale = vanished().expect("account.stands", held=100000, booked=0).close()
    assert tale.judged("account.stands").verdict is Verdict.ERROR
    before = Tale().account().approved().expect("hold.state", state="completed").account(1, 1, 1).close()
    assert before.judge().verdict is Verdict.FAIL


def test_a_host_under_test_is_blamed() -> None:
    tale = vanished().expect("outcome.reported", **REPORTED).close()
    tale.terms = type(tale.terms)(tale.market, frozenset({"terminal", "host"}), tale.terms.response_timeout_ns)
    assert verdict(tale) is Verdict.FAIL


# ── the judge itself ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_criterion_that_the_judge_does_not_know_is_an_error_and_the_others_are_judged() -> None:
    tale = Tale().approved().tell("criterion", "expect", id="no.such", args={}, weight="mandatory")
    tale.expect("outcome.reported", **REPORTED).close()
    assert verdict(tale) is Verdict.ERROR
    assert tale.judged("no.such").verdict is Verdict.ERROR
    assert "no.such" in tale.judged("no.such").actual
    assert tale.judged("outcome.reported").verdict is Verdict.PASS


def test_a_criterion_that_breaks_is_an_error_and_no_failure() -> None:
    tale = Tale().approved().expect("hold.state").close()  # without its argument
    assert tale.judged("hold.state").verdict is Verdict.ERROR
    assert verdict(tale) is Verdict.ERROR


def test_an_auditor_that_breaks_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(view: object) -> Finding:
        raise KeyError("x")

    monkeypatch.setattr("reports.judge.case.auditors", lambda: (Audit("broken", "Broken", "", "terminal", broken),))
    tale = good()
    assert tale.judged("broken").verdict is Verdict.ERROR
    assert verdict(tale) is Verdict.ERROR


def test_a_rule_that_does_not_apply_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding(Verdict.NOT_APPLICABLE, "x", "no chip")
    audit = Audit("never", "Never", "", "terminal", lambda view: finding)
    monkeypatch.setattr("reports.judge.case.auditors", lambda: (audit,))
    assert good().judged("never").verdict is Verdict.NOT_APPLICABLE
    assert verdict(good()) is Verdict.PASS


def test_a_step_is_told_of_the_criterion_that_it_just_recorded() -> None:
    tale = Tale().approved().expect("hold.state", state="completed").expect("hold.state", state="open")
    assert judge_criterion(tale.records, tale.terms).verdict is Verdict.PASS
    tale = Tale().unanswered().expect("reversal.sent", transaction=HOLD)
    assert judge_criterion(tale.records, tale.terms).verdict is Verdict.FAIL


def test_two_criteria_cannot_have_one_name() -> None:
    known = next(iter(CRITERIA))
    assert isinstance(known, Criterion)
    with pytest.raises(Exception, match="two criteria"):
        CRITERIA.add(known)
