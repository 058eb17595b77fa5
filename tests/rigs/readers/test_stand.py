"""The reader where it stands: what is done to it on purpose is told, and what it says when it is asked is evidence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.events import Channel
from protocols.faults import ConfigurationError, ReaderGone, RigFault
from rigs.bench import Bench
from rigs.readers import stand as module
from rigs.readers.stand import CHANGING, identity_of
from tests.rigs.kit import card_in, case_on, plan_of, to_itself

FIELD = {"profile": "dual"}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    to_itself(monkeypatch, tmp_path)
    changes = getattr(request, "param", {})
    opened = Bench(plan_of(tmp_path, **changes)).open()
    yield opened
    opened.close()


def told(records: list[dict[str, Any]], *kinds: str) -> list[tuple[str, dict[str, Any]]]:
    return [(r["kind"], r["f"]) for r in records if r["ch"] in (Channel.READER, Channel.RIG) and r["kind"] in kinds]


def test_a_reader_is_known_by_what_never_changes() -> None:
    known = {"vendor": "Holdfast", "serial": "HF-0001", **dict.fromkeys(CHANGING, "now this, now that")}
    assert identity_of(known) == {"vendor": "Holdfast", "serial": "HF-0001"}


def test_before_and_after_a_card_is_taken_out_the_reader_is_asked(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    bench.take_card_out()
    assert told(case.records, "looked", "removed") == [
        ("looked", {"present": True}), ("removed", {"card": bench.card}), ("looked", {"present": False}),
    ]  # fmt: skip


def test_a_card_that_is_still_reported_is_told_before_it_is_a_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SEES_S", 0.01)
    case = case_on(bench)
    card_in(bench, case)
    bench.presenter._slot.faults.missed_removals = 1
    with pytest.raises(RigFault, match="the reader still sees a card"):
        bench.take_card_out()
    assert told(case.records, "looked")[-1] == ("looked", {"present": True})


def test_a_reader_that_is_lost_says_nothing_when_it_is_asked(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    bench.stand.unplug()
    with pytest.raises(ReaderGone):
        bench.take_card_out()
    assert told(case.records, "looked") == []


def test_what_is_unplugged_on_purpose_is_told_first_and_asked_who_it_is_when_it_is_back(bench: Bench) -> None:
    case = case_on(bench)
    bench.stand.unplug()
    bench.stand.plug_in()
    handled = [fields.get("what", kind) for kind, fields in told(case.records, "handled", "gone", "back", "identity")]
    assert handled == ["unplugged", "gone", "restarted", "back", "in use again", "identity"]
    identity = told(case.records, "identity")[0][1]
    assert identity["was"] == identity["is"] == identity_of(bench.environment["reader"])
    assert identity["is"]["serial"] == "HF-0001"


def test_at_the_end_of_a_case_a_lost_reader_is_brought_back_and_a_good_one_left_alone(bench: Bench) -> None:
    case = case_on(bench)
    assert bench.close_case() == []
    assert told(case.records, "handled", "identity") == []
    bench.presenter.unplug()
    assert bench.close_case() == []
    assert [fields["what"] for _, fields in told(case.records, "handled")] == ["restarted", "in use again"]
    assert bench.reader.healthy()


@pytest.mark.parametrize("bench", [{"dut": ["reader"]}], indirect=True)
def test_a_reader_under_test_is_asked_who_it_is_at_the_end_of_every_case(bench: Bench) -> None:
    case = case_on(bench)
    bench.presenter._slot.faults.hide_serial = True
    assert bench.close_case() == []
    (_, identity) = told(case.records, "identity")[0]
    assert (identity["was"]["serial"], identity["is"]["serial"]) == ("HF-0001", "not offered")


@pytest.mark.parametrize("bench", [{"reader": FIELD}], indirect=True)
def test_the_field_is_cleared_and_works_again_after_the_plug(bench: Bench) -> None:
    case = case_on(bench)
    name = bench.issue_card("credit", case, in_field=True)
    field = bench.stand.at_field
    field.presenter.offer(name)
    assert field.driver.wait_for_card(True, 1)
    assert not bench.reader.wait_for_card(True, 0), "it is in the other slot"
    assert bench.close_case() == []
    assert field.driver.wait_for_card(False, 1)
    bench.stand.unplug()
    bench.stand.plug_in()
    assert field.driver.healthy()
    assert {fields["slot"] for _, fields in told(case.records, "looked", "identity")} == {"contact"}


def test_a_reader_without_a_field_says_so(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="no contactless slot"):
        bench.issue_card("credit", case_on(bench), in_field=True)


def test_worn_contacts_let_another_answer_through(bench: Bench) -> None:
    case = case_on(bench)
    bench.presenter.offer(bench.issue_card("credit", case, atr=bytes.fromhex("3B00")))
    bench.stand.driver.power_on()
    powered, atr = (next(r["f"]["atr"] for r in case.records if r["kind"] == kind) for kind in ("powered", "atr"))
    assert powered == atr == "3B00"


def test_something_is_done_the_moment_that_the_bench_sees_it_and_not_in_the_next_case(bench: Bench) -> None:
    done: list[str] = []
    case_on(bench)
    bench.at(Channel.READER, "inserted", lambda: done.append("in"))
    bench.at(Channel.READER, "removed", lambda: done.append("out"), occurrence=2)
    card_in(bench, case_on(bench, "another"))
    assert done == ["in"]
    bench.close_case()
    card_in(bench, case_on(bench, "a third"))
    bench.take_card_out()
    assert done == ["in"]
