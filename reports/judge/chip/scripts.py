"""Issuer scripts of an answer, and what of them reached the card. EMV Book 3, 10.10; Book 4, 12.2.4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.judge.chip.apdus import Sent
from reports.judge.chip.messages import Told, chip_rows
from reports.judge.chip.walk import EXTERNAL, Walk
from reports.judge.registry import View
from reports.judge.timeline import moment

BEFORE, AFTER = "71", "72"
"""Before and after the second GENERATE AC."""
IDENTIFIER, COMMAND = "9F18", "86"
HEAD = 5
"""Bytes by which a command is known again: what follows may be hidden."""
WARNINGS = ("62", "63")
"""EMV Book 3, 10.10: a warning is no failure."""
MOST_BYTES = 128
"""EMV Book 3, 10.10: more than that in all a terminal need not take."""
NOT_RUN, FAILED, DONE = 0, 1, 2
"""First digit of an issuer script result. EMV Book 4, A5"""
LAST_COUNTED = 0x0F


@dataclass(frozen=True, slots=True)
class Script:
    """One script, and those of its commands that the card was sent."""

    template: str
    identifier: bytes
    commands: tuple[bytes, ...]
    sent: tuple[Sent, ...]

    @property
    def failed_at(self) -> int:
        """Which command the card refused, counted from 1; 0 where it refused none."""
        return next((n for n, sent in enumerate(self.sent, 1) if sent.sw and not _passed(sent)), 0)

    @property
    def is_whole(self) -> bool:
        """Whether all of it was sent and answered, up to what was refused."""
        answered = [s for s in self.sent if s.sw]
        return bool(self.failed_at) or len(answered) == len(self.commands)

    @property
    def result(self) -> bytes:
        """What tag DF31 must tell of it. facts/unionpay-pos 2.2; EMV Book 4, A5"""
        failed = self.failed_at
        first = FAILED << 4 | min(failed, LAST_COUNTED) if failed else DONE << 4
        return bytes([first]) + self.identifier.rjust(4, b"\x00")[-4:]

    @property
    def not_run(self) -> bytes:
        """The same of one that was never begun."""
        return bytes([NOT_RUN << 4]) + self.identifier.rjust(4, b"\x00")[-4:]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(n for sent in self.sent for n in sent.numbers)


def _passed(sent: Sent) -> bool:
    return sent.ok or sent.sw.startswith(WARNINGS)


def scripts_of(view: View, walk: Walk, told: Told) -> list[Script]:
    """Those of the answer that the terminal had, in the order in which they are run: before, then after.

    None where a part of one is hidden: what reached the card of it cannot be told.
    """
    if told.reply is None:
        return []
    written = _written(told.reply.message)
    if any(command is None for _, _, commands in written for command in commands):
        return []
    pool = [s for s in walk.between_rounds() if s.apdu is not None and s.apdu.ins != EXTERNAL]
    found = []
    for template, identifier, commands in sorted(written, key=lambda script: script[0]):
        known = tuple(command for command in commands if command is not None)
        found.append(Script(template, identifier, known, tuple(_taken(known, pool))))
    return found


Written = tuple[str, bytes, list[bytes | None]]
"""Template, identifier and commands of a script as the host sent it."""


def _written(message: Mapping[str, str]) -> list[Written]:
    """A template stands before what it holds."""
    found: list[Written] = []
    for tag, value in chip_rows(message):
        if tag in (BEFORE, AFTER):
            found.append((tag, b"", []))
        elif tag == IDENTIFIER and found:
            found[-1] = (found[-1][0], value or b"", found[-1][2])
        elif tag == COMMAND and found:
            found[-1][2].append(value)
    return found


def _taken(commands: Sequence[bytes], pool: list[Sent]) -> list[Sent]:
    """What was sent of them, in order; each sending is one command's. A script ends with what was refused."""
    found: list[Sent] = []
    for command in commands:
        same = [
            s for s in pool
            if (s.command.raw or b"")[:HEAD] == command[:HEAD]
            and (not found or moment(s.command) > moment(found[-1].command))
        ]  # fmt: skip
        if not same:
            break
        pool.remove(same[0])
        found.append(same[0])
        if not _passed(same[0]):
            break
    return found


def is_taken_in_full(scripts: Sequence[Script]) -> bool:
    """Whether a terminal must run all of them: they are no longer than it has to take, and can be read."""
    size = sum(len(c) + 2 for script in scripts for c in script.commands) + 9 * len(scripts)
    return size <= MOST_BYTES and all(script.commands for script in scripts)


def carries_scripts(told: Told) -> bool:
    """Whether the answer may hold scripts: it names one, or its chip data cannot be read."""
    message = told.reply.message if told.reply else {}
    return any(key.startswith(("F55.71", "F55.72", "F55.86", "F55.9F18", "F55 error")) for key in message)
