"""The card reader: its plug, the cards before it, and a walk through a card without a terminal."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from protocols.emv.apdu import COMMANDS
from protocols.events import Channel
from protocols.faults import CardRemoved, DeviceSilent, ReaderGone
from rigs.build import Driver
from rigs.readers.walk import CONTACT_DIRECTORY, FIELD_DIRECTORY, Walk
from steps.story import Story

COMMAND = "|".join(COMMANDS.values())
NTH = {"first": 1, "second": 2, "third": 3}
SEEN_S = 5.0
"""Longest wait for a card that was just put in: how soon it must be seen is the judge's business."""
TOLD = (CardRemoved, ReaderGone, DeviceSilent)
"""What a driver raises for a card or a reader that is not there any more: what a scenario that broke it waits for."""
WORN: dict[str, bytes] = {
    "with dirty contacts": b"",  # mute
    "with a garbled answer to reset": bytes.fromhex("00FFA5"),
    "with a wrong check byte in its answer to reset": bytes.fromhex("3B88010073C84013009000F0"),
}
"""What a reader gets of a card's answer to its reset. ISO 7816-3, 8."""


# ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(parsers.re(rf"a (?P<kind>\w+) card in the reader, (?P<how>{'|'.join(WORN)})"))
@when(parsers.re(rf"a (?P<kind>\w+) card is put in (?P<how>{'|'.join(WORN)})"))
def worn_card(story: Story, kind: str, how: str) -> None:
    story.card_in_reader(kind, atr=WORN[how])


@given(parsers.parse("a {kind:w} card in the reader, the wrong way round"))
def wrong_way(story: Story, kind: str) -> None:
    story.card_for_reader(kind)
    story.bench.presenter.offer_wrong_way_round(story.bench.card)


@when("the card is turned round")
def turned(story: Story) -> None:
    story.bench.presenter.offer(story.bench.card)


@given(parsers.parse("a {kind:w} card in the reader, its contacts bouncing"))
def bouncing(story: Story, kind: str) -> None:
    story.card_for_reader(kind)
    story.bench.presenter.bounce(story.bench.card)


@given(parsers.re(rf"the card is pulled before its (?P<nth>{'|'.join(NTH)}) (?P<command>{COMMAND})"))
def pulled_before(story: Story, nth: str, command: str) -> None:
    story.bench.presenter.pull_before(command, NTH[nth])


@given(parsers.re(rf"the card is pulled slowly before its (?P<nth>{'|'.join(NTH)}) (?P<command>{COMMAND})"))
def pulled_slowly(story: Story, nth: str, command: str) -> None:
    story.bench.presenter.pull_slowly_before(command, NTH[nth])


# ── the plug ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given("the reader is unplugged")
@when("the reader is unplugged")
def unplugged(story: Story) -> None:
    story.bench.stand.unplug()


@given("the reader is unplugged after the card's first answer")
def unplugged_between(story: Story) -> None:
    story.bench.at(Channel.CARD, "response", story.bench.stand.unplug)


@given("the reader is unplugged while the host is asked")
def unplugged_waiting(story: Story) -> None:
    story.bench.at(Channel.HOST, "request", story.bench.stand.unplug, transaction="pre-authorisation")


@given(parsers.re(rf"the reader is unplugged during the (?P<nth>{'|'.join(NTH)}) (?P<command>{COMMAND})"))
def unplugged_during(story: Story, nth: str, command: str) -> None:
    story.bench.presenter.before(command, story.bench.stand.unplug, NTH[nth])


@when("the reader is plugged in again")
def plugged_in(story: Story) -> None:
    story.bench.stand.plug_in()


@when(parsers.parse("the merchant asks a terminal that loses its reader for a hold of {amount}"))
def asks_in_vain(story: Story, amount: str) -> None:
    _whatever_becomes(story, lambda: story.merchant.asks_for_hold(story.amount(amount)))


@then("the reader is the one that it was")
def same_reader(story: Story) -> None:
    story.expect("reader.same-after-plug")


# ── without a terminal ────────────────────────────────────────────────────────────────────────────────────────────────


@given(parsers.parse("a {kind:w} card in the field"))
def card_in_field(story: Story, kind: str) -> None:
    story.card_for_reader(kind, in_field=True)
    story.bench.stand.at_field.presenter.offer(story.bench.card)


@given(parsers.parse("another {kind:w} card in the field, too"))
@when(parsers.parse("another {kind:w} card is held into the field"))
def second_in_field(story: Story, kind: str) -> None:
    story.card_for_reader(kind, in_field=True)
    story.bench.stand.at_field.presenter.offer_too(story.bench.card)


@given(parsers.re(rf"the card leaves the field during its (?P<nth>{'|'.join(NTH)}) (?P<command>{COMMAND})"))
def torn(story: Story, nth: str, command: str) -> None:
    story.bench.stand.at_field.presenter.pull_before(command, NTH[nth])


@when("the card is back in the field")
def back(story: Story) -> None:
    story.bench.stand.at_field.presenter.offer(story.bench.card)


@when("the second card leaves the field")
def leaves(story: Story) -> None:
    story.bench.stand.at_field.presenter.take_away(story.bench.card)


@when("the card in the reader is read through")
def walked(story: Story) -> None:
    _walk(story, story.bench.stand.driver, CONTACT_DIRECTORY, "reader", SEEN_S)


@when("the card in the field is read through")
def walked_in_field(story: Story) -> None:
    _walk(story, story.bench.stand.at_field.driver, FIELD_DIRECTORY, "field", SEEN_S)


@when("a reading of the cards in the field is tried")
def tried(story: Story) -> None:
    """At once: of two cards a reader may report none, and then there is nothing to wait for."""
    _walk(story, story.bench.stand.at_field.driver, FIELD_DIRECTORY, "field", 0.0)


def _walk(story: Story, driver: Driver, directory: bytes, where: str, wait_s: float) -> None:
    def through() -> None:
        driver.wait_for_card(True, wait_s)
        story.case.emit(Channel.READER, "walked", commands=Walk(driver, directory).go(), where=where)

    story.case.emit(Channel.READER, "walk", where=where)
    _whatever_becomes(story, through)


@then("every command and answer passed unchanged")
def passed(story: Story) -> None:
    story.expect("reader.walk-passed")


@then(parsers.re(rf"the reader tells that the card was torn out at the (?P<command>{COMMAND})"))
def told_torn(story: Story, command: str) -> None:
    story.expect("reader.torn-at", command=command)


@then("no card was spoken to, or one alone")
def one_alone(story: Story) -> None:
    story.expect("reader.spoke-to-one")


def _whatever_becomes(story: Story, act: Callable[[], object]) -> None:
    """What the driver tells of a lost card or reader is an event, and no fault of the bench: the scenario wanted it."""
    try:
        act()
    except TOLD as error:
        if isinstance(error, DeviceSilent) and error.component != "card":
            raise
        story.case.emit(Channel.READER, "told", error=type(error).__name__, message=error.message)
