"""What stands beside the terminal under test: another terminal of the merchant, and the people who type."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from protocols.money import Money
from protocols.orders import Entry, Order, Outcome, Result
from protocols.transactions import Transaction
from rigs.bench import Bench, Plastic
from tests.rigs.kit import card_in, case_on, held, lines_of, plan_of, to_itself

USUAL = Money(1000_00)
HOLD = Order(Transaction.PREAUTH, USUAL)


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    to_itself(monkeypatch, tmp_path)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    opened = Bench(plan_of(tmp_path)).open()
    yield opened
    opened.close()


def requests(case: Any) -> list[str]:
    """F41 of each request that the case saw."""
    return [
        r["f"]["message"]["F41 terminal"] for r in case.records if (r["ch"], r["kind"]) == ("host", "request")
    ]  # fmt: skip


def completion(hold: Outcome, entry: Entry = Entry.CHIP) -> Order:
    return Order(Transaction.COMPLETION, hold.amount, hold.as_original(), entry)


def test_no_other_terminal_stands_there_until_it_is_asked_for(bench: Bench, tmp_path: Path) -> None:
    case = case_on(bench)
    card = card_in(bench, case)
    assert "other_terminal" not in vars(bench)
    assert bench.other_terminal.perform(HOLD, card).approved
    assert bench.other_terminal is bench.other_terminal
    ups = [r["f"]["device"] for r in case.records if (r["ch"], r["kind"]) == ("rig", "up")]
    assert ups == ["other terminal"]


def test_a_hold_of_the_other_terminal_is_completed_here(bench: Bench) -> None:
    case = case_on(bench)
    card = card_in(bench, case)
    made = bench.other_terminal.perform(HOLD, card)
    assert made.approved
    assert bench.terminal.perform(completion(made)).approved
    bench.host.caught_up()
    assert set(requests(case)) == {"50080001", "50080002"}
    assert bench.host._issuer.account(card).booked == USUAL.minor


def test_the_bench_goes_down_whole_with_another_terminal(tmp_path: Path) -> None:
    before = held()
    bench = Bench(plan_of(tmp_path)).open()
    card = card_in(bench, case_on(bench))
    bench.other_terminal.perform(HOLD, card)
    bench.close()
    assert held() == before
    faults = [line for line in lines_of(tmp_path / "run" / "workers" / "main.jsonl") if line["kind"] == "fault"]
    assert not faults


def test_the_operator_types_the_number_of_the_card_in_hand(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    hold = bench.terminal.perform(HOLD)
    bench.presenter.remove()
    assert bench.terminal.perform(completion(hold, Entry.KEYED)).approved


def test_a_mistyped_number_is_refused_and_the_next_case_types_right(bench: Bench) -> None:
    case = case_on(bench)
    pan = bench._issued[card_in(bench, case)].pan
    hold = bench.terminal.perform(HOLD)
    bench.people.operator_types("wrong")
    assert bench.terminal.perform(completion(hold, Entry.KEYED)).result is Result.REFUSED
    assert bench.close_case() == []
    typed = bench.people.enter_card()
    assert typed is not None
    assert typed[0] == pan


def test_a_card_as_plastic_keeps_its_secrets_to_itself(bench: Bench) -> None:
    case = case_on(bench)
    card = Plastic.of(bench._issued[card_in(bench, case)])
    assert card.track2.startswith(f"{card.pan}D{card.expiry}")
    assert card.pan not in repr(card)
    assert card.pin not in repr(card)


def test_accounts_of_a_case_that_is_over_do_not_expire_in_the_next(bench: Bench) -> None:
    case = case_on(bench)
    card_in(bench, case)
    assert bench.terminal.perform(HOLD).approved
    assert bench.close_case() == []
    case.close()
    case = case_on(bench, "the next")
    bench.host.move_date(31)
    bench.host.caught_up()
    assert not [r for r in case.records if (r["ch"], r["kind"]) == ("ledger", "hold")]


@pytest.mark.parametrize(
    ("parameter", "value"), [("batch limit", "1"), ("partial approvals", "on"), ("next trace", "999999")]
)
def test_what_a_case_set_at_the_terminal_is_as_delivered_in_the_next(bench: Bench, parameter: str, value: str) -> None:
    for name in ("a case", "the next", "and another"):
        case = case_on(bench, name)
        card_in(bench, case)
        if name == "a case":
            bench.terminal.set_parameter(parameter, value)
        outcome = bench.terminal.perform(HOLD)
        assert outcome.approved, outcome
        assert bench.close_case() == []
        sent = [r["f"]["transaction"] for r in case.records if (r["ch"], r["kind"]) == ("host", "request")]
        case.close()
    assert "settlement" not in sent
    assert outcome.trace < "000100"


def test_a_host_that_refused_connections_is_there_again_before_the_terminal_drains(bench: Bench) -> None:
    case = case_on(bench)
    card = card_in(bench, case)
    hold = bench.terminal.perform(HOLD)
    bench.host.misbehave("any", "refuse connects", times=None)
    advice = Order(Transaction.ADVICE, hold.amount, hold.as_original())
    assert bench.terminal.perform(advice).result is Result.STORED
    assert bench.host._issuer.account(card).booked == 0
    assert bench.close_case() == []
    assert bench.host._issuer.account(card).booked == USUAL.minor
