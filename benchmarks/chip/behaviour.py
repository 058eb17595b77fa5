"""What left the terminal in a story, so told that two tellings of one story can be compared.

Numbers that differ from telling to telling (cards, traces, cryptograms, times) are told by which of them it is: the
first trace, the second, the first again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from reports.runfolder import Record

Line = tuple[str, ...]
Behaviour = dict[str, list[Line]]
"""By who tells."""
DIFFERS = re.compile(
    r"F(2|11|12|13|15|35|36|37|38|61|62|64)\b|F61\.|F60\.2|F60 |F55 "
    r"|F55\.(9F26|9F36|9F37|9F10|9F41|9A|91|86|9F4B)\b|trace|TPDU"
)
"""Fields of messages whose values differ each time."""
OF_A_SLIP = re.compile(r"(卡号|凭证号|授权号|参考号|批次号|原授权码|原凭证号|原参考号|TC|AC|ATC)(\s+)(\S.*)")
CLOCK = "日期/时间"
CHECKED = ("mac", "pin", "cryptogram", "read", "fallback", "chip_card", "tvr", "cvr", "cvm")
"""What the host found in a request."""
OF_A_COMMAND = ("name", "header", "length", "file", "record", "asks", "with", "tag", "form")
OF_A_CARD = {
    "cryptogram": ("round", "asked", "type", "cda", "tvr", "amount"), "pin": ("form", "result"),
    "issuer authentication": ("result",), "script": ("command", "sw", "mac"), "signed": ("what",),
    "selected": ("aid", "sw"), "swiped": ("read",),
}  # fmt: skip
"""What the card tells of what was asked of it."""


@dataclass
class Told:
    """By who tells it: the threads of a bench tell side by side."""

    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    _known: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def say(self, who: str, *line: Any) -> None:
        self.lines[who].append(tuple(map(str, line)))

    def which(self, sort: str, value: str) -> str:
        """The how-manieth of its sort this value is."""
        known = self._known[sort]
        if value not in known:
            known.append(value)
        return f"#{known.index(value) + 1}"


def behaviour(records: Iterable[Record]) -> Behaviour:
    """Of one story: commands and what the card saw, messages and what the host found, displays, slips, reports."""
    told = Told()
    for record in records:
        tell = TELL.get((record.channel, record.kind)) or TELL.get((record.channel, ""))
        if tell is not None:
            tell(told, record)
    return {who: lines for who, lines in told.lines.items() if lines}


def differences(one: Behaviour, other: Behaviour) -> Iterator[str]:
    """Where two differ first, for each who tells."""
    for who in sorted(one.keys() | other.keys()):
        mine, yours = one.get(who, []), other.get(who, [])
        if mine != yours:
            alike = takewhile(lambda pair: pair[0] == pair[1], zip(mine, yours, strict=False))
            at = sum(1 for _ in alike)
            yield f"{who} {at + 1}: {_short(mine, at)} / {_short(yours, at)}"


def _short(lines: list[Line], at: int) -> str:
    return " ".join(lines[at])[:160] if at < len(lines) else "nothing"


# ── who tells what ────────────────────────────────────────────────────────────────────────────────────────────────────


def _command(told: Told, record: Record) -> None:
    if record.direction == "out":
        told.say("commands", *(record.fields.get(name, "") for name in OF_A_COMMAND))


def _card(told: Told, record: Record) -> None:
    shown = OF_A_CARD.get(record.kind)
    if shown is not None:
        told.say("the card", record.kind, *(record.fields.get(name, "") for name in shown))
    if record.kind == "cryptogram":
        told.say("the card", "unpredictable", told.which("9F37", str(record.fields.get("un"))))


def _request(told: Told, record: Record) -> None:
    message: Mapping[str, str] = record.fields.get("message", {})
    told.say("messages", record.fields.get("transaction"), record.fields.get("reversal"))
    told.say("messages", "trace", told.which("trace", str(record.fields.get("trace"))))
    for name, value in message.items():
        differs = DIFFERS.match(name)
        told.say("messages", name, told.which(name.split(" ")[0], value) if differs else value)


def _checks(told: Told, record: Record) -> None:
    told.say("the host", record.fields.get("transaction"), *(record.fields.get(name, "") for name in CHECKED))


def _decision(told: Told, record: Record) -> None:
    told.say("the host", record.fields.get("transaction"), record.fields.get("code"), record.fields.get("reason"))


def _notice(told: Told, record: Record) -> None:
    told.say("the host", *(words.partition(" ")[2] for words in record.fields.get("results", ())))


def _slip(told: Told, record: Record) -> None:
    for line in record.fields.get("lines", ()):
        labelled = OF_A_SLIP.match(line)
        if labelled:
            line = f"{labelled[1]} {told.which(labelled[1], labelled[3])}"
        told.say("slips", CLOCK if line.startswith(CLOCK) else line)


def _display(told: Told, record: Record) -> None:
    words = re.sub(r"\d{6,}", "#", str(record.fields.get("text", "")))
    told.say("displays", record.fields.get("audience"), words, record.fields.get("choices", ""))


def _outcome(told: Told, record: Record) -> None:
    told.say("reports", *(record.fields.get(name) for name in ("transaction", "result", "code", "amount", "entry")))


def _operator(told: Told, record: Record) -> None:
    told.say("people", record.kind, *sorted(f"{name}={value}" for name, value in record.fields.items()))


TELL = {
    ("card", "command"): _command, ("card", ""): _card, ("host", "request"): _request, ("host", "checks"): _checks,
    ("host", "decision"): _decision, ("host", "script notice"): _notice, ("printer", "slip"): _slip,
    ("terminal", "display"): _display, ("terminal", "outcome"): _outcome, ("operator", ""): _operator,
}  # fmt: skip
