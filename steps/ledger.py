"""What the issuer's ledger must say: of the hold, of all holds, and of the account."""

from __future__ import annotations

from pytest_bdd import parsers, then

from steps.story import Story


@then(parsers.parse("the issuer holds {amount}"))
def holds(story: Story, amount: str) -> None:
    story.holds(amount)


@then(parsers.parse("the hold is {state:w}"))
def hold_state(story: Story, state: str) -> None:
    story.expect("hold.state", state=state)


@then(parsers.parse("the hold has grown to {amount}"))
def hold_grown(story: Story, amount: str) -> None:
    story.expect("hold.total", amount=story.amount(amount).minor)


@then(parsers.parse("the hold is of {amount}"))
def hold_of(story: Story, amount: str) -> None:
    story.expect("hold.total", amount=story.amount(amount).minor)


@then(parsers.parse("the hold has come down to {amount}"))
def hold_lowered(story: Story, amount: str) -> None:
    story.expect("hold.total", amount=story.amount(amount).minor)


@then("the hold has expired by itself")
def hold_expired(story: Story) -> None:
    story.expect("hold.expired")


@then(parsers.parse("the first hold is {first:w} and the second {second:w}"))
def both_holds(story: Story, first: str, second: str) -> None:
    story.expect("holds.states", states=[first, second])


@then(parsers.parse("the account stands with {held} held and {booked} booked"))
def account_stands(story: Story, held: str, booked: str) -> None:
    story.account_stands(held, booked)


@then("the ledger is untouched")
def untouched(story: Story) -> None:
    story.expect("ledger.untouched")


# ── at the end, when nothing is pending any more ──────────────────────────────────────────────────────────────────────


@then("in the end the issuer holds nothing")
def holds_nothing_in_the_end(story: Story) -> None:
    story.expect("hold.released")


@then(parsers.parse("in the end the hold is {state:w}"))
def hold_state_in_the_end(story: Story, state: str) -> None:
    story.expect("hold.final-state", state=state)


@then(parsers.parse("in the end the hold is of {amount}"))
def hold_total_in_the_end(story: Story, amount: str) -> None:
    story.expect("hold.final-total", amount=story.amount(amount).minor)


@then(parsers.parse("in the end the account stands with {held} held and {booked} booked"))
def account_stands_in_the_end(story: Story, held: str, booked: str) -> None:
    story.expect("account.final", held=story.amount(held).minor, booked=story.amount(booked).minor)


@then(parsers.parse("never was more than {amount} held"))
def held_at_most(story: Story, amount: str) -> None:
    story.expect("held.at-most", amount=story.amount(amount).minor)
