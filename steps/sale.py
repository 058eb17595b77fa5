"""Sale, its void and refund, and the balance: the neighbours of a hold."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.transactions import Transaction
from steps.story import Story


@given(parsers.parse("a sale of {amount}"))
def sale(story: Story, amount: str) -> None:
    story.have_sale(amount)


@when(parsers.parse("the merchant sells for {amount}"))
def sells(story: Story, amount: str) -> None:
    story.merchant.sells(story.amount(amount))


@when("the merchant voids the sale")
def voids_sale(story: Story) -> None:
    story.merchant.voids_sale()


@when("the merchant refunds the sale")
def refunds_sale(story: Story) -> None:
    story.merchant.refunds_sale()


@when("the merchant completes the sale as if it were a hold")
def completes_sale(story: Story) -> None:
    story.merchant.completes_sale()


@when("the merchant asks for the balance")
def balance(story: Story) -> None:
    story.merchant.asks(Transaction.BALANCE)


@then(parsers.parse("the balance shown is {amount}"))
def balance_shown(story: Story, amount: str) -> None:
    story.expect("balance.shown", amount=story.amount(amount).minor)


@then("no hold is touched")
def holds_untouched(story: Story) -> None:
    story.expect("holds.untouched")


@then(parsers.parse("{amount} is given back"))
def refunded(story: Story, amount: str) -> None:
    story.expect("ledger.refunded", amount=story.amount(amount).minor)


@then(parsers.parse("{amount} is booked"))
def booked(story: Story, amount: str) -> None:
    story.expect("ledger.booked", amount=story.amount(amount).minor)
