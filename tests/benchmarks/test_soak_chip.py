"""The soak of card, kernel and judge, in small: it blames nobody, and sees a rule that is wrong and a hole that is
there."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import soak_chip
from benchmarks.chip import demands, holes, secrets
from benchmarks.chip.acts import Telling
from benchmarks.chip.behaviour import behaviour, differences
from benchmarks.chip.hints import HINTS, hinted
from benchmarks.chip.holes import Differential, Notice
from benchmarks.chip.recipes import FAULT, HOST, PARAMETER, Recipe, draw
from benchmarks.chip.shrinking import kinds_of, shrunk
from benchmarks.chip.stand import ChipStand
from benchmarks.chip.twofold import merged
from protocols.faults import ConfigurationError
from reports.judge import case
from reports.judge.auditors import Audit, auditors
from reports.judge.finding import Check, Finding
from reports.judge.registry import View
from reports.runfolder import Record, record_from
from rigs.cards.faulty import card_fault
from rigs.cards.making import Wanted
from simulators.card import ChipCard
from simulators.terminal.chip_defects import CHIP_DEFECTS
from simulators.terminal.defects import DEFECTS

KINDS = ("credit", "debit", "offline-pin", "multi-app")
HOLD = ("hold", "chip")


def recipe(*ingredients: tuple[str, ...], kind: str = "credit") -> Recipe:
    return Recipe(0, 0, kind, ingredients)


@pytest.fixture(scope="module")
def stand() -> Iterator[ChipStand]:
    opened = ChipStand()
    yield opened
    opened.close()


@pytest.fixture
def differential() -> Iterator[Differential]:
    opened = Differential(1)
    yield opened
    opened.close()


# ── stories ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_story_is_the_same_whenever_it_is_drawn() -> None:
    assert [draw(1, number, KINDS) for number in range(50)] == [draw(1, number, KINDS) for number in range(50)]
    assert draw(1, 7, KINDS).ingredients != draw(2, 7, KINDS).ingredients


def test_stories_have_none_one_and_two_faults_and_all_kinds_of_ingredients() -> None:
    drawn = [draw(3, number, KINDS) for number in range(400)]
    assert {len(one.faults) for one in drawn} == {0, 1, 2}
    sorts = {words[0] for one in drawn for words in one.ingredients}
    assert {FAULT, PARAMETER, HOST, "PIN", "choice", "hand", "hold", "sale", "balance", "complete", "cancel"} <= sorts
    assert {words[1] for one in drawn for words in one.ingredients if words[0] == "hold"} == {"chip", "swiped", "keyed"}


def test_every_fault_of_a_story_is_one_that_a_card_may_have() -> None:
    for number in range(300):
        for name in draw(5, number, KINDS).faults:
            card_fault(name)


def test_two_faults_make_one_card() -> None:
    both = merged([card_fault("is new"), card_fault("has a wrong cryptogram")])
    assert both.profile == {"application": {"lower_limit": 1, "upper_limit": 3}}
    assert [fault.words for fault in both.commands] == [("wrong cryptogram",)]
    assert both.says.count(";") == 1


def test_of_two_faults_that_say_something_of_the_same_thing_the_later_one_counts() -> None:
    both = merged([card_fault("is new"), card_fault("was offline often")])
    assert both.profile["application"] == {"lower_limit": 1, "upper_limit": 9}
    assert both.state == {"atc": 5, "last_online_atc": 2}


def test_what_two_faults_say_of_different_things_is_put_together() -> None:
    names = ("refuses its last word", "has a wrong cryptogram", "is of another version", "is new")
    all_four = merged([card_fault(name) for name in names])
    assert [fault.at for fault in all_four.commands] == ["second GENERATE AC", "first GENERATE AC"]
    assert all_four.profile == {"application": {"version": "0031", "lower_limit": 1, "upper_limit": 3}}


def test_faults_that_no_card_can_have_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = card_fault("is new").model_copy(update={"state": {"atc": "no number"}})
    with pytest.raises(ConfigurationError, match="together"):
        merged([card_fault("has a wrong cryptogram"), other])


# ── is nobody blamed? ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_few_dozen_stories_blame_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures = tmp_path / "figures.json"
    monkeypatch.setattr(sys, "argv", ["soak_chip", "--stories", "40", "--seed", "7", "--json", str(figures)])
    assert soak_chip.main() == 0
    found = json.loads(figures.read_text())
    assert (found["stories"], found["blames"]) == (40, [])
    assert len(found["kinds"]) > 15
    assert len(found["faults"]) > 25
    assert {"chip.tvr-sent", "chip.cryptogram-sent", "ledger.conserved", "wire.complete"} <= set(found["auditors"])
    assert any(end.endswith("approved") for end in found["ends"])


def test_the_same_story_twice_is_told_the_same(stand: ChipStand) -> None:
    for number in range(6):
        drawn = draw(11, number, stand.kinds)
        once, again = behaviour(stand.tell(drawn).records), behaviour(stand.tell(drawn).records)
        assert list(differences(once, again)) == []


def wrong_rule(view: View) -> Finding:
    """Blames whoever asks for an ARQC."""
    check = Check("no ARQC is ever asked for")
    for record in view.timeline.of("card", "cryptogram"):
        if record.fields.get("asked") == "ARQC":
            check.deviate("an ARQC was asked for", record.number)
    return check.finding("none was asked for")


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = Audit("planted.rule", "a rule that is wrong", "nowhere", "terminal", wrong_rule)
    monkeypatch.setattr(case, "auditors", lambda: (*auditors(), rule))


def test_a_rule_that_is_wrong_is_noticed_and_its_story_shrunk(
    planted: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["soak_chip", "--only", "0-2", "--seed", "7"])
    assert soak_chip.main() == 1
    said = capsys.readouterr().out
    assert "planted.rule: FAIL" in said
    assert "shortest: a credit card | hold: chip\n" in said


def test_what_is_raised_is_blamed_with_its_place(stand: ChipStand) -> None:
    told = stand.tell(recipe(("choice", "no number"), HOLD))
    assert [words for words in told.wrong if words.startswith("raised ConfigurationError at people.py:")]


def test_what_breaks_between_stories_is_blamed(stand: ChipStand, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError

    monkeypatch.setattr(stand.bench.host, "behave", broken)
    assert "bug: KeyError at close of a case, host" in stand.tell(recipe(HOLD)).wrong


def test_a_bench_that_a_foreign_card_stopped_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    soak = soak_chip.Soak(7)
    try:
        first = soak.stand
        monkeypatch.setattr(first.bench.guard, "_entry_of", lambda shown: None)
        told = soak.tell(recipe(HOLD))
        assert (told.stopped, first._stories, soak.stand is first) == (True, 1, False)
        assert soak.tell(recipe(HOLD)).wrong == []
    finally:
        soak.renew(0)


def test_a_ledger_that_does_not_add_up_is_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    stand = ChipStand()
    try:
        assert stand.tell(recipe(HOLD)).wrong == []
        assert stand.sweep() == []
        issuer = stand.bench.host._issuer
        issuer._call(
            lambda: issuer._ledger.database.run("UPDATE account SET held = held + 1, available = available - 1")
        )
        [said] = stand.sweep()
        assert said.startswith("the ledger: ")
    finally:
        stand.close()


def test_numbers_that_come_again_over_all_stories_are_blamed(stand: ChipStand, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stand.over_all() == []
    bad = ChipStand(defects=("unpredictable-number-repeats",), position=1)
    try:
        for _ in range(3):
            bad.tell(recipe(HOLD))
        assert any(words.startswith("run.unpredictable: FAIL") for words in bad.over_all())
    finally:
        bad.close()


# ── secrets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def card(stand: ChipStand) -> ChipCard:
    return stand.bench._maker.make(Wanted("credit"))


def test_a_number_a_track_and_a_pin_are_found_in_a_record(card: ChipCard) -> None:
    block = f"26{card.profile.pin}FFFFFFFF"
    for text, what in (
        (f'{{"pan":"{card.pan}"}}', "its number"),
        (f'{{"raw":"00{card.track2.split("=")[-1].split("D")[-1]}"}}', "its track behind the number"),
        (f'{{"typed":"{card.profile.pin}"}}', "its PIN"),
        (f'{{"raw":"0020008008{block}"}}', "its PIN"),
    ):
        assert what in list(secrets.told_secrets(text, card))


def test_digits_that_are_a_pin_by_chance_are_none(card: ChipCard) -> None:
    text = f'{{"cryptogram":"AB{card.profile.pin}CD","trace":"99{card.profile.pin}"}}'
    assert list(secrets.told_secrets(text, card)) == []


def test_a_secret_in_a_timeline_is_blamed(stand: ChipStand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Telling, "tell", telling_the_number)
    assert "a secret is told: its number" in stand.tell(recipe(HOLD)).wrong


def telling_the_number(told: Telling, one: Recipe) -> None:
    """Past the recorder, which would mask it."""
    told.story.card_for_reader(one.kind)
    bench = told.story.bench
    with told.story.case.path.open("a") as file:
        file.write(bench._issued[bench.card].pan + "\n")


# ── shrinking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_story_is_shrunk_to_what_makes_it_go_wrong() -> None:
    long = recipe(
        (FAULT, "is new"), (PARAMETER, "fallback", "off"), (FAULT, "is blocked"), ("sale", "swiped"), HOLD, kind="cda"
    )
    least = shrunk(long, lambda one: "is blocked" in one.faults and any(w[0] == "sale" for w in one.ingredients))
    assert least == recipe((FAULT, "is blocked"), ("sale", "chip"))


def test_what_goes_wrong_in_two_ways_is_two_kinds() -> None:
    assert kinds_of(["chip.tvr-sent: FAIL: expected a; found b", "raised KeyError at kernel.py:7 words"]) == {
        "chip.tvr-sent", "raised KeyError at kernel.py:7",
    }  # fmt: skip


def test_a_card_of_another_kind_is_shrunk_to_the_plain_one_and_a_stripe_to_the_chip() -> None:
    assert shrunk(recipe(("hold", "swiped"), kind="cda"), lambda one: bool(one.ingredients)) == recipe(HOLD)


# ── with defects ──────────────────────────────────────────────────────────────────────────────────────────────────────

PIN_PAD = DEFECTS["pin-in-clear"]


def test_a_defect_that_shows_is_caught_by_its_own_rule(differential: Differential) -> None:
    differential._told[0] = differential.of_good(recipe(HOLD))
    score = differential.score(PIN_PAD, [0])
    assert (score.counts[Notice.OWN], score.by["chip.pin-enciphered"], score.holes) == (1, 1, [])


def test_a_defect_that_only_another_rule_catches_is_told_apart(differential: Differential) -> None:
    differential._told[0] = differential.of_good(recipe(HOLD))
    score = differential.score(replace(PIN_PAD, caught_by="wire.types"), [0])
    assert (score.counts[Notice.AUDITOR], score.by["chip.pin-enciphered"]) == (1, 1)


def test_a_defect_that_does_not_show_in_a_story_counts_for_nothing(differential: Differential) -> None:
    differential._told[0] = differential.of_good(recipe(("hold", "keyed")))
    score = differential.score(PIN_PAD, [0])
    assert (score.counts[Notice.NO_EFFECT], score.shown) == (1, 0)


def test_a_defect_that_a_scenario_alone_would_see_is_told_apart(
    differential: Differential, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case, "auditors", lambda: ())
    differential._told[0] = differential.of_good(recipe(HOLD))
    score = differential.score(DEFECTS["cvm-results-wrong"], [0])
    assert (score.counts[Notice.DEMAND], score.elsewise[0].by, score.holes) == (1, ["chip.cvm"], [])


def test_a_hint_brings_a_defect_to_light_in_every_story() -> None:
    names = {defect.name for defect in CHIP_DEFECTS}
    assert set(HINTS) < names
    for name in HINTS:
        for number in range(8):
            drawn = draw(9, number, KINDS)
            more = hinted(drawn, name)
            assert more is not None
            assert len(more.faults) <= 2
            assert any(set(hint.ingredients) <= set(more.ingredients) for hint in HINTS[name])
    assert hinted(draw(9, 1, KINDS), "pin-in-clear") is None


def test_a_hole_is_noticed_shown_and_shrunk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(case, "auditors", lambda: ())
    monkeypatch.setattr(demands, "LOOKS", ())
    monkeypatch.setattr(holes, "draw", lambda *args: recipe((PARAMETER, "chip attempts", "2"), HOLD, kind="debit"))
    monkeypatch.setattr(sys, "argv", ["soak_chip", "--stories", "1", "--defects", PIN_PAD.name])
    assert soak_chip.main() == 1
    said = capsys.readouterr().out
    assert "pin-in-clear: A HOLE: noticed by nobody: a credit card | hold: chip\n" in said
    assert "holes in: pin-in-clear" in said


# ── behaviour ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def record(number: int, channel: str, kind: str, direction: str = "", **fields: Any) -> Record:
    about = {"n": number, "t": number, "utc": "", "ch": channel, "dir": direction, "kind": kind, "ev": "simulated"}
    return record_from({**about, "f": fields})


def request(number: int, trace: str, **message: str) -> Record:
    return record(number, "host", "request", "out", transaction="sale", reversal=False, trace=trace,
                  message={"F11 trace": trace, **message})  # fmt: skip


def test_numbers_that_differ_each_time_are_no_difference() -> None:
    one = behaviour([request(1, "000001"), request(2, "000002"), request(3, "000001")])
    other = behaviour([request(1, "000731"), request(2, "000732"), request(3, "000731")])
    assert list(differences(one, other)) == []


def test_a_number_that_comes_again_is_a_difference() -> None:
    one = behaviour([request(1, "000001"), request(2, "000002")])
    other = behaviour([request(1, "000001"), request(2, "000001")])
    assert len(list(differences(one, other))) == 1


def test_what_the_host_is_told_of_the_card_is_a_difference() -> None:
    name = "F55.95 terminal verification results"
    one, other = (behaviour([request(1, "000001", **{name: tvr})]) for tvr in ("0000048000", "0800048000"))
    [said] = differences(one, other)
    assert said.startswith("messages")
    assert "0800048000" in said


def test_an_unpredictable_number_that_comes_again_is_a_difference() -> None:
    def cryptograms(*numbers: str) -> list[Record]:
        return [record(n, "card", "cryptogram", un=number) for n, number in enumerate(numbers)]

    one, other = behaviour(cryptograms("11", "22")), behaviour(cryptograms("33", "44"))
    assert not list(differences(one, other))
    assert list(differences(one, behaviour(cryptograms("33", "33"))))


def test_what_stops_early_is_a_difference() -> None:
    shown = [record(n, "terminal", "display", text="请插卡", audience="customer") for n in (1, 2)]
    [said] = differences(behaviour(shown), behaviour(shown[:1]))
    assert said.endswith("/ nothing")


def test_the_clock_on_a_slip_is_no_difference_and_its_amount_is() -> None:
    def slip(clock: str, amount: str) -> Record:
        return record(1, "printer", "slip", "out", lines=[f"日期/时间    {clock}", f"金额      RMB {amount}"])

    one = behaviour([slip("2026/11/29 15:31:28", "10.00")])
    assert not list(differences(one, behaviour([slip("2026/11/29 15:31:29", "10.00")])))
    assert list(differences(one, behaviour([slip("2026/11/29 15:31:28", "11.00")])))
