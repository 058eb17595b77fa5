"""Cards, cardholders, and the people who type at the terminal."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from steps.story import Story
from steps.words import POSITIONS

KIND = r"(?P<kind>[\w-]+)"
"""A kind of card, as the rig's file names it."""


@given(parsers.re(rf"an? {KIND} card in the reader"))
def card(story: Story, kind: str) -> None:
    story.card_in_reader(kind)


@given(parsers.re(rf"an? {KIND} card in the reader, its account good for (?P<amount>.+)"))
def card_with_little(story: Story, kind: str, amount: str) -> None:
    story.card_in_reader(kind, available=story.amount(amount))


@given(parsers.re(rf"an? {KIND} card in the reader that (?P<fault>.+)"))
def faulty_card(story: Story, kind: str, fault: str) -> None:
    """What it does is a fault of the catalogue `rigs/cards/faults.yaml`, or one at a command."""
    story.card_in_reader(kind, fault=fault)


@given(parsers.re(rf"an? {KIND} card at hand"))
def card_at_hand(story: Story, kind: str) -> None:
    story.card_for_reader(kind)


@given(parsers.re(rf"an? {KIND} card at hand that (?P<fault>.+)"))
def faulty_card_at_hand(story: Story, kind: str, fault: str) -> None:
    story.card_for_reader(kind, fault=fault)


@when(parsers.re(rf"another {KIND} card is in the reader"))
def another_card(story: Story, kind: str) -> None:
    story.bench.take_card_out()
    story.card_in_reader(kind)


@given(parsers.parse("the issuer has the card as {status:w}"))
def card_status(story: Story, status: str) -> None:
    story.bench.host.set_status(story.bench.card, status)


@given("the cardholder mistypes the PIN once")
def wrong_pin_once(story: Story) -> None:
    story.bench.people.cardholder_types("wrong", "right")


@given("the cardholder never finds the right PIN")
def wrong_pin_always(story: Story) -> None:
    story.bench.people.cardholder_types("wrong")


@when("the cardholder knows his PIN after all")
def knows_pin(story: Story) -> None:
    story.bench.people.cardholder_types("right")


@given("the cardholder has forgotten the PIN, and goes on without it")
def bypasses(story: Story) -> None:
    story.bench.people.cardholder_types("bypass")


@given("the cardholder cancels when the PIN is asked")
def cancels_at_pin(story: Story) -> None:
    story.bench.people.cardholder_types("cancel")


@given("the cardholder types the right PIN twice, and cancels then")
def gives_up(story: Story) -> None:
    story.bench.people.cardholder_types("right", "right", "cancel")


@given("the cardholder types no PIN at all")
def types_nothing(story: Story) -> None:
    story.bench.people.cardholder_types("nothing")


@given(parsers.re(r"the cardholder chooses the (?P<which>first|second|third) application"))
def chooses(story: Story, which: str) -> None:
    story.bench.people.cardholder_chooses(POSITIONS[which])


@given("the cardholder chooses none of them")
def chooses_none(story: Story) -> None:
    story.bench.people.cardholder_chooses("cancel")


@given(parsers.re(r"the cardholder (?P<word>agrees|does not agree) to the application"))
def confirms(story: Story, word: str) -> None:
    story.bench.people.cardholder_confirms(word == "agrees")


@given("the card is pulled before its first cryptogram")
def pulled(story: Story) -> None:
    story.bench.presenter.pull_before("GENERATE AC")


@given("the operator mistypes the card number")
def mistyped_number(story: Story) -> None:
    story.bench.people.operator_types("wrong")


@given("no supervisor is at hand")
def no_supervisor(story: Story) -> None:
    story.bench.people.supervisor_present(False)


@then("the card is let in by the rig's list and read on")
def read_on(story: Story) -> None:
    story.expect("card.read-on")


@then(parsers.parse("the PIN was asked {count:d} times, each with a request of its own"))
def asked_again(story: Story, count: int) -> None:
    story.expect("pin.asked-again", requests=count)


@then("the chip is told that the transaction is declined")
def chip_declined(story: Story) -> None:
    story.expect("chip.declined-offline")


@then("a supervisor was asked first")
def supervisor_asked(story: Story) -> None:
    story.expect("supervisor.asked", present=True)


@then("without a supervisor nothing is sent")
def supervisor_missing(story: Story) -> None:
    story.expect("supervisor.asked", present=False)
