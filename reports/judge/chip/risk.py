"""Terminal risk management: floor limit, random selection, velocity, exception file. EMV Book 3, 10.6."""

from __future__ import annotations

from collections.abc import Iterator

from protocols.emv.verification import Aip, Tvr
from reports.judge.chip.apdus import Sent, data_objects, first_of
from reports.judge.chip.demands import Case, Demand, barred, demand, due
from reports.judge.chip.walk import walks

COUNTER, LAST_ONLINE, LOWER, UPPER = "9F36", "9F13", "9F14", "9F23"
HASH = "98"
"""TC hash value: only that is made by a TDOL. EMV Book 3, 9.2.2"""


def demands(case: Case) -> Iterator[Demand]:
    """Of the first round. A merchant may force any transaction online: that bit stays open."""
    yield from _floor_limit(case)
    yield from _random(case)
    yield from _velocity(case)
    yield from _exception_file(case)
    if case.first.data and HASH not in case.first.data:
        yield barred(Tvr.DEFAULT_TDOL_USED, "the card asks for no hash by a TDOL")


def _is_managed(case: Case) -> bool:
    """The card demands it; where it does not, a terminal may do it all the same. EMV Book 3, 10.6"""
    return bool(case.walk.aip and case.walk.aip & Aip.TERMINAL_RISK)


def _floor_limit(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.6.1. Earlier amounts of the same card count too, so below the limit only the first is sure."""
    limit, amount = case.setting.amount("floor_limit"), case.terminal("9F02")
    if limit is None or not amount or not amount.hex().isdigit():
        return
    asked, told = int(amount.hex()), f"{int(amount.hex())} was asked for and the floor limit is {limit}"
    if asked >= limit and _is_managed(case):
        yield due(Tvr.FLOOR_LIMIT_EXCEEDED, told, case.setting.number)
    elif asked < limit and case.walk is walks(case.view)[0]:
        yield barred(Tvr.FLOOR_LIMIT_EXCEEDED, told, case.setting.number)


def _random(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.6.2: nobody is selected of none in a hundred."""
    if case.setting.amount("random_percent") == 0:
        yield barred(Tvr.RANDOMLY_SELECTED, "none in a hundred are selected", case.setting.number)


def _velocity(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.6.3."""
    walk = case.walk
    if not (walk.value(LOWER) and walk.value(UPPER)):
        for bit in (Tvr.LOWER_LIMIT_EXCEEDED, Tvr.UPPER_LIMIT_EXCEEDED):
            yield barred(bit, "the card has no limits for transactions offline")
        if LAST_ONLINE not in walk.asked_data:
            yield barred(Tvr.NEW_CARD, "the card was not asked when it was online last")
        return
    counter, last = (_counted(walk.asked_data.get(tag), tag) for tag in (COUNTER, LAST_ONLINE))
    numbers = tuple(n for tag in (COUNTER, LAST_ONLINE) if tag in walk.asked_data for n in walk.asked_data[tag].numbers)
    if counter is not None and last is not None:
        yield from _counted_demands(case, counter, last, numbers)
    elif numbers:
        for bit in (Tvr.LOWER_LIMIT_EXCEEDED, Tvr.UPPER_LIMIT_EXCEEDED):
            yield due(bit, "the card did not tell its counters", *numbers)
    if last is not None:
        yield demand(Tvr.NEW_CARD, last == 0, "the card was never online", f"the card was online at {last}", *numbers)


def _counted_demands(case: Case, counter: int, last: int, numbers: tuple[int, ...]) -> Iterator[Demand]:
    since = counter - last
    for bit, tag in ((Tvr.LOWER_LIMIT_EXCEEDED, LOWER), (Tvr.UPPER_LIMIT_EXCEEDED, UPPER)):
        limit = case.walk.value(tag)[0]
        told = f"{since} transactions since the last online one, and the limit is {limit}"
        if since <= 0:
            told = f"the counter stands at {counter} and was {last} when it was online last"
        yield Demand(bit, since <= 0 or since > limit, told, (case.walk.number(tag), *numbers))


def _counted(sent: Sent | None, tag: str) -> int | None:
    if sent is None or not sent.ok:
        return None
    value = first_of(data_objects(sent.answer)).get(tag)
    return int.from_bytes(value, "big") if value else None


def _exception_file(case: Case) -> Iterator[Demand]:
    """EMV Book 3, 10.6, and Book 4, 6.3.5. It need not be looked into where the card demands no risk management."""
    listed = case.setting.flag("exception_file")
    if listed and _is_managed(case):
        yield due(Tvr.ON_EXCEPTION_FILE, "the card is on the exception file", case.setting.number)
    elif listed is False:
        yield barred(Tvr.ON_EXCEPTION_FILE, "the card is on no exception file", case.setting.number)
