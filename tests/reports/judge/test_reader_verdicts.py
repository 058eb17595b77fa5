"""Whose fault a reader is: under test or not, once or again. Design 1 and 4."""

from __future__ import annotations

import pytest

from reports.judge.case import SEEN_ONCE, CaseVerdict, judge_case
from reports.judge.finding import Verdict
from tests.reports.judge.builder import HOLD, Tale
from tests.reports.judge.reader_tale import GENERATE, READ, SELECT, ReaderTale

APPROVED = {"transaction": HOLD, "result": "approved"}


def spoilt(*dut: str) -> ReaderTale:
    """The reader cuts an answer, and the terminal makes of it what it can."""
    tale = ReaderTale(dut=dut).inserted().powered()
    tale.order()
    tale.command().gave().response(b"\x6f").outcome("card declined")
    return tale.expect("outcome.reported", **APPROVED).close()  # type: ignore[return-value]


def judged(tale: Tale, criterion: str) -> tuple[Verdict, str]:
    found = tale.judged(criterion)
    return found.verdict, found.reason


def test_a_bad_reader_under_test_fails_and_nobody_else_does() -> None:
    tale = spoilt("reader")
    assert tale.judged("reader.passes-on").verdict is Verdict.FAIL
    assert tale.judged("outcome.reported").verdict is Verdict.INCONCLUSIVE, "the terminal is not under test"
    assert tale.judge().verdict is Verdict.FAIL


def test_a_bad_reader_of_the_bench_leaves_the_terminal_unjudged() -> None:
    tale = spoilt("terminal")
    verdict, reason = judged(tale, "reader.passes-on")
    assert verdict is Verdict.INCONCLUSIVE
    assert reason.startswith("the card answered the SELECT with 4 bytes")
    assert tale.judged("outcome.reported").verdict is Verdict.INCONCLUSIVE
    assert tale.judge().verdict is Verdict.INCONCLUSIVE


def test_what_was_decided_before_the_reader_went_wrong_stands() -> None:
    tale = ReaderTale(dut=["terminal"]).inserted().powered().passed()
    tale.order().outcome("approved")
    tale.expect("outcome.reported", transaction=HOLD, result="declined")
    tale.command(READ).gave(name=READ).response(b"\x6f")  # type: ignore[attr-defined]
    tale.close()
    assert tale.judged("outcome.reported").verdict is Verdict.FAIL
    assert tale.judge().verdict is Verdict.FAIL


@pytest.mark.parametrize("dut", [("terminal",), ("printer",)])
def test_a_lost_reader_that_is_not_under_test_is_a_fault_of_the_bench_however_often(dut: tuple[str]) -> None:
    tale = ReaderTale(dut=dut).inserted().gone().lost().expect("idle.reached").close()
    first = tale.judge()
    again = judge_case(tale.records, tale.terms, [first])
    for verdict in (first, again):
        assert (verdict.verdict, verdict.cause) == (Verdict.INCONCLUSIVE, "reader gone, and nobody had touched it")
        assert verdict.seen_once == frozenset()


def dropped_out() -> ReaderTale:
    return ReaderTale().inserted().powered().passed().gone().lost().expect("idle.reached").close()  # type: ignore[return-value]


def stayed() -> ReaderTale:
    return ReaderTale().inserted().powered().passed().removed().expect("reader.walk-passed").close()  # type: ignore[return-value]


def again(*tales: Tale) -> CaseVerdict:
    """The last of some attempts at one case."""
    before: list[CaseVerdict] = []
    for tale in tales:
        before.append(judge_case(tale.records, tale.terms, before))
    return before[-1]


def test_a_reader_under_test_that_drops_out_is_inconclusive_once_and_fails_when_it_does_it_again() -> None:
    once = again(dropped_out())
    assert once.verdict is Verdict.INCONCLUSIVE
    assert [(c.id, c.reason) for c in once.criteria if c.reason == SEEN_ONCE] == [("reader.stays", SEEN_ONCE)]
    twice = again(dropped_out(), dropped_out())
    assert twice.verdict is Verdict.FAIL
    stays = next(c for c in twice.criteria if c.id == "reader.stays")
    assert (stays.verdict, stays.reason) == (Verdict.FAIL, "")
    assert stays.evidence
    assert again(dropped_out(), stayed()).verdict is not Verdict.FAIL


def test_it_must_be_this_that_was_seen_before() -> None:
    other = ReaderTale().inserted().fault("the printer is gone", error="PrinterGone").close()
    assert again(other, dropped_out()).verdict is Verdict.INCONCLUSIVE


def test_a_driver_that_finds_the_reader_gone_is_enough() -> None:
    """A real reader has no twin that tells."""

    def lost() -> Tale:
        return ReaderTale().seen(present=True).lost().expect("idle.reached").close()

    assert again(lost()).verdict is Verdict.INCONCLUSIVE
    assert again(lost(), lost()).verdict is Verdict.FAIL


def test_a_reader_that_is_lost_after_the_bench_broke_is_explained_by_that() -> None:
    def broken() -> Tale:
        return ReaderTale().inserted().fault("the PC/SC service did not answer", error="DeviceSilent").gone().close()  # type: ignore[attr-defined]

    twice = again(broken(), broken())
    assert (twice.verdict, twice.cause) == (Verdict.INCONCLUSIVE, "the PC/SC service did not answer")


def test_one_that_misses_a_removal_fails_though_the_bench_cannot_go_on_without_it() -> None:
    tale = ReaderTale().inserted().powered().passed().removed(seen=False).looked(present=True, after=5000)
    tale.fault("the reader still sees a card", error="RigFault").close()
    assert tale.judged("reader.sees-removal").verdict is Verdict.FAIL
    assert tale.judge().verdict is Verdict.FAIL


# ── what scenarios demand ─────────────────────────────────────────────────────────────────────────────────────────


def walk(tale: ReaderTale | None = None) -> ReaderTale:
    tale = (tale or ReaderTale().inserted()).powered()
    return tale.tell("reader", "walk", where="reader")  # type: ignore[return-value]


def test_a_walk_that_ended_has_passed() -> None:
    tale = walk().passed().passed(READ).passed(GENERATE).tell("reader", "walked", commands=3, where="reader")
    finding = tale.criterion("reader.walk-passed")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "3 commands and their answers, unchanged")


def test_a_walk_that_broke_off_or_was_changed_has_not() -> None:
    tale = walk().passed().command(READ).took(READ).told("DeviceSilent")
    assert tale.criterion("reader.walk-passed").actual == "it broke off after 2 commands: DeviceSilent"
    tale = walk().command().gave().response(b"").tell("reader", "walked", commands=1)  # type: ignore[assignment]
    finding = tale.criterion("reader.walk-passed")
    assert finding.verdict is Verdict.FAIL
    assert finding.actual.startswith("the card answered the SELECT")


def test_without_a_walk_or_before_its_end_nothing_is_said_of_it() -> None:
    assert ReaderTale().inserted().criterion("reader.walk-passed").verdict is Verdict.INCONCLUSIVE
    assert walk().passed().criterion("reader.walk-passed").verdict is Verdict.INCONCLUSIVE
    assert ReaderTale().criterion("reader.torn-at", command=SELECT).verdict is Verdict.INCONCLUSIVE
    assert walk().passed().criterion("reader.torn-at", command=SELECT).verdict is Verdict.INCONCLUSIVE


def test_an_earlier_walk_is_no_matter_of_the_last_one() -> None:
    tale = walk(walk().torn().told("CardRemoved").inserted()).passed().tell("reader", "walked", commands=1)
    finding = tale.criterion("reader.walk-passed")
    assert (finding.verdict, finding.actual) == (Verdict.PASS, "1 commands and their answers, unchanged")


@pytest.mark.parametrize(
    ("error", "expected"),
    [("CardRemoved", Verdict.PASS), ("ReaderGone", Verdict.FAIL), ("DeviceSilent", Verdict.FAIL), ("", Verdict.FAIL)],
)
def test_a_tear_is_told_as_a_removal(error: str, expected: Verdict) -> None:
    tale = walk().passed().torn(READ)
    finding = (tale.told(error) if error else tale).criterion("reader.torn-at", command=READ)
    assert finding.verdict is expected


def test_a_tear_in_another_command_is_another_scenario() -> None:
    tale = walk().passed().torn(READ).told("CardRemoved")
    assert tale.criterion("reader.torn-at", command=GENERATE).verdict is Verdict.INCONCLUSIVE


def test_a_tear_that_was_answered() -> None:
    tale = walk().torn().response().told("CardRemoved")
    assert "the SELECT was answered" in tale.criterion("reader.torn-at", command=SELECT).actual


def test_a_demand_speaks_of_what_was_so_far() -> None:
    tale = walk().passed().tell("reader", "walked", commands=1).expect("reader.walk-passed")
    tale.command(READ).gave(name=READ).response(b"")  # type: ignore[attr-defined]
    assert tale.criterion("reader.walk-passed", position=tale["expect reader.walk-passed"]).verdict is Verdict.PASS


@pytest.mark.parametrize("criterion", ["reader.spoke-to-one", "reader.same-after-plug"])
def test_what_did_not_happen_cannot_be_demanded(criterion: str) -> None:
    assert ReaderTale().inserted().criterion(criterion).verdict is Verdict.INCONCLUSIVE


def test_two_cards_and_the_same_reader() -> None:
    crowd = ReaderTale().inserted(slot="contactless").inserted("debit", slot="contactless", seen=False)
    assert crowd.criterion("reader.spoke-to-one").verdict is Verdict.PASS
    assert crowd.passed().passed(card="debit").criterion("reader.spoke-to-one").verdict is Verdict.FAIL
    assert ReaderTale().asked_who().criterion("reader.same-after-plug").verdict is Verdict.PASS
    assert ReaderTale().asked_who(now={}).criterion("reader.same-after-plug").verdict is Verdict.FAIL
