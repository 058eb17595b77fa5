"""Cards, cardholders, and the people who type at the terminal."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from steps.story import Story


@given(parsers.parse("a {kind:w} card in the reader"))
def card(story: Story, kind: str) -> None:
    story.card_in_reader(kind)


@given(parsers.parse("a {kind:w} card in the reader, its account good for {amount}"))
def card_with_little(story: Story, kind: str, amount: str) -> None:
    story.card_in_reader(kind, available=story.amount(amount))


@given(parsers.parse("an expired {kind:w} card in the reader"))
def expired_card(story: Story, kind: str) -> None:
    story.card_in_reader(kind, expired=True)


@when(parsers.parse("another {kind:w} card is in the reader"))
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
