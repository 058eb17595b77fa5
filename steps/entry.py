"""How a card comes in: by its chip, its stripe, or the operator's fingers. facts/unionpay-pos 2, 5.10, 5.13."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.orders import Entry
from steps.story import Story
from steps.terminal import TRANSACTIONS

# ── what people do ────────────────────────────────────────────────────────────────────────────────────────────────────


@given("the cardholder does nothing that a display asks of him")
def idle_hands(story: Story) -> None:
    story.bench.presenter.stand_still()


@given("the operator cancels while the terminal waits for a card")
def operator_cancels(story: Story) -> None:
    story.bench.people.operator_cancels()


@given("the stripe of the card is worn")
def worn(story: Story) -> None:
    story.bench.presenter.swipe_badly(story.bench.card)


@when(parsers.parse("a card is swiped for a hold of {amount}"))
def swiped(story: Story, amount: str) -> None:
    story.merchant.asks_for_hold(story.amount(amount), entry=Entry.SWIPED)


@when(parsers.parse("a card is swiped for a sale of {amount}"))
def swiped_for_sale(story: Story, amount: str) -> None:
    story.merchant.sells(story.amount(amount), entry=Entry.SWIPED)


@when(parsers.parse("the operator types a card number for a hold of {amount}"))
def typed(story: Story, amount: str) -> None:
    story.merchant.asks_for_hold(story.amount(amount), entry=Entry.KEYED)


# ── what must have come of it ─────────────────────────────────────────────────────────────────────────────────────────

MODES = {
    "by its chip": "chip",
    "by its stripe": "stripe",
    "by its stripe for want of a chip": "fallback",
    "by hand": "keyed",
}
PINS = {"with a PIN": True, "without a PIN": False}


@then(
    parsers.re(
        rf"the (?:{TRANSACTIONS}) says that the card was read (?P<how>{'|'.join(MODES)}), (?P<pin>{'|'.join(PINS)})"
    )
)
def mode(story: Story, how: str, pin: str) -> None:
    story.expect("entry.mode", mode=MODES[how], pin=PINS[pin])


@then(parsers.re(r"the chip was tried (?P<count>\d) times?"))
def tried(story: Story, count: str) -> None:
    story.expect("chip.attempts", count=int(count))


@then("the chip was left alone")
def untouched(story: Story) -> None:
    story.expect("chip.untouched")


@then(parsers.re(r"the terminal asked (?:to|for the) (?P<what>.+)"))
def asked_for(story: Story, what: str) -> None:
    """One of `protocols/prompts.py`, on any of its displays."""
    story.expect("terminal.asked-for", what=what)
