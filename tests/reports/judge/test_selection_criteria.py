"""What scenarios demand of the choice of an application: what is shown, and what becomes of the answer."""

from __future__ import annotations

import pytest

from protocols.prompts import ASKED_FOR
from tests.reports.judge.chip_tale import LABEL, ChipTale
from tests.reports.judge.findings import met, undecided

CHOOSE, CONFIRM = ASKED_FOR["choose an application"][0], ASKED_FOR["confirm the application"][0]


def offering(text: str, *labels: str, audience: str = "customer", told: bool = True) -> ChipTale:
    more = {"choices": list(labels)} if told else {}
    return ChipTale().order().tell("terminal", "display", text=text, audience=audience, **more)


@pytest.mark.parametrize(
    ("shown", "labels", "holds"),
    [(["A", "B"], ["A", "B"], True), (["B", "A"], ["A", "B"], False), (["A"], ["A", "B"], False),
     (["A", "B", "C"], ["A", "B"], False), ([], ["A"], False)],
)  # fmt: skip
def test_what_is_offered(shown: list[str], labels: list[str], holds: bool) -> None:
    text = f"{CHOOSE} " + " ".join(f"{at} {label}" for at, label in enumerate(shown, 1))
    met(offering(text, *shown), "selection.offered", holds, labels=labels)


def test_a_text_alone_must_name_them_in_order() -> None:
    met(offering(f"{CHOOSE} 1 A 2 B", told=False), "selection.offered", True, labels=["A", "B"])
    met(offering(f"{CHOOSE} 1 B 2 A", told=False), "selection.offered", False, labels=["A", "B"])
    met(offering(f"{CHOOSE} 1 A 2 B", audience="operator"), "selection.offered", False, labels=["A"])


def test_nobody_is_asked_where_there_is_one() -> None:
    met(ChipTale().order().display("请插卡"), "selection.offered", True, labels=[])
    met(offering(f"{CHOOSE} 1 A", "A"), "selection.offered", False, labels=[])
    met(offering(f"{CONFIRM} A", "A"), "selection.offered", False, labels=[])


def test_a_confirmation_is_another_question() -> None:
    met(offering(f"{CONFIRM} A", "A"), "selection.offered", True, labels=["A"], confirm=True)
    met(offering(f"{CHOOSE} 1 A", "A"), "selection.offered", False, labels=["A"], confirm=True)


@pytest.mark.parametrize(
    ("chosen", "used", "holds"), [(LABEL, LABEL, True), ("OTHER", LABEL, False), (LABEL, "OTHER", False)]
)
def test_what_was_chosen_is_used(chosen: str, used: str, holds: bool) -> None:
    tale = ChipTale().order().powered().tell("operator", "application", label=chosen, of=[LABEL, "OTHER"])
    met(tale.selects(label=used).options(), "selection.chosen", holds, label=LABEL)


def test_a_choice_that_nobody_made_or_that_came_to_nothing() -> None:
    undecided(ChipTale().opened().criterion("selection.chosen", label=LABEL))
    met(ChipTale().order().tell("operator", "application", label=LABEL, of=[]), "selection.chosen", False, label=LABEL)
