"""The terminal and its merchant: what he asks of it, and what it tells him and his customer."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.orders import Result
from protocols.transactions import Transaction
from steps.story import Story

TRANSACTIONS = "|".join(sorted((t.value for t in Transaction), key=len, reverse=True))
RESULTS = "|".join(result.value for result in Result)


@given(parsers.parse("a hold of {amount}"))
def hold(story: Story, amount: str) -> None:
    story.have_hold(amount)


@given(parsers.parse("the merchant has completed it for {amount}"))
def completed(story: Story, amount: str) -> None:
    story.have_completion(amount)


@given("the merchant has cancelled it")
def cancelled(story: Story) -> None:
    story.have_cancelled()


@given("no supervisor is at hand")
def no_supervisor(story: Story) -> None:
    story.bench.people.supervisor_present(False)


@given("the terminal's own limit is lifted")
def no_limit(story: Story) -> None:
    story.bench.terminal.set_parameter("local limit", "off")


@when(parsers.parse("the merchant asks for a hold of {amount}"))
def asks(story: Story, amount: str) -> None:
    story.ask_for_hold(amount)


@when(parsers.parse("the merchant completes it for {amount}"))
def completes(story: Story, amount: str) -> None:
    story.complete(amount)


@when("the merchant completes it under a wrong authorisation code")
def completes_wrong(story: Story) -> None:
    story.complete("the full amount", wrong_approval=True)


@when("the merchant cancels it")
def cancels(story: Story) -> None:
    story.cancel()


@when("the merchant cancels it under a wrong authorisation code")
def cancels_wrong(story: Story) -> None:
    story.cancel(wrong_approval=True)


@when("the merchant voids the completion")
def voids(story: Story) -> None:
    story.void_completion()


@then(parsers.re(rf"the terminal reports the (?P<transaction>{TRANSACTIONS}) (?P<result>{RESULTS})"))
def reports(story: Story, transaction: str, result: str) -> None:
    story.reported(transaction, Result(result).value)


@then("the terminal reports no approval")
def no_approval(story: Story) -> None:
    story.expect("outcome.not-approved")


@then("the customer is not told why")
def discreet(story: Story) -> None:
    story.expect("display.discreet")


@then("a supervisor was asked first")
def supervisor_asked(story: Story) -> None:
    story.expect("supervisor.asked", present=True)


@then("without a supervisor nothing is sent")
def supervisor_missing(story: Story) -> None:
    story.expect("supervisor.asked", present=False)


@then("the terminal keeps the completion above the limit to itself")
def keeps(story: Story) -> None:
    assert story.hold is not None
    assert story.last is not None
    story.expect("completion.over-limit-kept", hold=story.hold.amount.minor, amount=story.last.amount.minor)
