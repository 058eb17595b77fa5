"""The issuer host: how it is told to behave, and how it must answer."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from protocols.faults import ConfigurationError
from protocols.market import Market
from steps.story import Story
from steps.terminal import TRANSACTIONS

ASKED = rf"(?P<what>{TRANSACTIONS}|reversal)"
HOW = {
    "with a wrong MAC": "wrong MAC",
    "without a MAC": "no MAC",
    "under another trace number": "wrong trace",
    "as if to another terminal": "wrong terminal",
    "as if to another merchant": "wrong merchant",
    "for another amount": "wrong amount",
    "in another currency": "wrong currency",
    "under another reference": "wrong reference",
    "as another kind of message": "wrong type",
    "without its response code": "drop F39",
    "without its authorisation code": "drop F38",
    "with a field that nobody knows": "add F59",
    "with a field longer than the table has it": "overflow F44",
    "with an amount that is no number": "non-numeric F4",
    "with chip data that are no chip data": "malformed chip data",
    "with a chip tag twice": "duplicate chip tag",
    "with a wrong proof for the chip": "wrong ARPC",
    "without a proof for the chip": "no ARPC",
    "with a script before the last word": "script 71",
    "with a script after the last word": "script 72",
    "with scripts before and after the last word": "scripts 71 and 72",
    "with a script that blocks the application": "script 72 application block",
    "with a script that blocks the card": "script 72 card block",
    "with a script that changes the PIN": "script 72 PIN change",
    "with a script that nobody sealed rightly": "script 71 wrong MAC",
    "with a length that is too big": "wrong length prefix",
    "with a length that is too small": "short length prefix",
    "with a length of zero": "zero length prefix",
    "twice": "duplicate",
    "only when it is being reversed": "late answer",
    "only after it was reversed": "late answer after the reversal",
    "only during the next transaction": "late answer during the next transaction",
}
"""How a host answers, in a sentence, to the manner of the `Host` port."""


@given(parsers.re(rf"the host answers the {ASKED} (?P<how>{'|'.join(HOW)})"))
def answers(story: Story, what: str, how: str) -> None:
    story.bench.host.misbehave(what, HOW[how])


@given(parsers.parse("the host does not answer the {what}"))
def silent(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "no answer")


@given(parsers.parse("the host is silent to the {what} {times:d} times"))
def silent_for_a_while(story: Story, what: str, times: int) -> None:
    story.bench.host.misbehave(what, "no answer", times=times)


@given("the host answers no reversal")
def silent_reversals(story: Story) -> None:
    story.bench.host.misbehave("reversal", "no answer", times=None)


@given(parsers.parse("the {what} never reaches the host"))
def lost(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "request lost")


@given(parsers.parse("the host answers the {what} {seconds:d} second before the time-out"))
def just_in_time(story: Story, what: str, seconds: int) -> None:
    story.bench.host.misbehave(what, f"delay {story.host_timer(-seconds)}")


@given(parsers.parse("the host answers the {what} {seconds:d} second after the time-out"))
def just_too_late(story: Story, what: str, seconds: int) -> None:
    story.bench.host.misbehave(what, f"delay {story.host_timer(seconds)}")


@given(parsers.parse("the host declines the {what} with {code:w}"))
def declines(story: Story, what: str, code: str) -> None:
    story.bench.host.misbehave(what, f"code {code}")


@given(parsers.parse("the host approves the {what} with {code:w}"))
def approves(story: Story, what: str, code: str) -> None:
    story.bench.host.misbehave(what, f"code {code}")


@given(parsers.parse("the host never takes the {what}"))
def never_takes(story: Story, what: str) -> None:
    tries = story.market.advice.repeats + 1
    story.bench.host.misbehave(what, "code 96", times=tries)


@given(parsers.parse("the host approves a part of the {what}"))
def approves_part(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "partial 60")


@given(parsers.parse("the host stands in for the issuer of the {what}"))
def stands_in(story: Story, what: str) -> None:
    """facts/unionpay-pos 5.21: an approval with a flaw; without the issuer's key there is no proof for the chip."""
    rule = {"name": "stands in", "when": {"transaction": what}, "do": ["code A2", "no ARPC"], "until": {"times": 1}}
    story.bench.host.misbehave_by([rule])


@when("the late answer has come")
def late_has_come(story: Story) -> None:
    story.bench.host.all_answers_sent()


# ── how it refuses ────────────────────────────────────────────────────────────────────────────────────────────────────


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
        "a completion of nothing": market.completion.zero_code,
        "no longer open": market.cancel.not_open_code,
        "a hold that was completed": market.cancel.completed_code,
        "another amount": market.cancel.amount_differs_code,
        "voided already": market.completion_void.voided_code,
        "too late for a void": market.completion_void.not_normal_code,
        "an amount of nothing": market.preauth.wrong_amount_code,
        "an unknown original": market.matching.no_original_code,
        "a duplicate": market.matching.duplicate_code,
        "reversed already": market.reversal.repeated_code,
        "badly sealed": "A0",  # facts/unionpay-pos 5.21
        "badly formed": "30",
        "short of funds": "51",
        "a lost card": "41",
        "a stolen card": "43",
        "an expired card": "54",
        "a card that does not exist": "14",
        "a card that is not genuine": "59",
        "a restricted card": "62",
        "a terminal that nobody enrolled": "97",
        "a PIN tried too often": market.security.pin_tries_exceeded_code,
    }
    if reason not in codes:
        raise ConfigurationError(f"no refusal is called {reason!r}", advice=f"say one of: {', '.join(codes)}")
    return codes[reason]
