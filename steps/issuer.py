"""Days that go by, and what the issuer does to a hold by itself."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from steps.story import Story


@when("the hold has reached its last valid day")
def last_day(story: Story) -> None:
    story.bench.host.move_date(story.market.completion.validity_days)


@when("the hold is one day too old")
def too_old(story: Story) -> None:
    story.bench.host.move_date(story.market.completion.validity_days + 1)


@when("a day goes by")
def next_day(story: Story) -> None:
    story.bench.host.move_date(1)


@when(parsers.parse("the issuer lowers it to {amount}"))
def lowers(story: Story, amount: str) -> None:
    story.issuer_changes_hold(amount=story.amount(amount))


@given("the issuer has extended it by a day")
def extends(story: Story) -> None:
    story.issuer_changes_hold(days=1)


@then(parsers.parse("the other terminal's hold and this one are both counted"))
def both_counted(story: Story) -> None:
    story.expect("host.both-held")
