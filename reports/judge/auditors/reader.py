"""The reader: passes on what it is given, in time, sees cards come and go, tells what was torn, stays, and is itself.

What the card twin says it took and gave is the truth here, and so is what the slot says of its cards. Nothing is said
of what nobody witnessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reports.judge.auditors import Audit
from reports.judge.finding import Check, Finding
from reports.judge.passage import (
    REACHED,
    Exchange,
    exchanges,
    is_made_by_reader,
    is_witnessed,
    resets,
    strays,
)
from reports.judge.presence import Movement, crowds, losses, movements
from reports.judge.registry import View
from reports.judge.timeline import moment
from reports.runfolder import Record

FETCHES = "GET RESPONSE"
STATUS = 2
"""Bytes of SW1 and SW2."""
HARDWARE = "hardware"
SIMULATED_SHARE = 0.5
"""On a twin's clock the machine may stall: what more than this part of all exchanges shows is the reader's own pace."""


def passes_on(view: View) -> Finding | None:
    """Each command and answer reaches the other side as it was, whole, once, and in order."""
    if not is_witnessed(view):
        return None
    check = Check("each command, answer and ATR is passed on as it was, whole and in order")
    for reset, own in resets(view):
        _same_atr(check, str(reset.fields.get("atr", "")), str(own.fields.get("atr", "")), reset.number, own.number)
    for stray in strays(view):
        check.deviate("a command reached the card that nobody had sent", stray.number)
    asked = [exchange for exchange in exchanges(view) if not exchange.is_the_readers_own]
    for exchange in asked:
        _command(check, exchange)
    for answer in _answers(asked):
        _answer(check, answer)
    if not asked and not check.seen and not check.deviations:
        return None
    check.seen = _ends(check.seen)
    return check.finding(f"{len(asked)} commands and their answers are the same at both ends")


def _ends(numbers: Sequence[int]) -> list[int]:
    """The first and the last of many events that were all right."""
    return [*numbers[:1], *numbers[-1:]]


def _same_atr(check: Check, told: str, own: str, *numbers: int) -> None:
    if told == own or is_made_by_reader(told):
        check.see(*numbers)
    else:
        check.deviate(f"the card answered its reset with {own or 'nothing'}, the reader told {told}", *numbers)


def _command(check: Check, exchange: Exchange) -> None:
    sent = exchange.command
    if not exchange.took:
        if exchange.response is not None:
            check.deviate(f"the {exchange.name} was answered, and no card had got it", *exchange.numbers)
        elif exchange.reachable and exchange.broken is None:
            check.miss(f"the {exchange.name} never reached the card", *exchange.numbers)
        return
    first, *more = exchange.took
    if first.fields.get("taken") != sent.fields.get("mark"):
        given, got = len(sent.raw or b""), int(first.fields.get("took", 0))
        how = "changed" if given == got else f"as {got} bytes"
        text = f"the {exchange.name} has {given} bytes, and reached the card {how}"
        check.deviate(text, sent.number, first.number)
    if more:
        text = f"the {exchange.name} reached the card {len(exchange.took)} times"
        check.deviate(text, sent.number, *(again.number for again in more))


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer as the card gave it and as the reader told it. Under T=0 it may come in pieces, told whole at last."""

    exchange: Exchange
    response: Record
    given: int
    same: bool


def _answers(asked: Sequence[Exchange]) -> Iterator[_Answer]:
    held = 0
    for exchange in asked:
        response, gave = exchange.response, exchange.gave
        held = held if exchange.name == FETCHES else 0
        if response is None or not gave:
            continue
        given = held + int(gave[-1].fields.get("length", 0))
        if "left_out" in response.fields or response.raw is None:  # a piece: the whole is told with the last one
            held = given - STATUS
            continue
        whole = gave[-1].fields.get("mark") == response.fields.get("mark")
        yield _Answer(exchange, response, given, len(response.raw) == given if held else whole)
        held = 0


def _answer(check: Check, answer: _Answer) -> None:
    exchange, told = answer.exchange, len(answer.response.raw or b"")
    if not answer.same:
        how = "changed" if answer.given == told else f"as {told} bytes"
        text = f"the card answered the {exchange.name} with {answer.given} bytes, which the reader passed on {how}"
        check.deviate(text, exchange.gave[-1].number, answer.response.number)
    check.see(exchange.command.number, answer.response.number)


def in_time(view: View) -> Finding | None:
    """The round trip of a command without the card's own time, against the rig's limits for a reader."""
    timed = [(e, e.added_ns) for e in exchanges(view)]
    measured = [(e, added / 1e6) for e, added in timed if added is not None]
    if not measured:
        return None
    limits, guard = view.reader, view.guard_ns / 1e6
    check = Check(f"a reader adds at most {limits.added_ms:g} ms to a command, and {limits.per_byte_ms:g} ms a byte")
    late = [(e, added) for e, added in measured if added > limits.for_bytes(e.bytes_passed) + guard]
    hardware = any(e.command.evidence == HARDWARE for e, _ in late)
    if late and (hardware or len(late) > SIMULATED_SHARE * len(measured)):
        for exchange, added in late:
            most = limits.for_bytes(exchange.bytes_passed)
            text = (
                f"{len(late)} of {len(measured)} commands took longer, the {exchange.name} {added:.0f} of {most:.0f} ms"
            )
            assert exchange.response is not None
            check.deviate(text, exchange.command.number, exchange.response.number)
            break
    middle = sorted(added for _, added in measured)[len(measured) // 2]
    check.see(*_ends([e.command.number for e, _ in measured]))
    return check.finding(f"{len(measured)} commands, {middle:.1f} ms added to the one in the middle")


def sees_insertion(view: View) -> Finding | None:
    """A card that comes is seen."""
    return _sees(view, [m for m in movements(view) if m.present], "a card that comes", "no card was there")


def sees_removal(view: View) -> Finding | None:
    """A card that goes is seen."""
    return _sees(view, [m for m in movements(view) if not m.present], "a card that goes", "a card was there")


def _sees(view: View, moved: list[Movement], what: str, denial: str) -> Finding | None:
    limit = view.reader.seen_ms
    check = Check(f"{what} is seen within {limit:g} ms")
    delays = []
    most = int(limit * 1e6) + view.guard_ns
    for movement in (m for m in moved if m.cut_short is None or m.cut_short > most):
        denied, agreed = movement.denied_after(most), movement.agreed
        if denied is not None:
            after = (denied.t_ns - movement.record.t_ns) / 1e6
            check.deviate(f"{after:.0f} ms later the reader said that {denial}", movement.record.number, denied.number)
        elif agreed is not None:
            delays.append((agreed.t_ns - movement.record.t_ns) / 1e6)
            check.see(movement.record.number, agreed.number)
            if agreed.kind == "seen" and agreed.t_ns - movement.record.t_ns > most:
                check.deviate(f"it was seen after {delays[-1]:.0f} ms", movement.record.number, agreed.number)
    if not delays and not check.deviations:
        return None
    return check.finding(f"{len(delays)} seen, the last one of them after {max(delays, default=0):.1f} ms")


def torn_told(view: View) -> Finding | None:
    """A card that was torn out, or a reader that was lost, in the middle of a command is told as that."""
    broken = [e for e in exchanges(view) if e.broken is not None and not _was_answered(e)]
    if not broken:
        return None
    check = Check("what was torn is told as torn, and a lost reader as lost; nobody answers for the card")
    for exchange in broken:
        cause = exchange.broken
        assert cause is not None
        check.see(exchange.command.number, cause.number)
        if exchange.response is not None:
            check.deviate(
                f"the {exchange.name} was answered though the card could not", cause.number, exchange.response.number
            )
        wanted = "CardRemoved" if cause.kind == "removed" else "ReaderGone"
        told = _told(view, exchange)
        if told is not None and told[1] != wanted:
            check.deviate(f"the driver told {told[1]}, not {wanted}", cause.number, told[0])
        elif told is not None:
            check.see(told[0])
    return check.finding(f"{len(broken)} torn, and none was answered")


def _was_answered(exchange: Exchange) -> bool:
    """The card had given its answer before it left."""
    return bool(exchange.given) and exchange.response is not None


TOLD_BY_OUTCOME = {"card removed": "CardRemoved"}


def _told(view: View, exchange: Exchange) -> tuple[int, str] | None:
    """How what happened was told first afterwards: to a step, to the terminal, or as a fault of the bench."""
    end = exchange.ended
    for record in view.timeline.after(exchange.broken).records:
        if end is not None and moment(record) > moment(end):
            return None
        if (record.channel, record.kind) == ("reader", "told"):
            return record.number, str(record.fields.get("error", ""))
        if (record.channel, record.kind) == ("rig", "fault") and record.fields.get("error"):
            return record.number, str(record.fields["error"])
        if (record.channel, record.kind) == ("terminal", "outcome"):
            told = TOLD_BY_OUTCOME.get(str(record.fields.get("result", "")))
            return (record.number, told) if told else None
    return None


def same_identity(view: View) -> Finding | None:
    """What the reader says of itself is what it said when the bench came up."""
    asked = list(view.timeline.of("reader", "identity"))
    if not asked:
        return None
    check = Check("vendor, model, firmware and serial number are what they were when the bench came up")
    for record in asked:
        was, now = dict(record.fields.get("was", {})), dict(record.fields.get("is", {}))
        check.see(record.number)
        for key in sorted(key for key in {**was, **now} if was.get(key) != now.get(key)):
            before, after = (str(told.get(key) or "not told") for told in (was, now))
            check.deviate(f"its {key} was {before}, and is {after}", record.number)
    return check.finding(f"asked {len(asked)} times, it is the one that it was")


def stays(view: View) -> Finding | None:
    """It is gone only when somebody pulls its plug. Judged twice where it is under test: design 1."""
    looked = [r for r in view.timeline.of("reader") if r.kind in ("inserted", "seen", "looked", "gone")]
    if not looked and not losses(view):
        return None
    check = Check("the reader is there until somebody takes it away")
    check.see(*(r.number for r in looked[:1]))
    for loss in losses(view):
        if loss.handled is None:
            check.deviate("reader gone, and nobody had touched it", loss.record.number)
        else:
            check.see(loss.handled.number, loss.record.number)
    pulled = sum(loss.handled is not None for loss in losses(view))
    return check.finding("it was there" + (f"; unplugged {pulled} times on purpose" if pulled else ""))


def one_card(view: View) -> Finding | None:
    """Of two cards in a field the reader speaks to none, or to one alone."""
    found = crowds(view)
    if not found:
        return None
    check = Check("of two cards in the field none gets a command, or one alone does")
    for start, end in found:
        taken = [
            r for r in view.timeline.of("card", *REACHED)
            if moment(r) > moment(start) and (end is None or moment(r) < end)
        ]  # fmt: skip
        cards = dict.fromkeys(str(r.fields.get("card", "")) for r in taken)
        check.see(start.number, *(r.number for r in taken))
        if len(cards) > 1:
            other = next(r for r in taken if r.fields.get("card") != taken[0].fields.get("card"))
            check.deviate(f"{' and '.join(cards)} both got commands", start.number, taken[0].number, other.number)
    return check.finding(f"{len(found)} times two cards, and no mixing")


_PASSED = "ISO 7816-3, 12; PC/SC part 3"
_SEEN = "PC/SC part 3; the rig's limits"
_TORN = "PC/SC part 5; cases.md 143-147"
_CROWD = "EMV Contactless Book D, 9.3; cases.md 148"
AUDITS = (
    Audit("reader.passes-on", "Commands and answers pass unchanged", _PASSED, "reader", passes_on),
    Audit("reader.in-time", "The reader adds little time", "the rig's limits; ISO 7816-3, 8.1", "reader", in_time),
    Audit("reader.sees-insertion", "A card that comes is seen", _SEEN, "reader", sees_insertion),
    Audit("reader.sees-removal", "A card that goes is seen", _SEEN, "reader", sees_removal),
    Audit("reader.torn-told", "A torn card is told as torn", _TORN, "reader", torn_told),
    Audit("reader.same-identity", "The reader stays itself", "PC/SC part 3; facts/pcsc-emv 5", "reader", same_identity),
    Audit("reader.stays", "The reader does not drop out", "design 1; cases.md 143", "reader", stays, needs_again=True),
    Audit("reader.one-card", "Two cards are not mixed up", _CROWD, "reader", one_card),
)
