"""The terminal under test and its merchant: what he asks of it, and what it tells him and his customer."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.orders import Result
from protocols.transactions import Transaction
from steps.story import Story

TRANSACTIONS = "|".join(sorted((t.value for t in Transaction), key=len, reverse=True))
RESULTS = "|".join(result.value for result in Result)


# ── how it is set ─────────────────────────────────────────────────────────────────────────────────────────────────────


@given("the terminal's own limit is lifted")
def no_limit(story: Story) -> None:
    story.bench.terminal.set_parameter("local limit", "off")


@given("the terminal takes partial approvals")
def takes_parts(story: Story) -> None:
    story.bench.terminal.set_parameter("partial approvals", "on")


@given("the terminal takes no partial approvals")
def takes_no_parts(story: Story) -> None:
    story.bench.terminal.set_parameter("partial approvals", "off")


@given("the terminal's trace number is at its end")
def last_trace(story: Story) -> None:
    story.bench.terminal.set_parameter("next trace", "999999")


# ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(parsers.parse("a hold of {amount}"))
def hold(story: Story, amount: str) -> None:
    story.have_hold(amount)


@when(parsers.parse("the merchant asks for a hold of {amount}"))
def asks(story: Story, amount: str) -> None:
    story.merchant.asks_for_hold(story.amount(amount))


@when("the merchant takes up the first hold again")
def first_hold(story: Story) -> None:
    story.merchant.takes_up_the_first_hold()


@given(parsers.parse("the merchant has raised it by {amount}"))
def raised(story: Story, amount: str) -> None:
    story.have_increment(amount)


@when(parsers.parse("the merchant raises it by {amount}"))
def raises(story: Story, amount: str) -> None:
    story.merchant.raises_it(story.amount(amount))


# ── completions ───────────────────────────────────────────────────────────────────────────────────────────────────────


@given(parsers.parse("the merchant has completed it for {amount}"))
def completed(story: Story, amount: str) -> None:
    story.have_completion(amount)


@when(parsers.parse("the merchant completes it for {amount}"))
def completes(story: Story, amount: str) -> None:
    story.merchant.completes(story.amount(amount))


@when(parsers.parse("the merchant completes it without the card for {amount}"))
def completes_typed(story: Story, amount: str) -> None:
    story.merchant.completes_without_card(story.amount(amount))


@when(parsers.parse("the merchant completes it offline for {amount}"))
def completes_offline(story: Story, amount: str) -> None:
    story.merchant.completes_offline(story.amount(amount))


@when("the merchant completes it under a wrong authorisation code")
def completes_wrong(story: Story) -> None:
    story.merchant.completes_under_wrong_approval(story.amount("the full amount"))


@when("the merchant completes it offline under a wrong authorisation code")
def completes_offline_wrong(story: Story) -> None:
    story.merchant.completes_offline_under_wrong_approval(story.amount("the full amount"))


@when("the merchant voids the completion")
def voids(story: Story) -> None:
    story.merchant.voids_completion()


@when("the merchant refunds the completion")
def refunds(story: Story) -> None:
    story.merchant.refunds_completion()


# ── cancels ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@given("the merchant has cancelled it")
def cancelled(story: Story) -> None:
    story.have_cancelled()


@when("the merchant cancels it")
def cancels(story: Story) -> None:
    story.merchant.cancels()


@when(parsers.parse("the merchant cancels {amount} of it"))
def cancels_part(story: Story, amount: str) -> None:
    story.merchant.cancels_part(story.amount(amount))


@when("the merchant cancels it without the card")
def cancels_typed(story: Story) -> None:
    story.merchant.cancels_without_card()


@when("the merchant cancels it under a wrong authorisation code")
def cancels_wrong(story: Story) -> None:
    story.merchant.cancels_under_wrong_approval()


# ── what moves no money ───────────────────────────────────────────────────────────────────────────────────────────────


@when("the terminal signs on")
def signs_on(story: Story) -> None:
    story.bench.terminal.sign_on()


@when("the terminal has time to itself")
def idles(story: Story) -> None:
    story.bench.terminal.to_idle()


# ── what it tells ─────────────────────────────────────────────────────────────────────────────────────────────────────


@then(parsers.re(rf"the terminal reports the (?P<transaction>{TRANSACTIONS}) (?P<result>{RESULTS})"))
def reports(story: Story, transaction: str, result: str) -> None:
    story.reported(transaction, Result(result).value)


@then(parsers.parse("the terminal reports a decline with {code}"))
def reports_code(story: Story, code: str) -> None:
    story.expect("outcome.declined-by-table", code=code)


@then(parsers.parse("the terminal reports an approval with {code}"))
def reports_flawed(story: Story, code: str) -> None:
    story.expect("outcome.approved-by-table", code=code)


@then(parsers.parse("the terminal takes the unknown code {code} for a decline"))
def unknown_code(story: Story, code: str) -> None:
    story.expect("outcome.unknown-code-declined", code=code)


@then(parsers.parse("the operator reads what {code} means"))
def explained(story: Story, code: str) -> None:
    story.expect("outcome.explained", code=code)


@then("the terminal reports no approval")
def no_approval(story: Story) -> None:
    story.expect("outcome.not-approved")


@then("the customer is not told why")
def discreet(story: Story) -> None:
    story.expect("display.discreet")


@then("the terminal keeps the completion above the limit to itself")
def keeps(story: Story) -> None:
    asked = story.merchant.last
    assert asked is not None
    story.expect("completion.over-limit-kept", hold=story.merchant.held_amount().minor, amount=asked.amount.minor)


@then("the terminal takes the part that was approved")
def takes_part(story: Story) -> None:
    story.expect("partial.amount-honoured")


@then("the terminal refuses the part, and the whole is undone")
def refuses_part(story: Story) -> None:
    story.expect("partial.refused")


@then("the terminal signs on again and sends it once more")
def signs_on_and_repeats(story: Story) -> None:
    story.expect("sign-on.renewed", again=True)


@then("the terminal signs on again")
def signs_on_again(story: Story) -> None:
    story.expect("sign-on.renewed", again=False)


@then("the terminal has signed on")
def signed_on(story: Story) -> None:
    story.expect("sign-on.made")


@then("the trace numbers begin again")
def wrapped(story: Story) -> None:
    story.expect("trace.wrapped")


# ── what it sends ─────────────────────────────────────────────────────────────────────────────────────────────────────


@then("nothing is sent to the host")
def nothing_sent(story: Story) -> None:
    story.expect("host.not-asked")


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) is sent once"))
def sent_once(story: Story, transaction: str) -> None:
    story.expect("request.sent-once", transaction=transaction)


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) is sent for (?P<amount>.+)"))
def sent_for(story: Story, transaction: str, amount: str) -> None:
    story.expect("request.carries", transaction=transaction, field=4, value=f"{story.amount(amount).minor:012d}")


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) says that the number was typed"))
def sent_as_typed(story: Story, transaction: str) -> None:
    story.expect("request.carries", transaction=transaction, field=22, value="01")


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) carries no track"))
def sent_without_track(story: Story, transaction: str) -> None:
    story.expect("request.carries", transaction=transaction, field=35, value="")


@then(parsers.re(rf"the chip data of the (?P<transaction>{TRANSACTIONS}) are of (?P<amount>.+)"))
def chip_amount(story: Story, transaction: str, amount: str) -> None:
    story.expect(
        "request.carries", transaction=transaction, field="55.9F02", value=f"{story.amount(amount).minor:012d}"
    )


@then("the chip data say that it is a pre-authorisation")
def chip_kind(story: Story) -> None:
    story.expect("request.carries", transaction=Transaction.PREAUTH.value, field="55.9C", value="03")  # facts 2.2


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) says (?P<number>\d{{3}}) for the card's sequence number"))
def sequence_number(story: Story, transaction: str, number: str) -> None:
    story.expect("request.carries", transaction=transaction, field=23, value=number)


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) carries no sequence number of the card"))
def no_sequence_number(story: Story, transaction: str) -> None:
    story.expect("request.carries", transaction=transaction, field=23, value="")


@then(parsers.re(rf"the (?P<transaction>{TRANSACTIONS}) names the hold"))
def names_hold(story: Story, transaction: str) -> None:
    hold = story.merchant.held()
    story.expect("original.named", transaction=transaction, approval=hold.approval, date=hold.date)


@then("the completion void names the completion")
def names_completion(story: Story) -> None:
    done = story.merchant.completion
    assert done is not None
    story.expect(
        "original.named", transaction=Transaction.COMPLETION_VOID.value, date=done.date, batch=done.batch,
        trace=done.trace, reference=done.reference,
    )  # fmt: skip
