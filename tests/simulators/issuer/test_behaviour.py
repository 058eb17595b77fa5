"""The list of rules: which one acts, what it matches on, and when it is over. Without a wire."""

from __future__ import annotations

import fnmatch
import string
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.transactions import Transaction
from simulators.issuer import Answer, FieldTest, RefuseConnects, Rule
from simulators.issuer.behaviour import Behaviour, Seen

T = Transaction


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def seen(
    transaction: Transaction | None = T.PREAUTH, *, reversal: bool = False, terminal: str = "50080001",
    signed_on: bool = True, hold: str = "none", fields: Mapping[str, str] | None = None,
) -> Seen:  # fmt: skip
    return Seen(transaction, reversal, terminal, signed_on, (fields or {}).get, lambda: hold)


def taken(behaviour: Behaviour, *requests: Seen) -> list[Any]:
    return [rule.actions[0].code if rule else None for rule in map(behaviour.take, requests)]  # type: ignore[union-attr]


def of(*rules: Rule, **changes: Any) -> Behaviour:
    behaviour = Behaviour(**changes)
    for rule in rules:
        behaviour.add(rule)
    return behaviour


def code(code: str, *wanted: Any, **asked: Any) -> Rule:
    return Rule(Answer(code), *wanted, **{"times": None, **asked})


# ── order and expiry ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rule_is_used_so_many_times_and_then_the_next_one() -> None:
    assert taken(of(code("01", T.PREAUTH, times=2), code("02")), *[seen()] * 4) == ["01", "01", "02", "02"]


def test_the_first_rule_that_matches_decides() -> None:
    behaviour = of(code("01", T.CANCEL, times=1), code("02", T.PREAUTH, times=1))
    assert taken(behaviour, seen(), seen(), seen(T.CANCEL)) == ["02", None, "01"]


def test_no_rule_is_used_after_they_are_cleared() -> None:
    behaviour = of(code("01"))
    assert not behaviour.quiet
    behaviour.clear()
    assert behaviour.quiet
    assert taken(behaviour, seen()) == [None]


def test_a_rule_acts_from_its_nth_match_on() -> None:
    assert taken(of(code("01", occurrence=3, times=2)), *[seen()] * 6) == [None, None, "01", "01", None, None]


def test_every_rule_counts_its_matches_even_those_that_an_earlier_one_took() -> None:
    """The second reversal is the second, whoever took the first."""
    behaviour = of(code("01", reversal=True, times=1), code("02", reversal=True, occurrence=2, times=1))
    assert taken(behaviour, *[seen(reversal=True)] * 3) == ["01", "02", None]


def test_a_rule_is_over_after_so_many_requests_whether_they_match_or_not() -> None:
    behaviour = of(code("01", T.CANCEL, requests=3))
    assert taken(behaviour, seen(), seen(T.CANCEL), seen(), seen(T.CANCEL)) == [None, "01", None, None]


def test_a_rule_is_over_after_so_many_seconds_of_market_time() -> None:
    clock = Seconds()
    behaviour = of(code("01", seconds=30.0), scale=10, monotonic=clock)
    clock.now = 2.9
    assert taken(behaviour, seen()) == ["01"]
    clock.now = 3.1
    assert taken(behaviour, seen()) == [None]


def test_uses_are_counted_right_from_many_threads() -> None:
    behaviour = of(code("01", times=100))
    found: list[Any] = []
    workers = [threading.Thread(target=lambda: found.extend(taken(behaviour, *[seen()] * 50))) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(action == "01" for action in found) == 100


# ── what it matches on ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "yes", "no"),
    [
        (code("01", T.CANCEL), seen(T.CANCEL), seen(T.CANCEL, reversal=True)),
        (code("01", reversal=True), seen(reversal=True), seen()),
        (code("01", T.SALE, True), seen(T.SALE, reversal=True), seen(reversal=True)),
        (code("01", terminal="5008*"), seen(), seen(terminal="60080001")),
        (code("01", signed_on=False), seen(signed_on=False), seen()),
        (code("01", hold=("open", "none")), seen(hold="open"), seen(hold="completed")),
        (code("01", fields=(FieldTest("4", above=100),)), seen(fields={"4": "000000000101"}), seen()),
    ],
)
def test_a_rule_matches_on_what_it_asks_for(rule: Rule, yes: Seen, no: Seen) -> None:
    assert rule.matches(yes)
    assert not rule.matches(no)


def test_a_rule_without_a_word_on_reversals_may_be_for_both() -> None:
    rule = code("01", reversal=None)
    assert rule.matches(seen())
    assert rule.matches(seen(reversal=True))


def test_the_hold_is_not_looked_up_for_a_rule_that_does_not_match_anyway() -> None:
    def never() -> str:
        raise AssertionError("looked up")

    request = Seen(T.SALE, False, "1", True, {}.get, never)
    assert not code("01", T.CANCEL, hold=("open",)).matches(request)


@pytest.mark.parametrize(
    ("rule", "at_once"),
    [
        (Rule(RefuseConnects(), reversal=None), True),
        (Rule(RefuseConnects()), True),
        (Rule(RefuseConnects(), T.SALE), False),
        (Rule(RefuseConnects(), reversal=True), False),
        (Rule(RefuseConnects(), occurrence=2), False),
        (Rule(Answer("01"), reversal=None), False),
    ],
)
def test_refusing_connects_needs_no_request_unless_it_asks_for_one(rule: Rule, at_once: bool) -> None:
    assert rule.at_once is at_once


def test_a_rule_without_a_name_is_called_by_what_it_does() -> None:
    assert code("01", T.SALE).title == "sale: code"
    assert Rule(Answer("01"), reversal=True).title == "reversal: code"
    assert code("01", name="mine").title == "mine"


# ── fields ────────────────────────────────────────────────────────────────────────────────────────────────────────

VALUES = st.one_of(st.none(), st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=12))
NUMBERS = st.integers(0, 10**12)


@given(VALUES, VALUES)
def test_equals_is_equality_and_never_of_an_absent_field(value: str | None, wanted: str | None) -> None:
    assert FieldTest("38", equals=wanted or "X").holds(value) is (value == (wanted or "X"))


@given(st.text(string.digits, min_size=1, max_size=6))
def test_the_spaces_that_fill_a_field_do_not_count(value: str) -> None:
    assert FieldTest("38", equals=value).holds(value.ljust(8))


@given(VALUES, st.text("AB01*?[]", min_size=1, max_size=6))
def test_like_is_a_pattern(value: str | None, pattern: str) -> None:
    expected = value is not None and fnmatch.fnmatchcase(value, pattern)
    assert FieldTest("38", like=pattern).holds(value) is expected


@given(VALUES, st.booleans())
def test_exists_asks_for_presence_alone(value: str | None, wanted: bool) -> None:
    assert FieldTest("38", exists=wanted).holds(value) is ((value is not None) == wanted)


@given(VALUES, st.lists(st.text(string.digits, min_size=1, max_size=2), min_size=1, max_size=4))
def test_one_of_is_membership(value: str | None, wanted: list[str]) -> None:
    assert FieldTest("38", one_of=tuple(wanted)).holds(value) is (value in wanted)


@given(NUMBERS, st.one_of(st.none(), NUMBERS), st.one_of(st.none(), NUMBERS))
def test_above_and_below_compare_numbers(value: int, above: int | None, below: int | None) -> None:
    expected = (above is None or value > above) and (below is None or value < below)
    assert FieldTest("4", above=above, below=below).holds(f"{value:012d}") is expected


@given(st.text(string.ascii_letters + "+- .", min_size=1, max_size=8), st.integers(-5, 5))
def test_what_is_no_number_is_neither_above_nor_below(value: str, limit: int) -> None:
    assert not FieldTest("4", above=limit).holds(value)
    assert not FieldTest("4", below=limit).holds(value)


@given(VALUES, VALUES, NUMBERS)
def test_all_that_is_asked_must_hold(value: str | None, equals: str | None, above: int) -> None:
    both = FieldTest("4", equals=equals, above=above)
    assert both.holds(value) is (
        (equals is None or FieldTest("4", equals=equals).holds(value)) and FieldTest("4", above=above).holds(value)
    )


@given(st.lists(st.sampled_from([T.PREAUTH, T.CANCEL]), max_size=20), st.integers(1, 4), st.integers(1, 4))
def test_uses_and_occurrence_are_those_of_a_plain_count(
    requests: list[Transaction], occurrence: int, times: int
) -> None:
    found = taken(of(code("01", T.CANCEL, occurrence=occurrence, times=times)), *map(seen, requests))
    count = 0
    for request, what in zip(requests, found, strict=True):
        count += request is T.CANCEL
        due = request is T.CANCEL and occurrence <= count < occurrence + times
        assert (what == "01") is due
