"""The end of a batch: totals, detail, and a new batch."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.transactions import Transaction
from steps.story import Story


@given("a batch of its own")
def new_batch(story: Story) -> None:
    story.have_settled()


@given(parsers.parse("the terminal's batch is full after {count:d} transactions"))
def small_batch(story: Story, count: int) -> None:
    story.bench.terminal.set_parameter("batch limit", str(count))


@given("the host acknowledges the completion advice and forgets it")
def forgets(story: Story) -> None:
    story.bench.host.misbehave(Transaction.ADVICE.value, "approve")


@given("the merchant has settled")
def has_settled(story: Story) -> None:
    story.have_settled()


@when("the merchant settles")
def settles(story: Story) -> None:
    story.merchant.asks(Transaction.SETTLEMENT)


@then("the totals agree, and the batch is closed")
def balanced(story: Story) -> None:
    story.expect("settlement.balanced")


@then(parsers.parse("the settlement counts {taken:d} debits of {debit} and {given:d} credits of {credit}"))
def counted(story: Story, taken: int, debit: str, given: int, credit: str) -> None:
    story.expect(
        "settlement.counted", debit=story.amount(debit).minor, debit_count=taken,
        credit=story.amount(credit).minor, credit_count=given,
    )  # fmt: skip


@then("no hold is among the totals")
def holds_not_counted(story: Story) -> None:
    story.expect("settlement.preauth-not-counted")


@then("host, terminal and slip agree on the totals")
def agreed(story: Story) -> None:
    story.expect("settlement.agreed")


@then("the terminal uploads its detail and ends the batch")
def uploaded(story: Story) -> None:
    story.expect("settlement.uploaded-and-ended")


@then(parsers.parse("the terminal reports that the totals {how}"))
def reported(story: Story, how: str) -> None:
    story.expect("settlement.reported", flag=FLAGS[how])


FLAGS = {"agree": "1", "differ": "2", "are in error": "3"}  # facts/unionpay-pos 2.3


@then("the host names the record that it does not know")
def record_named(story: Story) -> None:
    done = story.merchant.completion
    assert done is not None
    story.expect("settlement.record-named", trace=done.trace)


@then("the settlement is resumed with the same totals")
def resumed(story: Story) -> None:
    story.expect("settlement.resumed")


@then("what was pending went before the settlement")
def flushed(story: Story) -> None:
    story.expect("settlement.flushed")


@then("the next request is of a new batch")
def new_number(story: Story) -> None:
    story.expect("batch.new-number")


@then("the full batch was settled, and no transaction was lost")
def forced(story: Story) -> None:
    story.expect("batch.forced")
