"""What scenarios demand of a reader. What is watched in every case is in `auditors/reader.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reports.judge.auditors.reader import one_card, passes_on, same_identity
from reports.judge.finding import Check, Finding, inconclusive
from reports.judge.passage import Exchange, exchanges
from reports.judge.registry import View, criterion
from reports.judge.timeline import Timeline, moment
from reports.runfolder import Record

TORN = "CardRemoved"


def _so_far(view: View) -> View:
    """What was known when the criterion was recorded, for rules that look at a whole case."""
    return replace(view, timeline=view.so_far, worked_out={})


def _last_walk(view: View) -> tuple[Record | None, Timeline, list[Exchange]]:
    """The last walk through a card so far: its beginning, what came after, and its exchanges."""
    begun = view.timeline.last("reader", "walk")
    if begun is None:
        return None, Timeline([]), []
    since = view.timeline.after(begun)
    return begun, since, [e for e in exchanges(view) if moment(e.command) > moment(begun)]


@criterion("reader.walk-passed", "A card is read through, and all of it passes", "cases.md 147", component="reader")
def walk_passed(view: View, args: Mapping[str, Any]) -> Finding:
    """The last walk came to its end, and what passed since the case began is the same at both ends."""
    view = _so_far(view)
    begun, since, walked = _last_walk(view)
    expected = "the walk through the card ends, with every command and answer unchanged"
    if begun is None:
        return inconclusive(expected, "no card was read through")
    check = Check(expected)
    check.see(begun.number)
    told = since.first("reader", "told")
    done = since.first("reader", "walked")
    if told is not None:
        text = f"it broke off after {len(walked)} commands: {told.fields.get('error')}"
        check.deviate(text, *(e.command.number for e in walked[-1:]), told.number)
    elif done is None:
        return inconclusive(expected, "the walk did not end", begun.number)
    else:
        check.see(done.number)
    passed = passes_on(view)
    if passed is not None:
        check.deviations += passed.deviations
        check.see(*passed.evidence)
    return check.finding(f"{len(walked)} commands and their answers, unchanged")


@criterion("reader.torn-at", "A card that leaves in a command is told as torn", "cases.md 144, 147", component="reader")
def torn_at(view: View, args: Mapping[str, Any]) -> Finding:
    """args: command. It is the last one of the walk, it has no answer, and the driver told that the card is gone."""
    command = str(args["command"])
    expected = f"the {command} has no answer, and the driver tells that the card was removed"
    begun, since, walked = _last_walk(_so_far(view))
    last = walked[-1] if walked else None
    if begun is None or last is None or last.broken is None:
        return inconclusive(expected, "no card left in the middle of a command", *([begun.number] if begun else []))
    check = Check(expected)
    check.see(last.command.number, last.broken.number)
    if last.name != command:
        return inconclusive(expected, f"it left in the {last.name}", last.command.number, last.broken.number)
    if last.response is not None:
        check.deviate(f"the {command} was answered", last.broken.number, last.response.number)
    told = since.first("reader", "told")
    if told is None:
        check.miss("the driver told nothing of it", last.command.number, last.broken.number)
    elif told.fields.get("error") != TORN:
        check.deviate(f"the driver told {told.fields.get('error')}", last.broken.number, told.number)
    else:
        check.see(told.number)
    return check.finding("no answer, and told as removed")


@criterion("reader.spoke-to-one", "Of two cards one alone is spoken to, or none", "cases.md 148", component="reader")
def spoke_to_one(view: View, args: Mapping[str, Any]) -> Finding:
    """Judged over the time in which there were two."""
    finding = one_card(_so_far(view))
    return finding or inconclusive("two cards in the field", "there never were two cards in the field")


@criterion("reader.same-after-plug", "Plugged in again, it is the same reader", "cases.md 143", component="reader")
def same_after_plug(view: View, args: Mapping[str, Any]) -> Finding:
    """The same vendor, model, firmware and serial number as when the bench came up."""
    finding = same_identity(_so_far(view))
    return finding or inconclusive("a reader that says who it is", "it was not asked since")
