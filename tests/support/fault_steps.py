"""Steps that break the bench on purpose: the reader's plug, and the service behind it."""

from __future__ import annotations

import os
import signal

from pytest_bdd import given, parsers

from steps.story import Story


@given("a card for a fault")
def card(story: Story) -> None:
    story.card_in_reader("debit")


@given(parsers.re(r"the reader is unplugged at (?P<command>[A-Z ]+)"))
def unplugged(story: Story, command: str) -> None:
    story.bench.presenter.unplug_before(command)


@given(parsers.parse("the reader is unplugged at {command} in the first attempt"))
def unplugged_once(story: Story, command: str) -> None:
    if not story.before:
        story.bench.presenter.unplug_before(command)


@given(parsers.parse("the PC/SC service hangs at {command}"))
def hangs(story: Story, command: str) -> None:
    pid = int(story.bench.reader.attributes()["pid"])
    story.bench.presenter.before(command, lambda: os.kill(pid, signal.SIGSTOP))


@given("the harness has a fault")
def bug(story: Story) -> None:
    raise ZeroDivisionError
