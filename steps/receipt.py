"""Slips and the printer that makes them."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from steps.story import Story


@given("the printer has no paper")
def no_paper(story: Story) -> None:
    story.bench.printer.remove_paper()


@when("paper is loaded")
def paper(story: Story) -> None:
    story.bench.printer.load_paper()
    story.bench.terminal.paper_loaded()


@then("both copies are printed")
def copies(story: Story) -> None:
    story.expect("receipt.copies")


@then(parsers.parse("both copies show {amount}"))
def shows(story: Story, amount: str) -> None:
    story.expect("receipt.amount", amount=story.amount(amount).minor)


@then(parsers.parse("each copy carries every mandatory line of a {transaction}"))
def mandatory(story: Story, transaction: str) -> None:
    story.expect("receipt.mandatory", transaction=transaction)


@then("each copy says that it is no sale")
def not_a_sale(story: Story) -> None:
    story.expect("receipt.not-a-sale")


@then("the card number is masked on the cardholder's copy")
def masked(story: Story) -> None:
    story.expect("receipt.pan-masked")


@then("both copies name the application and its label")
def names_application(story: Story) -> None:
    story.expect("receipt.application")


@then("no copy shows the day on which the card expires")
def no_expiry(story: Story) -> None:
    story.expect("receipt.no-expiry")


HOW = {"a PIN was typed": "PIN", "it is to be signed": "signature", "neither PIN nor signature was wanted": "neither"}


@then(parsers.re(rf"the merchant's copy says that (?P<how>{'|'.join(HOW)})"))
def verification(story: Story, how: str) -> None:
    story.expect("receipt.verification", how=HOW[how])


@then("nothing is printed as approved")
def none(story: Story) -> None:
    story.expect("receipt.none")


@then("nothing was lost: both slips came after the reload")
def waited(story: Story) -> None:
    story.expect("receipt.waits-for-paper")
