"""A host that was slow of its own accord is the bench's doing, never the terminal's."""

from __future__ import annotations

import pytest

from reports.judge.finding import Verdict
from tests.reports.judge.builder import GUARD_MS, HOLD, TIMEOUT_MS, Tale


def slow(after: float, **more: object) -> Tale:
    """A hold whose answer leaves so many milliseconds after its request; the terminal gave up and undid it."""
    tale = Tale().order().request().checks().decision().reply(after=after - 2, **more)
    tale.outcome("no reply").reversal().checks().decision().reply()
    return tale.expect("outcome.reported", transaction=HOLD, result="approved", code="").close()


@pytest.mark.parametrize("waited", [TIMEOUT_MS - GUARD_MS + 1, TIMEOUT_MS + 100])
def test_an_answer_that_nothing_delays_and_that_is_late_leaves_the_case_undecided(waited: int) -> None:
    judged = slow(waited).judge()
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.cause == f"the bench was too slow: the host took {waited} of 500 ms for an answer that nothing delays"


def test_an_answer_in_time_gives_the_terminal_no_excuse() -> None:
    assert slow(TIMEOUT_MS - GUARD_MS - 1).judge().verdict is Verdict.FAIL


@pytest.mark.parametrize("rule", ["delay", "drip", "late answer after the reversal", "code + delay"])
def test_an_answer_that_a_rule_delays_is_no_fault_of_the_bench(rule: str) -> None:
    assert slow(TIMEOUT_MS + 100, rule=rule).judge().verdict is Verdict.FAIL


@pytest.mark.parametrize("rule", ["code", "duplicate", "split", "code + add F59"])
def test_a_rule_that_changes_an_answer_does_not_excuse_a_slow_bench(rule: str) -> None:
    assert slow(TIMEOUT_MS + 100, rule=rule).judge().verdict is Verdict.INCONCLUSIVE
