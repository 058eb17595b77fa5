"""Terminal risk management. EMV Book 3, 10.6."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.verification import Tsi, Tvr
from protocols.faults import CardRemoved
from simulators.terminal.contact.channel import Channel
from simulators.terminal.contact.configuration import ApplicationRule
from simulators.terminal.contact.risk import draw, is_selected, manage_risk
from simulators.terminal.contact.state import ChipTransaction
from tests.simulators.terminal.contact.phase import AID, PAN, terms, transaction
from tests.support.scripted_card import REMOVED, ScriptedCard

ATC, LAST_ONLINE = "80CA9F3600", "80CA9F1300"
LOWER, UPPER = Tvr.LOWER_LIMIT_EXCEEDED, Tvr.UPPER_LIMIT_EXCEEDED


def rule(floor_limit: int = 1_000_00, **more: int) -> ApplicationRule:
    return ApplicationRule(AID, floor_limit=floor_limit, **more)


def managed(made: ChipTransaction, script: list[tuple[str, str]] | None = None, drawn: int = 99) -> ChipTransaction:
    with ScriptedCard("EMV Book 3, 10.6", script or []) as card:
        manage_risk(made, Channel(card, lambda pan: None), lambda: drawn)
    return made


# ── floor limit ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("amount", "exceeds"), [(999_99, False), (1_000_00, True), (1_000_01, True)])
def test_an_amount_at_the_floor_limit_exceeds_it(amount: int, exceeds: bool) -> None:
    """EMV Book 3, 10.6.1."""
    made = managed(transaction(of=terms(amount=amount), rule=rule()))
    assert made.tvr == (Tvr.FLOOR_LIMIT_EXCEEDED if exceeds else Tvr(0))
    assert made.tsi == Tsi.TERMINAL_RISK_PERFORMED


def test_a_floor_limit_of_nothing_is_exceeded_by_everything() -> None:
    assert managed(transaction(of=terms(amount=1), rule=rule(0))).tvr == Tvr.FLOOR_LIMIT_EXCEEDED


# ── random selection ──────────────────────────────────────────────────────────────────────────────────────────────

PERCENT = {"threshold": 500_00, "target_percent": 20, "max_target_percent": 60}


@pytest.mark.parametrize(
    ("amount", "highest"),
    [(0, 20), (499_99, 20), (500_00, 20), (750_00, 40), (999_99, 59), (625_00, 30), (687_50, 35)],
)
def test_the_percentage_rises_from_the_threshold_to_the_floor_limit(amount: int, highest: int) -> None:
    """EMV Book 3, 10.6.2: the highest number out of 99 that selects this amount."""
    selected = [number for number in range(1, 100) if is_selected(amount, rule(**PERCENT), number)]
    assert selected == list(range(1, highest + 1))


def test_an_amount_is_selected_by_the_number_drawn() -> None:
    def tvr(drawn: int, amount: int) -> Tvr:
        return managed(transaction(of=terms(amount=amount), rule=rule(**PERCENT)), drawn=drawn).tvr

    assert tvr(40, 750_00) == Tvr.RANDOMLY_SELECTED
    assert tvr(41, 750_00) == Tvr(0)
    assert tvr(1, 1_000_00) == Tvr.FLOOR_LIMIT_EXCEEDED


@given(st.integers(1, 10**9), st.data(), st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_selection_is_the_formula_of_the_book(
    floor: int, data: st.DataObject, low: int, high: int, number: int
) -> None:
    """Interpolation factor and transaction target percent, in fractions."""
    threshold = data.draw(st.integers(0, floor - 1))
    amount = data.draw(st.integers(0, floor - 1))
    low, high = sorted((low, high))
    made = rule(floor, threshold=threshold, target_percent=low, max_target_percent=high)
    if amount < threshold:
        percent = Fraction(low)
    else:
        percent = (high - low) * Fraction(amount - threshold, floor - threshold) + low
    assert is_selected(amount, made, number) is (number <= percent)


def test_numbers_are_drawn_from_1_to_99() -> None:
    drawn = {draw() for _ in range(3000)}
    assert drawn <= set(range(1, 100))
    assert len(drawn) > 80


# ── velocity ──────────────────────────────────────────────────────────────────────────────────────────────────────

LIMITS = {"9F14": "03", "9F23": "05"}


@pytest.mark.parametrize(
    ("counter", "last_online", "bits"),
    [
        ("9F36020013 9000", "9F13020010 9000", Tvr(0)),
        ("9F36020014 9000", "9F13020010 9000", LOWER),
        ("9F36020015 9000", "9F13020010 9000", LOWER),
        ("9F36020016 9000", "9F13020010 9000", LOWER | UPPER),
        ("9F36020010 9000", "9F13020010 9000", LOWER | UPPER),
        ("9F36020009 9000", "9F13020010 9000", LOWER | UPPER),
        ("9F36020001 9000", "9F13020000 9000", Tvr.NEW_CARD),
        ("9F36020006 9000", "9F13020000 9000", Tvr.NEW_CARD | LOWER | UPPER),
        ("6A88", "9F13020010 9000", LOWER | UPPER),
        ("6A88", "9F13020000 9000", Tvr.NEW_CARD | LOWER | UPPER),
        ("9F36020013 9000", "6A88", LOWER | UPPER),
        ("9F360113 9000", "9F13020010 9000", LOWER | UPPER),
        ("9F36020013 9000", "9F36020013 9000", LOWER | UPPER),
        ("9F36 9000", "9F13020010 9000", LOWER | UPPER),
    ],
    ids=["below both", "above the lower", "at the upper", "above both", "never since", "counts backwards", "new",
         "new and used often", "no counter", "new without a counter", "no register", "short counter",
         "another object", "no object"],
)  # fmt: skip
def test_how_often_the_card_was_used_offline(counter: str, last_online: str, bits: Tvr) -> None:
    """EMV Book 3, 10.6.3."""
    made = managed(transaction(LIMITS, rule=rule()), [(ATC, counter), (LAST_ONLINE, last_online)])
    assert made.tvr == bits


@pytest.mark.parametrize("card", [{}, {"9F14": "03"}, {"9F23": "05"}])
def test_a_card_without_both_limits_is_not_asked(card: dict[str, str]) -> None:
    """EMV Book 3, 10.6.3 and 7.3."""
    assert managed(transaction(card, rule=rule())).tvr == Tvr(0)


def test_a_card_that_leaves_meanwhile_is_removed() -> None:
    with pytest.raises(CardRemoved):
        managed(transaction(LIMITS, rule=rule()), [(ATC, REMOVED)])


# ── whether at all, and what else ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("forced", "profile", "bits", "performed"),
    [
        (False, "7D00", Tvr.FLOOR_LIMIT_EXCEEDED, True),
        (True, "7D00", Tvr.FLOOR_LIMIT_EXCEEDED | Tvr.FORCED_ONLINE, True),
        (False, "7500", Tvr(0), False),
        (True, "7500", Tvr.FORCED_ONLINE, False),
    ],
)
def test_the_card_says_whether_risk_is_managed(forced: bool, profile: str, bits: Tvr, performed: bool) -> None:
    """EMV Book 3, 10.6: the AIP; Book 4, 6.3.5: what the merchant forces stands in any case."""
    card = {"82": profile} | ({} if performed else LIMITS)
    made = managed(transaction(card, of=terms(amount=1_000_00, forced_online=forced), rule=rule()))
    assert made.tvr == bits
    assert made.tsi == (Tsi.TERMINAL_RISK_PERFORMED if performed else Tsi(0))


@pytest.mark.parametrize(("pan", "found"), [(PAN, True), ("6224242900000113", False)])
def test_a_card_on_the_exception_file_is_told(pan: str, found: bool) -> None:
    """EMV Book 4, 6.3.5."""
    more: dict[str, Any] = {"exception_file": frozenset({pan})}
    assert managed(transaction(rule=rule(), **more)).tvr == (Tvr.ON_EXCEPTION_FILE if found else Tvr(0))
