"""The cardholder chooses an application. EMV Book 1, 12.4; cases.md 13."""

from __future__ import annotations

import pytest

from protocols.orders import Result
from protocols.prompts import CHOOSE, CONFIRM
from tests.simulators.kit import OTHER_PAN
from tests.simulators.terminal.shop import Shop


@pytest.fixture
def several(shop: Shop) -> Shop:
    """A card with several applications."""
    shop.holds("multi-app", OTHER_PAN)
    shop.presenter.offer("multi-app")
    return shop


def labels(shop: Shop) -> list[str]:
    [shown] = shop.events.of("display", audience="customer", choices=shop.events.of("application")[-1]["of"])
    assert shown["text"] == f"{CHOOSE} " + " ".join(f"{n} {label}" for n, label in enumerate(shown["choices"], 1))
    return list(shown["choices"])


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_he_chooses_is_shown_numbered_told_used_and_printed(several: Shop, number: int) -> None:
    several.keys.chooses = number
    assert several.preauth().approved
    offered = labels(several)
    assert len(offered) == 3
    assert several.events.of("application") == [{"label": offered[number], "of": offered}]
    assert offered[number] in several.printer.written[0].text
    [chosen] = [a for a in several.card.profile.applications if offered[number] in (a.label, a.preferred_name)]
    assert several.events.of("selected", sw="9000")[-1]["aid"] == chosen.aid
    assert chosen.aid in several.printer.written[0].text


def test_who_chooses_none_has_cancelled(several: Shop) -> None:
    several.keys.chooses = None
    outcome = several.preauth()
    assert (outcome.result, outcome.message) == (Result.CANCELLED, "持卡人取消")
    assert several.events.of("application")[-1]["label"] == ""
    assert not several.requests()
    assert not several.events.of("swiped")


def test_a_terminal_that_cannot_ask_asks_nobody(several: Shop) -> None:
    several.parameters(cardholder_choice=False)
    assert several.preauth().approved
    assert not several.events.of("application")


@pytest.mark.parametrize(("agrees", "result"), [(0, Result.APPROVED), (None, Result.CANCELLED)])
def test_one_that_wants_his_word_has_it(shop: Shop, agrees: int | None, result: Result) -> None:
    """EMV Book 1, 12.2.3, table 48: b8 of the priority."""
    shop.holds("asks-first", OTHER_PAN)
    shop.presenter.offer("asks-first")
    shop.keys.chooses = agrees
    assert shop.preauth().result is result
    [told] = shop.events.of("application")
    [label] = told["of"]
    assert told["label"] == (label if agrees == 0 else "")
    assert f"{CONFIRM} {label}" in shop.displays("customer")


def test_a_document_is_looked_at_by_the_operator_and_its_number_told_to_nobody(shop: Shop) -> None:
    """PBOC's method 20: likely."""
    shop.parameters(capabilities="E0F9C8")
    card = shop.holds("document", OTHER_PAN)
    shop.presenter.offer("document")
    seen: list[tuple[str, str]] = []
    shop.keys.document_matches = lambda kind, number: not seen.append((kind, number))  # type: ignore[method-assign]
    shop.preauth()
    [(kind, number)] = seen
    assert f"请核对{kind}" in shop.displays()
    assert number
    assert not any(number in str(event.fields) for event in shop.events.all())
    assert card.name == "document"
