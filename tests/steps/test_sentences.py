"""What the sentences of chip, entry and setting ask of the bench and demand of it; each is in use, and one line."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from pytest_bdd.parser import FeatureParser
from pytest_bdd.steps import step_function_context_registry

from protocols.money import Money
from protocols.orders import Entry
from rigs.model import load_rig
from steps import MODULES
from steps.amounts import Amounts
from tests.rigs.kit import china
from tests.support.commands import ROOT

for name in MODULES:
    importlib.import_module(name)

CARDS = ("steps.chip", "steps.entry", "steps.setting")
HOLD = "pre-authorisation"
USUAL = Money(1000_00)


class Told:
    """A story that writes down what is asked of it, by the way there: `bench.terminal.set_parameter`."""

    def __init__(self, calls: list[tuple[Any, ...]] | None = None, way: str = "") -> None:
        self.calls = [] if calls is None else calls
        self._way = way
        if not way:
            self.amount = Amounts(china(), lambda: USUAL)

    def __getattr__(self, part: str) -> Told:
        return Told(self.calls, f"{self._way}.{part}".lstrip("."))

    def __call__(self, *args: Any, **named: Any) -> None:
        self.calls.append((self._way, *args, *([named] if named else [])))


def contexts(module: str) -> list[Any]:
    return [c for c in step_function_context_registry.values() if c.step_func.__module__ == module]


def asked(sentence: str) -> list[tuple[Any, ...]]:
    """What one sentence comes to. It has one step alone."""
    matching = {
        c.step_func: c for c in step_function_context_registry.values() if c.parser.is_matching(sentence)
    }  # fmt: skip
    ((step, context),) = matching.items()
    story = Told()
    step(story=story, **context.parser.parse_arguments(sentence))
    return story.calls


def parameter(name: str, value: str) -> list[tuple[Any, ...]]:
    return [("bench.terminal.set_parameter", name, value)]


def demand(criterion: str, **args: Any) -> list[tuple[Any, ...]]:
    return [("expect", criterion, *([args] if args else []))]


SETTINGS = {
    "the terminal asks the cardholder for the application": parameter("cardholder choice", "on"),
    "the terminal cannot ask the cardholder for the application": parameter("cardholder choice", "off"),
    "the terminal lets the cardholder go on without a PIN": parameter("PIN bypass", "on"),
    "the terminal does not go on without a PIN": parameter("PIN bypass", "off"),
    "the terminal's PIN pad does not work": parameter("PIN pad", "off"),
    "the terminal can do IC with contacts, no CVM required alone": parameter("capabilities", "200800"),
    "the terminal has no keys of card schemes": parameter("CA keys", "none"),
    "the terminal has expired keys of card schemes": parameter("CA keys", "expired"),
    "the terminal has keys of card schemes that are not what their digests say": parameter("CA keys", "wrong digest"),
    "the terminal has been told that the card's issuer certificate is revoked": parameter("CA keys", "revoked"),
    "the terminal's floor limit is the usual amount": parameter("floor limit", "100000"),
    "the terminal's floor limit is nothing": parameter("floor limit", "0"),
    "the terminal draws each transaction to go online": parameter("random selection", "100"),
    "the card is on the terminal's exception file": parameter("exception file", "on"),
    "the terminal may approve by itself": parameter("offline approval", "on"),
    "the terminal stands in another country": parameter("terminal country", "0840"),
    "the acquirer wants a decline for expired application, new card": parameter("TAC denial", "0048000000"),
    "the acquirer wants no declines by the terminal": parameter("TAC denial", "0000000000"),
    "the acquirer wants approvals when the host cannot be reached": parameter("TAC default", "0000000000"),
    "the terminal takes typed card numbers for a hold": parameter("key entry", "on"),
    "the terminal takes no typed card numbers": parameter("key entry", "off"),
    "the terminal never falls back to the stripe": parameter("fallback", "off"),
    "the terminal tries a chip 1 time": parameter("chip attempts", "1"),
    "the terminal tries a chip 2 times before it falls back to the stripe": [
        *parameter("fallback", "on"), *parameter("chip attempts", "2"),
    ],
}  # fmt: skip
ENTRIES = {
    "the cardholder does nothing that a display asks of him": [("bench.presenter.stand_still",)],
    "the operator cancels while the terminal waits for a card": [("bench.people.operator_cancels",)],
    "a card is swiped for a hold of the usual amount": [("merchant.asks_for_hold", USUAL, {"entry": Entry.SWIPED})],
    "a card is swiped for a sale of the usual amount": [("merchant.sells", USUAL, {"entry": Entry.SWIPED})],
    "the operator types a card number for a hold of the usual amount": [
        ("merchant.asks_for_hold", USUAL, {"entry": Entry.KEYED})
    ],
    f"the {HOLD} says that the card was read by its chip, with a PIN": demand("entry.mode", mode="chip", pin=True),
    "the sale says that the card was read by its stripe, without a PIN": demand("entry.mode", mode="stripe", pin=False),
    f"the {HOLD} says that the card was read by its stripe for want of a chip, without a PIN": demand(
        "entry.mode", mode="fallback", pin=False
    ),
    f"the {HOLD} says that the card was read by hand, without a PIN": demand("entry.mode", mode="keyed", pin=False),
    "the chip was tried 3 times": demand("chip.attempts", count=3),
    "the chip was tried 1 time": demand("chip.attempts", count=1),
    "the chip was left alone": demand("chip.untouched"),
    "the terminal asked for the PIN again": demand("terminal.asked-for", what="PIN again"),
    "the terminal asked to swipe the card again": demand("terminal.asked-for", what="swipe the card again"),
}
CHIPS = {
    "the cardholder was shown A, B": demand("selection.offered", labels=["A", "B"]),
    "the cardholder was asked to agree to A": demand("selection.offered", labels=["A"], confirm=True),
    "nobody was asked to choose": demand("selection.offered", labels=[]),
    "the cardholder's choice was B, and it was used": demand("selection.chosen", label="B"),
    "the application used was B": demand("chip.application", label="B"),
    "the chip is told of nothing at all": demand("chip.first", asked="none"),
    "the chip is told of no fault": demand("chip.tvr", exactly=[], round="first"),
    "the chip is told of new card, DDA failed": demand("chip.tvr", exactly=["new card", "DDA failed"], round="first"),
    "in the end the chip is told of nothing at all": demand("chip.second", asked="none"),
    "in the end the chip is told of new card": demand("chip.tvr", exactly=["new card"], round="second"),
    "the chip is told, among others, of new card": demand("chip.tvr", **{"with": ["new card"]}, round="first"),
    "in the end the chip is told, among others, of new card": demand(
        "chip.tvr", **{"with": ["new card"]}, round="second"
    ),
    "the chip is not told of new card": demand("chip.tvr", without=["new card"], round="first"),
    "the card was authenticated by CDA": demand("chip.authentication", method="CDA", result="right"),
    "the authentication of the card by SDA failed": demand("chip.authentication", method="SDA", result="failed"),
    "the card was not authenticated": demand("chip.authentication", method="none"),
    "the cardholder was verified by no CVM required, with the result successful": demand(
        "chip.cvm", method="no CVM required", result="successful"
    ),
    "the cardholder was not verified at all": demand("chip.cvm", value="3F0000"),
    "no verification that the card wants could be done": demand("chip.cvm", value="3F0001"),
    "the PIN was asked twice, plain": demand("pin.asked", times=2, form="plain"),
    "the PIN was asked once, online": demand("pin.asked", times=1, form="online"),
    "nobody was asked for a PIN": demand("pin.asked", times=0),
    "nobody was asked for a plain PIN": demand("pin.asked", times=0, form="plain"),
    "the card found the PIN wrong, then wrong, then right": demand("pin.results", results=["wrong", "wrong", "right"]),
    "the PIN is sent enciphered, and only so": demand("pin.enciphered"),
    "no PIN is sent": demand("pin.not-sent"),
    "the chip is first asked for an AAC": demand("chip.first", asked="AAC"),
    "the chip is first asked for an ARQC, and gives a TC": demand("chip.first", asked="ARQC", given="TC"),
    "the chip is at last asked for a TC": demand("chip.second", asked="TC"),
    "the chip is at last asked for a TC, and gives an AAC": demand("chip.second", asked="TC", given="AAC"),
    "the chip is asked for no cryptogram": demand("chip.first", asked="none"),
    "the issuer proved itself to the chip by command": demand(
        "chip.issuer-authentication", how="command", result="right"
    ),
    "the issuer did not prove itself to the chip by cryptogram": demand(
        "chip.issuer-authentication", how="cryptogram", result="wrong"
    ),
    "nothing of the issuer was there to be proved": demand("chip.issuer-authentication", how="none"),
    "1 script command reached the chip before its last word and 2 after it": demand("chip.scripts", before=1, after=2),
    "the scripts are told to the host as done, then not run": demand("chip.scripts", results=["done", "not run"]),
    "the chip's counter has risen, and no unpredictable number came twice": demand("chip.never-twice"),
    "the host is sent nothing": demand("host.messages", messages=[]),
    f"the host is sent the {HOLD}": demand("host.messages", messages=[HOLD]),
    f"the host is sent the {HOLD}, then its reversal": demand("host.messages", messages=[HOLD, f"{HOLD} reversal"]),
    f"the host is sent the {HOLD}, then a script notice": demand("host.messages", messages=[HOLD, "script notice"]),
}
OTHERS = {
    "a multi-app card in the reader": [("card_in_reader", "multi-app")],
    "an offline-pin card in the reader that tells no PIN tries": [
        ("card_in_reader", "offline-pin", {"fault": "tells no PIN tries"})
    ],
    "a stripe-only card at hand": [("card_for_reader", "stripe-only")],
    "a credit card at hand that has expired": [("card_for_reader", "credit", {"fault": "has expired"})],
    "another pan-13 card is in the reader": [("bench.take_card_out",), ("card_in_reader", "pan-13")],
    "the cardholder has forgotten the PIN, and goes on without it": [("bench.people.cardholder_types", "bypass")],
    "the cardholder cancels when the PIN is asked": [("bench.people.cardholder_types", "cancel")],
    "the cardholder types no PIN at all": [("bench.people.cardholder_types", "nothing")],
    "the cardholder knows his PIN after all": [("bench.people.cardholder_types", "right")],
    "the cardholder types the right PIN twice, and cancels then": [
        ("bench.people.cardholder_types", "right", "right", "cancel")
    ],
    "the cardholder chooses the third application": [("bench.people.cardholder_chooses", "3")],
    "the cardholder chooses none of them": [("bench.people.cardholder_chooses", "cancel")],
    "the cardholder agrees to the application": [("bench.people.cardholder_confirms", True)],
    "the cardholder does not agree to the application": [("bench.people.cardholder_confirms", False)],
    f"the host answers the {HOLD} with a wrong proof for the chip": [("bench.host.misbehave", HOLD, "wrong ARPC")],
    f"the host answers the {HOLD} without a proof for the chip": [("bench.host.misbehave", HOLD, "no ARPC")],
    f"the host answers the {HOLD} with a script before the last word": [("bench.host.misbehave", HOLD, "script 71")],
    f"the host answers the {HOLD} with a script after the last word": [("bench.host.misbehave", HOLD, "script 72")],
    f"the chip data of the {HOLD} are of the usual amount": demand(
        "request.carries", transaction=HOLD, field="55.9F02", value="000000100000"
    ),
    "the chip data say that it is a pre-authorisation": demand(
        "request.carries", transaction=HOLD, field="55.9C", value="03"
    ),
    f"the {HOLD} says 001 for the card's sequence number": demand(
        "request.carries", transaction=HOLD, field=23, value="001"
    ),
    f"the {HOLD} carries no sequence number of the card": demand(
        "request.carries", transaction=HOLD, field=23, value=""
    ),
    "both copies name the application and its label": demand("receipt.application"),
    "no copy shows the day on which the card expires": demand("receipt.no-expiry"),
    "the merchant's copy says that a PIN was typed": demand("receipt.verification", how="PIN"),
    "the merchant's copy says that it is to be signed": demand("receipt.verification", how="signature"),
    "the merchant's copy says that neither PIN nor signature was wanted": demand("receipt.verification", how="neither"),
}
CASES = {**SETTINGS, **ENTRIES, **CHIPS, **OTHERS}


@pytest.mark.parametrize("sentence", CASES)
def test_a_sentence_means(sentence: str) -> None:
    assert asked(sentence) == CASES[sentence]


def test_a_worn_stripe_is_that_of_the_card_of_the_case() -> None:
    ((way, card),) = asked("the stripe of the card is worn")
    assert (way, card._way) == ("bench.presenter.swipe_badly", "bench.card")


@pytest.mark.parametrize("module", CARDS)
def test_each_step_has_its_sentence_here(module: str) -> None:
    sentences = [*CASES, "the stripe of the card is worn"]
    unsaid = [c.parser.name for c in contexts(module) if not any(c.parser.is_matching(s) for s in sentences)]
    assert unsaid == []


@pytest.mark.parametrize("module", CARDS)
def test_each_sentence_is_said_in_some_scenario(module: str) -> None:
    said = _said()
    unused = [c.parser.name for c in contexts(module) if not any(c.parser.is_matching(s) for s in said)]
    assert unused == []


def test_every_kind_of_card_of_the_virtual_bench_is_in_some_scenario() -> None:
    said = [sentence for sentence in _said() if " card in the reader" in sentence or " card at hand" in sentence]
    kinds = load_rig(ROOT / "rigs" / "virtual-bench.yaml").cards
    assert [kind for kind in kinds if not any(f" {kind} card" in sentence for sentence in said)] == []


def _said() -> set[str]:
    found = set()
    for path in sorted((ROOT / "features").rglob("*.feature")):
        for template in FeatureParser(str(path.parent), path.name, "utf-8").parse().scenarios.values():
            rows = [row for examples in template.examples for row in examples.as_contexts()] or [{}]
            found |= {step.name for row in rows for step in template.render(row).steps}
    return found


@pytest.mark.parametrize("module", CARDS)
def test_a_step_is_a_line_or_two(module: str) -> None:
    for context in contexts(module):
        body = inspect.getsource(context.step_func).split(") -> None:\n", 1)[1]
        lines = [line for line in body.splitlines() if line.strip() and '"""' not in line]
        assert len(lines) <= 4, context.parser.name


def test_no_feature_of_cards_is_without_its_numbers() -> None:
    for folder in ("chip", "entry"):
        for path in sorted(Path(ROOT / "features" / folder).glob("*.feature")):
            for template in FeatureParser(str(path.parent), path.name, "utf-8").parse().scenarios.values():
                assert any(tag.startswith("C") for tag in template.tags), f"{path.name}: {template.name}"
