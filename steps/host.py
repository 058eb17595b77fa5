"""The issuer host: how it is told to behave, and what its ledger must say."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.faults import ConfigurationError
from protocols.market import Market
from steps.story import Story


@given(parsers.parse("the host does not answer the {what}"))
def silent(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "no answer")


@given("the host answers no reversal")
def silent_reversals(story: Story) -> None:
    story.bench.host.misbehave("reversal", "no answer", times=None)


@given(parsers.parse("the host answers the {what} with a wrong MAC"))
def wrong_mac(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "wrong MAC")


@given(parsers.parse("the host answers the {what} only when it is being reversed"))
def late(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "late answer")


@given(parsers.parse("the host answers the {what} {seconds:d} second before the time-out"))
def just_in_time(story: Story, what: str, seconds: int) -> None:
    story.bench.host.misbehave(what, f"delay {story.host_timer(-seconds)}")


@given(parsers.parse("the host answers the {what} {seconds:d} second after the time-out"))
def just_too_late(story: Story, what: str, seconds: int) -> None:
    story.bench.host.misbehave(what, f"delay {story.host_timer(seconds)}")


@given(parsers.parse("the host declines the {what} with {code:w}"))
def declines(story: Story, what: str, code: str) -> None:
    story.bench.host.misbehave(what, f"code {code}")


@when("the host answers again")
def behaves(story: Story) -> None:
    story.bench.host.behave()


@when("the hold has reached its last valid day")
def last_day(story: Story) -> None:
    story.bench.host.move_date(story.market.completion.validity_days)


@when("the hold is one day too old")
def too_old(story: Story) -> None:
    story.bench.host.move_date(story.market.completion.validity_days + 1)


@then(parsers.parse("the host refuses it as {reason}"))
def refuses(story: Story, reason: str) -> None:
    story.expect("host.refused", code=refusal(story.market, reason))


@then(parsers.parse("the terminal reports a decline as {reason}"))
def reports_decline(story: Story, reason: str) -> None:
    story.reported("pre-authorisation", "declined", refusal(story.market, reason))


def refusal(market: Market, reason: str) -> str:
    """The code by which this market's host refuses for a reason."""
    codes = {
        "above the limit": market.completion.over_limit_code,
        "too old": market.completion.too_old_code,
        "completed already": market.completion.second_code,
        "no longer open": market.cancel.not_open_code,
        "an unknown original": "25",  # facts/unionpay-pos 5.21
        "short of funds": "51",
        "a lost card": "41",
        "a stolen card": "43",
        "an expired card": "54",
        "a PIN tried too often": market.security.pin_tries_exceeded_code,
    }
    if reason not in codes:
        raise ConfigurationError(f"no refusal is called {reason!r}", advice=f"say one of: {', '.join(codes)}")
    return codes[reason]


@then(parsers.parse("the issuer holds {amount}"))
def holds(story: Story, amount: str) -> None:
    story.holds(amount)


@then("in the end the issuer holds nothing")
def holds_nothing_in_the_end(story: Story) -> None:
    story.expect("hold.released")


@then(parsers.parse("in the end the hold is {state:w}"))
def hold_state_in_the_end(story: Story, state: str) -> None:
    story.expect("hold.final-state", state=state)


@then(parsers.parse("in the end the account stands with {held} held and {booked} booked"))
def account_stands_in_the_end(story: Story, held: str, booked: str) -> None:
    story.expect("account.final", held=story.amount(held).minor, booked=story.amount(booked).minor)


@when("the late answer has come")
def late_has_come(story: Story) -> None:
    story.bench.host.all_answers_sent()


@then(parsers.parse("the hold is {state:w}"))
def hold_state(story: Story, state: str) -> None:
    story.expect("hold.state", state=state)


@then(parsers.parse("the account stands with {held} held and {booked} booked"))
def account_stands(story: Story, held: str, booked: str) -> None:
    story.account_stands(held, booked)


@then("the ledger is untouched")
def untouched(story: Story) -> None:
    story.expect("ledger.untouched")


@then("nothing is sent to the host")
def nothing_sent(story: Story) -> None:
    story.expect("host.not-asked")


@then(parsers.parse("the {transaction} is reversed"))
def reversed_(story: Story, transaction: str) -> None:
    story.expect("reversal.sent", transaction=transaction)


@then(parsers.parse("its reversal was repeated with the same data"))
def repeated(story: Story) -> None:
    story.expect("reversal.repeated", transaction="pre-authorisation", least=2)


@then("the reversal goes before the next request")
def before_next(story: Story) -> None:
    story.expect("reversal.before-next")


@then("nothing is reversed")
def nothing_reversed(story: Story) -> None:
    story.expect("reversal.none")


@then("the late answer is not applied")
def late_ignored(story: Story) -> None:
    story.expect("late-answer.not-applied")


@then("the answer is accepted")
def accepted(story: Story) -> None:
    story.expect("in-time.accepted")


@then("the answer with the wrong MAC is refused and reversed")
def wrong_mac_refused(story: Story) -> None:
    story.expect("wrong-mac.refused")
