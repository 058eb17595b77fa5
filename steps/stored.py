"""What the terminal stores and forwards: completion advices and refunds."""

from __future__ import annotations

from pytest_bdd import parsers, then

from steps.story import Story

STORED = r"(?P<transaction>completion advice|refund)"


@then(parsers.re(rf"the terminal keeps the {STORED} until it can be sent"))
def stored(story: Story, transaction: str) -> None:
    story.expect("stored.reported", transaction=transaction)


@then(parsers.re(rf"in the end the {STORED} has been delivered"))
def delivered(story: Story, transaction: str) -> None:
    story.expect("stored.delivered", transaction=transaction)


@then(parsers.re(rf"the {STORED} was repeated with the same data"))
def stored_repeated(story: Story, transaction: str) -> None:
    story.expect("stored.repeated", transaction=transaction, least=2)


@then(parsers.re(rf"the {STORED} is given up, and the operator is told"))
def stored_given_up(story: Story, transaction: str) -> None:
    story.expect("stored.given-up", transaction=transaction)


@then(parsers.re(rf"the {STORED} goes before the next request"))
def stored_before_next(story: Story, transaction: str) -> None:
    story.expect("stored.before-next", transaction=transaction)


@then("no stored message is reversed")
def stored_not_reversed(story: Story) -> None:
    story.expect("stored.not-reversed")


@then("however often it came, it was booked once")
def counted_once(story: Story) -> None:
    story.expect("advice.counted-once")
