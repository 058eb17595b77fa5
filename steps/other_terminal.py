"""Another terminal of the same merchant, scripted: it makes holds elsewhere, and asks the host what no terminal should.

What is demanded here is demanded of the host.
"""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.faults import RigFault
from protocols.transactions import Transaction
from steps.host import refusal
from steps.story import Story

FIELDS = {"amount": 4, "entry mode": 22, "currency": 49, "original": 61, "authorisation code": 38}
"""Names of fields as scenarios say them."""
FRAMES = {
    "whose length is in ASCII": "ASCII length",
    "whose length has its low byte first": "low byte first",
    "whose length counts itself": "length counts itself",
    "without a TPDU": "no TPDU",
    "without a header": "no header",
    "that is cut off": "half frame",
    "with bytes left over": "bytes left over",
    "whose message type is in ASCII": "ASCII MTI",
    "that is no frame": "garbage",
}
"""How a frame is damaged, in a sentence, to the name of `rigs/terminals/scripted.py`."""
APPROVED = "00"
OTHER_BATCH_TOTALS, OTHER_BATCH_END = "00000777201", "00000777207"
"""F60 of a batch that nothing else is in: facts/unionpay-pos 2.4, 3.3."""


@given(parsers.parse("another terminal made a hold of {amount}"))
def hold_elsewhere(story: Story, amount: str) -> None:
    story.other_asks(Transaction.PREAUTH, amount)
    made = story.elsewhere
    if made is None or not made.approved:
        raise RigFault("the other terminal got no hold", advice="see what the host told", component="host")
    story.merchant.remembers(made)


@when(parsers.parse("another terminal asks for a hold of {amount}"))
def asks_elsewhere(story: Story, amount: str) -> None:
    story.other_asks(Transaction.PREAUTH, amount)


@when("another terminal cancels it")
def cancels_elsewhere(story: Story) -> None:
    story.other_asks(Transaction.CANCEL, "the full amount", of_the_hold=True)


@when(parsers.parse("another terminal completes it for {amount}"))
def completes_elsewhere(story: Story, amount: str) -> None:
    story.other_asks(Transaction.COMPLETION, amount, of_the_hold=True)


@when("another terminal sends the same request again")
def same_again(story: Story) -> None:
    held = story.merchant.held()
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=held.amount, trace=held.trace)


@when("another terminal reverses it")
def reverses_elsewhere(story: Story) -> None:
    held = story.merchant.held()
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=held.amount, trace=held.trace, reversal=True)


@when(parsers.re(r"another terminal asks for a hold under a (?P<seal>wrong MAC|MAC of its old key)"))
def sealed(story: Story, seal: str) -> None:
    kind = {"wrong MAC": "wrong", "MAC of its old key": "old key"}[seal]
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=story.amount("the usual amount"), seal=kind)


@when("another terminal asks for a hold without a MAC")
def unsealed(story: Story) -> None:
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=story.amount("the usual amount"), seal="none")


@when("another terminal signs on")
def signs_on_elsewhere(story: Story) -> None:
    story.other_sends(Transaction.SIGN_ON)


@when(parsers.re(rf"another terminal asks for a hold without (?P<what>{'|'.join(FIELDS)})"))
def without_field(story: Story, what: str) -> None:
    amount = story.amount("the usual amount")
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=amount, fields={FIELDS[what]: None})


@when("another terminal asks for a hold with a field that nobody knows")
def with_field(story: Story) -> None:
    amount = story.amount("the usual amount")
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=amount, fields={59: "0001"})


@when(parsers.re(rf"another terminal sends a hold in a frame (?P<how>{'|'.join(FRAMES)})"))
def damaged(story: Story, how: str) -> None:
    amount = story.amount("the usual amount")
    story.other_sends(Transaction.PREAUTH, card=story.bench.card, amount=amount, damage=FRAMES[how])


@when("another terminal settles a batch and ends it")
def settles_and_ends(story: Story) -> None:
    story.other_sends(Transaction.SETTLEMENT, fields={60: OTHER_BATCH_TOTALS})
    story.other_sends(Transaction.BATCH_END, fields={60: OTHER_BATCH_END})


@when("another terminal settles the same batch again")
def settles_again(story: Story) -> None:
    story.other_sends(Transaction.SETTLEMENT, fields={60: OTHER_BATCH_TOTALS})


@then("the host approves it")
def approves(story: Story) -> None:
    story.expect("host.answered", code=APPROVED)


@then(parsers.parse("the host answers that it is {reason}"))
def answers_reason(story: Story, reason: str) -> None:
    story.expect("host.answered", code=refusal(story.market, reason))


@then("the host says nothing")
def says_nothing(story: Story) -> None:
    story.expect("host.silent")


@then(parsers.parse("the host explains it: {text}"))
def explains(story: Story, text: str) -> None:
    story.expect("host.explained", contains=text)


@then(parsers.re(rf"the host names the (?P<what>{'|'.join(FIELDS)}) as what is wrong"))
def names_field(story: Story, what: str) -> None:
    story.expect("host.format-named", field=FIELDS[what])


@then("the host goes on answering")
def unharmed(story: Story) -> None:
    story.expect("host.unharmed")


@then("the host held it once")
def held_once(story: Story) -> None:
    story.expect("host.one-hold")


@then("no money was moved for it")
def nothing_moved(story: Story) -> None:
    story.expect("host.nothing-moved")


@then("the host took the MAC of the old key")
def old_key(story: Story) -> None:
    story.expect("host.accepts-previous-key")
