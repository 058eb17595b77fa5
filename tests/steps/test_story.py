"""The story of a case on a bench: what it demands is data on the timeline, and what it needs it demands first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.attempt import close_story, open_case, open_story, start_deadline
from protocols.faults import ConfigurationError, DutFault
from protocols.market import Market
from protocols.transactions import Transaction
from reports.judge.finding import Verdict
from rigs.bench import Bench
from rigs.case import CaseId
from steps.host import refusal
from steps.story import Story
from tests.rigs.kit import china, plan_of, to_itself

DESCRIPTION: dict[str, Any] = {"name": "a case", "numbers": [], "tags": []}
IDENTITY = CaseId("features/a.feature", "a case", {})


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Bench]:
    to_itself(monkeypatch, tmp_path)
    opened = Bench(plan_of(tmp_path)).open()
    yield opened
    opened.close()


@pytest.fixture
def story(bench: Bench) -> Iterator[Story]:
    story = open_story(bench, IDENTITY, DESCRIPTION)
    story.card_in_reader("credit")
    yield story
    start_deadline(0)


def expects(story: Story) -> list[dict[str, Any]]:
    return [r["f"] for r in story.case.records if (r["ch"], r["kind"]) == ("criterion", "expect")]


def test_the_timeline_says_which_terminal_is_under_test(story: Story) -> None:
    assert next(r["f"] for r in story.case.records if r["kind"] == "open")["terminal"] == "50080001"


def test_a_demand_is_written_down_and_judged_at_once(story: Story) -> None:
    story.have_hold("the usual amount")
    story.holds("the usual amount")
    story.holds("nothing")
    assert [(e["id"], e["args"]) for e in expects(story)[1:]] == [
        ("hold.amount", {"amount": 100000}),
        ("hold.none", {}),
    ]
    assert [finding.verdict for finding in story.findings] == [Verdict.PASS, Verdict.PASS, Verdict.FAIL]
    assert close_story(story).verdict is Verdict.FAIL


def test_a_card_that_is_faulty_is_issued_so_and_does_so(story: Story) -> None:
    story.bench.take_card_out()
    story.card_in_reader("credit", fault="declines at once")
    issued = [r["f"] for r in story.case.records if (r["ch"], r["kind"]) == ("card", "issued")]
    assert [event.get("fault", "") for event in issued] == ["", "declines at once"]
    story.merchant.asks_for_hold(story.amount("the usual amount"))
    assert story.expect("chip.first", asked="ARQC", given="AAC").verdict is Verdict.PASS


def test_without_what_a_scenario_rests_on_it_ends_there(story: Story) -> None:
    story.bench.host.misbehave("pre-authorisation", "code 05")
    with pytest.raises(DutFault, match="declined with code 05"):
        story.have_hold("the usual amount")


HAVES = {
    "increment": ("the other amount", Story.have_increment),
    "completion": ("the less amount", Story.have_completion),
    "sale": ("the other amount", Story.have_sale),
}


@pytest.mark.parametrize("what", HAVES)
def test_what_stands_before_a_scenario_was_approved(story: Story, what: str) -> None:
    phrase, have = HAVES[what]
    story.have_hold("the usual amount")
    have(story, phrase)
    assert story.merchant.last is not None
    assert story.merchant.last.approved
    assert {e["id"] for e in expects(story)} == {"outcome.reported"}


def test_a_batch_of_its_own_begins_with_a_settlement(story: Story) -> None:
    story.have_hold("the usual amount")
    before = story.merchant.held().batch
    story.have_settled()
    story.have_hold("the other amount")
    assert story.merchant.held().batch != before


def test_another_attempt_remembers_nothing(story: Story) -> None:
    story.have_hold("the usual amount")
    story.other_asks(Transaction.PREAUTH, "the other amount")
    old = story.merchant
    story.begin_again(open_case(story.bench, IDENTITY, DESCRIPTION))
    assert story.merchant is not old
    assert (story.merchant.hold, story.merchant.holds, story.elsewhere) == (None, [], None)
    assert story.findings == []
    assert [r.kind for r in story.records()] == ["open"]
    story.card_in_reader("debit")
    story.have_hold("the smallest amount")
    assert story.amount("the full amount").minor == 1


def test_what_the_other_terminal_asks_is_not_the_terminals(story: Story) -> None:
    story.have_hold("the usual amount")
    story.other_asks(Transaction.CANCEL, "the full amount", of_the_hold=True)
    assert story.elsewhere is not None
    assert story.elsewhere.approved
    assert story.expect("host.answered", code="00", transaction="cancel").verdict is Verdict.PASS
    assert story.expect("hold.state", state="cancelled").verdict is Verdict.PASS


def test_the_issuer_changes_the_hold_that_is_spoken_of(story: Story) -> None:
    story.have_hold("the usual amount")
    story.issuer_changes_hold(amount=story.amount("the less amount"))
    assert story.expect("hold.total", amount=600_00).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("reason", "code"), [("above the limit", "64"), ("a hold that was completed", "25"), ("a lost card", "41")]
)
def test_a_reason_is_the_markets_code(reason: str, code: str) -> None:
    assert refusal(china(), reason) == code


def test_an_unknown_reason_names_those_there_are() -> None:
    market: Market = china()
    with pytest.raises(ConfigurationError, match=r"no refusal is called 'a whim' \(say one of: above the limit, "):
        refusal(market, "a whim")
