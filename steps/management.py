"""What a terminal and its host settle between themselves: downloads, echo, sign-off."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.transactions import Transaction
from steps.story import Story

NEW_NAME = "TEST HOTEL AT THE NEW ADDRESS"
MERCHANT_NAME = "22"
"""Tag of the parameter download: facts/unionpay-pos 2.6."""
ASKED = {
    "downloads its parameters": Transaction.PARAMETERS,
    "downloads its CA keys": Transaction.CA_KEY_DOWNLOAD,
    "downloads its IC parameters": Transaction.IC_PARAMETER_DOWNLOAD,
    "tries the line": Transaction.ECHO,
    "signs off": Transaction.SIGN_OFF,
}


@given("the host has a new merchant name for the terminal")
def new_name(story: Story) -> None:
    story.bench.host.offer_download({MERCHANT_NAME: NEW_NAME})


@given(parsers.re(r"the host asks for (?P<what>\w+) with its answer to the (?P<asked>pre-authorisation)"))
def asks_for(story: Story, what: str, asked: str) -> None:
    """facts/unionpay-pos 1.8: the digit in the header."""
    story.bench.host.misbehave(asked, f"processing request {DIGITS[what]}")


DIGITS = {"parameters": 1, "sign-on": 3}


@when(parsers.re(rf"the terminal (?P<what>{'|'.join(ASKED)})"))
def asked(story: Story, what: str) -> None:
    story.merchant.asks(ASKED[what])


@then("the terminal has taken the new merchant name")
def taken(story: Story) -> None:
    story.expect("parameters.changed", name="merchant name", value=NEW_NAME)
