"""Reversals: that they are made, how often, why, and how they end."""

from __future__ import annotations

from pytest_bdd import parsers, then

from steps.story import Story
from steps.terminal import TRANSACTIONS


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) is reversed"))
def reversed_(story: Story, transaction: str) -> None:
    story.expect("reversal.sent", transaction=transaction)


@then("its reversal was repeated with the same data")
def repeated(story: Story) -> None:
    story.expect("reversal.repeated", transaction="pre-authorisation", least=2)


@then("the reversal goes before the next request")
def before_next(story: Story) -> None:
    story.expect("reversal.before-next")


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) says that there was no reply"))
def reason_no_reply(story: Story, transaction: str) -> None:
    story.expect("reversal.reason", transaction=transaction, code=story.market.reversal.reason_no_reply)


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) says that the MAC was wrong"))
def reason_mac(story: Story, transaction: str) -> None:
    story.expect("reversal.reason", transaction=transaction, code=story.market.reversal.reason_mac)


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) says that the terminal could not go on"))
def reason_other(story: Story, transaction: str) -> None:
    story.expect("reversal.reason", transaction=transaction, code=story.market.reversal.reason_other)


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) ends when the host says that it was done"))
def ended_by_repeat(story: Story, transaction: str) -> None:
    story.expect("reversal.ended", transaction=transaction, code=story.market.reversal.repeated_code)


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) ends when the host knows of nothing to undo"))
def ended_by_unknown(story: Story, transaction: str) -> None:
    story.expect("reversal.ended", transaction=transaction, code=story.market.reversal.unknown_code)


@then(parsers.re(rf"the reversal of the (?P<transaction>{TRANSACTIONS}) is given up, and the operator is told"))
def given_up(story: Story, transaction: str) -> None:
    story.expect("reversal.given-up", transaction=transaction)


@then("nothing is reversed")
def nothing_reversed(story: Story) -> None:
    story.expect("reversal.none")
