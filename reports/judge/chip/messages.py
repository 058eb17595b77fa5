"""Which walk a message of the terminal rests on, what it carries of the chip, and what the terminal was told in answer.

A message carries the first cryptogram of the last walk before it within its order; a terminal that repeats one under
new keys carries it again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from reports.judge.chip.walk import Walk, started
from reports.judge.duty import answer_in_time, asked_for_a_part, granting, surely_late
from reports.judge.registry import View, once
from reports.judge.reply import Reply
from reports.judge.timeline import Moment, Request, moment

_TAG = re.compile(r"F55\.([0-9A-F]+)(?= |$)")
_HEX = re.compile(r"([0-9A-F]{2})*")
CHIP = 55


def chip_rows(message: Mapping[str, str]) -> list[tuple[str, bytes | None]]:
    """F55 of a described message, tag by tag in its order; None for a template, and for what the recorder hid."""
    found: list[tuple[str, bytes | None]] = []
    for key, value in message.items():
        named = _TAG.match(key)
        if named:
            found.append((named[1], bytes.fromhex(value) if _HEX.fullmatch(value) else None))
    return found


def chip_values(message: Mapping[str, str]) -> dict[str, bytes]:
    """The values among them; of a tag that comes again the first."""
    found: dict[str, bytes] = {}
    for tag, value in chip_rows(message):
        if value is not None:
            found.setdefault(tag, value)
    return found


def carries_chip(request: Request) -> bool:
    return bool(request.value(CHIP))


@dataclass(frozen=True, slots=True)
class Sending:
    """A request with the walk whose cryptogram it must carry, and F55 of it."""

    request: Request
    walk: Walk
    chip: Mapping[str, bytes]


@once
def sendings(view: View) -> list[Sending]:
    """Every first request that carries chip data and rests on a walk that is known, in order."""
    return [s for s in _all(view) if s.request.financial]


@once
def later_sendings(view: View) -> list[Sending]:
    """Reversals and script notices that carry chip data and tell by their counter which walk they are of."""
    return [s for s in _counted(view) if not s.request.financial]


def _all(view: View) -> Iterator[Sending]:
    for request in (r for r in view.requests if r.message and carries_chip(r)):
        before = [w for w in started(view) if _first_word(w) < request.at]
        order = _order_before(view, request.at)
        own = [w for w in before if order is not None and w.order is not None and moment(w.order) == order]
        if own:
            yield Sending(request, own[-1], chip_values(request.message))


def _counted(view: View) -> Iterator[Sending]:
    for request in (r for r in view.requests if r.message and carries_chip(r)):
        chip = chip_values(request.message)
        same = [w for w in started(view) if _is_of(w, request, chip)]
        named = [w for w in same if _named(request) in {r.trace for r in requests_of(view, w)}]
        if named or same:
            yield Sending(request, (named or same)[-1], chip)


def _is_of(walk: Walk, request: Request, chip: Mapping[str, bytes]) -> bool:
    """By the counter, and by the cryptogram where one is carried."""
    if walk.first is None or not walk.first.counter or walk.first.counter != chip.get("9F36"):
        return False
    made = [r.cryptogram for r in walk.rounds]
    return _first_word(walk) < request.at and ("9F26" not in chip or chip["9F26"] in made)


def _named(request: Request) -> str:
    """The trace of what it speaks of: a reversal has it itself, a notice in F61. facts/unionpay-pos 2.5, 5.19"""
    return request.trace if request.reversal else request.value(61)[6:12]


def _first_word(walk: Walk) -> Moment:
    assert walk.first is not None
    return moment(walk.first.sent.response or walk.first.sent.command)


def _order_before(view: View, at: Moment) -> Moment | None:
    orders = [moment(o) for o in view.timeline.of("terminal", "order") if moment(o) < at]
    return orders[-1] if orders else None


def requests_of(view: View, walk: Walk) -> list[Request]:
    """Requests that carried this walk's cryptogram."""
    return [s.request for s in sendings(view) if s.walk is walk]


def message_of(view: View, walk: Walk) -> Mapping[str, bytes]:
    """F55 of the first of them; empty where none left."""
    return next((s.chip for s in sendings(view) if s.walk is walk), {})


# ── what the terminal was told ────────────────────────────────────────────────────────────────────────────────────


class Word(Enum):
    """What the host's answer demands of the chip's second cryptogram."""

    APPROVED = "the host approved"
    DECLINED = "the host declined"
    NONE = "the host gave no answer that counts"
    OPEN = "it cannot be told what the terminal was told"


@dataclass(frozen=True, slots=True)
class Told:
    """The host's word on a walk: the last request for it, and its answer where there was one that counts."""

    word: Word
    request: Request | None = None
    reply: Reply | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(part.number for part in (self.request, self.reply) if part is not None)


def told(view: View, walk: Walk) -> Told:
    """What the terminal knew when it asked the chip again, or should have."""
    until = moment(walk.second.sent.command) if walk.second else walk.end
    asked = [r for r in requests_of(view, walk) if until is None or r.at < until]
    if not asked:
        return Told(Word.OPEN if _something_left(view, walk) else Word.NONE)
    request = asked[-1]
    answer = answer_in_time(view, request)
    if answer is not None:
        return Told(_word(view, request, answer), request, answer)
    doubtful = [a for a in request.replies if a.sent and not surely_late(view, request, a)]
    if any(a in (*request.answers, *request.doubtful) for a in doubtful):
        return Told(Word.OPEN, request)
    return Told(Word.NONE, request)


def _word(view: View, request: Request, answer: Reply) -> Word:
    code = answer.code or request.code
    if code not in granting(view, request):
        return Word.DECLINED
    part = code not in view.market.success_codes
    return Word.OPEN if part and not asked_for_a_part(request) else Word.APPROVED


def _something_left(view: View, walk: Walk) -> bool:
    """Whether a request may have left that is not among those that were read: an unreadable one, one without its
    fields."""
    since, until = view.timeline.after(walk.start), walk.end
    bare = (r for r in since.of("host", "request") if not r.fields.get("message"))
    unread = [*since.of("host", "undecodable"), *bare]
    return any(until is None or moment(r) < until for r in unread)
