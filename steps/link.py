"""The line between terminal and host."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from steps.story import Story
from steps.terminal import TRANSACTIONS

ASKED = rf"(?P<what>{TRANSACTIONS})"
BYTE_EVERY_S = 1.0
"""cases.md 115: in market time."""
FAST_BYTE_S = 0.0
"""One byte at a time, as fast as the host can: an answer of some hundred bytes is whole well before the time-out."""


@given("the host cannot be reached")
def unreachable(story: Story) -> None:
    story.bench.host.misbehave("any", "refuse connects", times=None)


@when("the host can be reached again")
def reachable(story: Story) -> None:
    story.bench.host.behave()


@given(parsers.re(rf"the line is reset in place of an answer to the {ASKED}"))
def reset(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "reset")


@given(parsers.re(rf"the line goes dead without a word at the {ASKED}"))
def half_open(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "half-open")


@given(parsers.re(rf"the answer to the {ASKED} comes in single bytes"))
def split(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "split")


@given(parsers.re(rf"the answer to the {ASKED} drips in, but in time"))
def drips(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, f"drip {FAST_BYTE_S}")


@given(parsers.re(rf"the answer to the {ASKED} drips in, a byte a second"))
def drips_slowly(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, f"drip {BYTE_EVERY_S}")


@given(parsers.re(rf"the answer to the {ASKED} comes together with another"))
def glued(story: Story, what: str) -> None:
    story.bench.host.misbehave(what, "two in one segment")


@then("nothing had left the terminal, and nothing is reversed")
def not_owed(story: Story) -> None:
    story.expect("reversal.not-owed")


@then("the terminal goes on over a line of its own making")
def renewed(story: Story) -> None:
    story.expect("line.renewed")
