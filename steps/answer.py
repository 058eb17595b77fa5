"""Answers: which the terminal takes, and which it must not."""

from __future__ import annotations

from pytest_bdd import then

from steps.story import Story


@then("the late answer is not applied")
def late_ignored(story: Story) -> None:
    story.expect("late-answer.not-applied")


@then("the answer is accepted")
def accepted(story: Story) -> None:
    story.expect("in-time.accepted")


@then("the answer with the wrong MAC is refused and reversed")
def wrong_mac_refused(story: Story) -> None:
    story.expect("wrong-mac.refused")


@then("the answer without a MAC is refused and reversed")
def unsealed_refused(story: Story) -> None:
    story.expect("answer.unsealed-refused")


@then("the answer is not taken for its own, and the request is reversed")
def not_its_own(story: Story) -> None:
    story.expect("answer.not-its-own")


@then("the answer for another amount is refused and reversed")
def amount_checked(story: Story) -> None:
    story.expect("answer.amount-checked")


@then("the terminal looks at the currency, too")
def currency_checked(story: Story) -> None:
    story.expect("answer.currency-checked")


@then("the answer is taken for what its code says")
def taken(story: Story) -> None:
    story.expect("answer.taken")


@then("the terminal survives the answer that it cannot read")
def unreadable_survived(story: Story) -> None:
    story.expect("answer.unreadable-survived")


@then("the terminal survives the chip data that it cannot read")
def chip_data_survived(story: Story) -> None:
    story.expect("answer.chip-data-survived")


@then("the second answer is ignored")
def duplicate_ignored(story: Story) -> None:
    story.expect("answer.duplicate-ignored")
