"""What scenarios demand of the chip in the last order. What is watched in every case is in `auditors/chip*.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from protocols.emv.cvm import OUTCOME_WORDS, CvmResults, method_words
from protocols.emv.verification import Tvr
from reports.judge.auditors.chip_numbers import counter_rises, unpredictable
from reports.judge.chip.authentication import NONE, method_seen
from reports.judge.chip.demands import Case, case_of
from reports.judge.chip.rounds import Round
from reports.judge.chip.walk import INTERNAL, OPTIONS, Walk, started, walks
from reports.judge.finding import Check, Finding, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import moment

NO_CARD = "no card was asked for a cryptogram"


def so_far(view: View) -> View:
    """What was known when the criterion was recorded, for rules that look at a whole case."""
    return replace(view, timeline=view.so_far, worked_out={})


def walks_of_order(view: View) -> list[Walk]:
    """Those of the last order, in order. Needs `so_far`."""
    order = view.order
    return [w for w in walks(view) if order is not None and w.order is not None and w.order.number == order.number]


def last_case(view: View) -> Case | None:
    """The last walk of the order in which a cryptogram was asked for. Needs `so_far`."""
    asked = [w for w in walks_of_order(view) if w.first is not None]
    return case_of(view, asked[-1]) if asked else None


def order_number(view: View) -> tuple[int, ...]:
    return (view.order.number,) if view.order else ()


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────


@criterion("chip.tvr", "The terminal verification results are these", "EMV Book 3, Annex C5; cases.md 151-168")
def tvr(view: View, args: Mapping[str, Any]) -> Finding:
    """As the card was given them. args, each a list of words: exactly (and may, left open then), with, without.

    round: first or second; the first by default.
    """
    view = so_far(view)
    expected = _expected_bits(args)
    case = last_case(view)
    asked = None if case is None else case.walk.second if args.get("round") == "second" else case.first
    if case is None or asked is None:
        return inconclusive(expected, NO_CARD, *order_number(view))
    value = case.tvr if asked is case.first else asked.tvr
    if value is None:
        return inconclusive(expected, "nobody told the results", *asked.numbers)
    check = Check(expected)
    check.see(*asked.numbers)
    for text in _wrong_bits(value, args):
        check.deviate(f"TVR {value.pack().hex().upper()}: {text}", asked.numbers[0])
    return check.finding(f"TVR {value.pack().hex().upper()}: {', '.join(value.words()) or 'nothing set'}")


def _bits(args: Mapping[str, Any], key: str) -> Tvr:
    return Tvr.of_words(", ".join(args.get(key) or ()))


def _expected_bits(args: Mapping[str, Any]) -> str:
    parts = []
    if "exactly" in args:
        parts.append(f"exactly: {', '.join(args['exactly']) or 'nothing'}")
    parts += [f"{key}: {', '.join(args[key])}" for key in ("with", "without", "may") if args.get(key)]
    return "; ".join(parts)


def _wrong_bits(value: Tvr, args: Mapping[str, Any]) -> list[str]:
    due, barred = _bits(args, "with"), _bits(args, "without")
    if "exactly" in args:
        exact = _bits(args, "exactly")
        due, barred = due | exact, barred | (value & ~exact & ~_bits(args, "may"))
    missing = [f"'{words}' is not set" for words in (due & ~value).words()]
    return missing + [f"'{words}' is set" for words in (barred & value).words()]


@criterion("chip.cvm", "The cardholder was verified so", "EMV Book 4, 6.3.4.5; cases.md 1-4, 161-166")
def cvm(view: View, args: Mapping[str, Any]) -> Finding:
    """args: method and result in words, or value: the CVM results in hex. Whichever are given."""
    view = so_far(view)
    wanted = [str(args[key]) for key in ("value", "method", "result") if args.get(key)]
    expected, case = ", ".join(wanted), last_case(view)
    if case is None:
        return inconclusive(expected, NO_CARD, *order_number(view))
    value = case.terminal("9F34")
    if len(value) != 3:
        return inconclusive(expected, "nobody told the CVM results", *case.first.numbers)
    told = CvmResults.parse(value)
    found = {
        "value": value.hex().upper(), "method": method_words(told.method),
        "result": OUTCOME_WORDS.get(told.outcome, f"{told.outcome:02X}"),
    }  # fmt: skip
    right = all(str(args[key]) == found[key] for key in found if args.get(key))
    actual = f"{found['value']}: {told.words()}"
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, actual, (case.first.numbers[0],))


# ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────────────


@criterion("chip.first", "The first GENERATE AC asks and gets this", "EMV Book 3, 10.7, 10.8; cases.md 151, 152")
def first(view: View, args: Mapping[str, Any]) -> Finding:
    """args: asked (none: it never came) and given, each AAC, ARQC or TC, whichever matter."""
    view = so_far(view)
    case = last_case(view)
    return _round(view, args, "first", case.first if case else None)


@criterion("chip.second", "The second GENERATE AC asks and gets this", "EMV Book 3, 10.11; cases.md 153, 155-158")
def second(view: View, args: Mapping[str, Any]) -> Finding:
    """args as of the first."""
    view = so_far(view)
    case = last_case(view)
    if case is None:
        return inconclusive(_round_words(args, "second"), NO_CARD, *order_number(view))
    return _round(view, args, "second", case.walk.second)


def _round_words(args: Mapping[str, Any], which: str) -> str:
    if args.get("asked") == NONE:
        return f"no {which} GENERATE AC"
    asked = [f"asks for {args['asked']}"] if args.get("asked") else []
    given = [f"is answered with {args['given']}"] if args.get("given") else []
    return f"the {which} GENERATE AC " + " and ".join(asked + given)


def _round(view: View, args: Mapping[str, Any], which: str, made: Round | None) -> Finding:
    expected, wants_none = _round_words(args, which), args.get("asked") == NONE
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    if made is None:
        verdict = Verdict.PASS if wants_none else Verdict.FAIL
        return Finding(verdict, expected, f"there was no {which} GENERATE AC", order_number(view))
    right = not wants_none and all(
        not args.get(key) or args[key] == found for key, found in (("asked", made.asked), ("given", made.given))
    )
    actual = f"it asked for {made.asked or 'nothing'} and was answered with {made.given or made.sent.sw or 'nothing'}"
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, actual, made.numbers)


@criterion("chip.never-twice", "Counter and unpredictable number are new each time", "cases.md 170")
def never_twice(view: View, args: Mapping[str, Any]) -> Finding:
    """Over all orders so far; needs two cryptograms at least."""
    view = so_far(view)
    expected = "the card's counter rises and no unpredictable number comes twice"
    found = [f for f in (counter_rises(view), unpredictable(view)) if f is not None]
    if len(started(view)) < 2 or not found:
        return inconclusive(expected, "fewer than two cryptograms were asked for", *order_number(view))
    check = Check(expected, [d for f in found for d in f.deviations], [n for f in found for n in f.evidence])
    return check.finding("; ".join(f.actual for f in found))


# ── application and authentication ────────────────────────────────────────────────────────────────────────────────


@criterion("chip.application", "This application is used", "EMV Book 1, 12.4; cases.md 13, 150")
def application(view: View, args: Mapping[str, Any]) -> Finding:
    """args: aid, label; whichever matter. It is the one that was started last."""
    view = so_far(view)
    expected = ", ".join(str(args[key]) for key in ("label", "aid") if args.get(key))
    begun = [w for w in walks_of_order(view) if w.of(OPTIONS) and w.selected is not None]
    if not begun:
        return inconclusive(expected, "no application was started", *order_number(view))
    walk = begun[-1]
    assert walk.selected is not None
    right = not args.get("aid") or walk.aid == str(args["aid"]).upper()
    right = right and (not args.get("label") or args["label"] in walk.labels)
    actual = f"{' / '.join(walk.labels) or 'without a label'}, {walk.aid}"
    numbers = (walk.selected.numbers[0], walk.of(OPTIONS)[-1].numbers[0])
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, actual, numbers)


@criterion("chip.authentication", "The card was authenticated so", "EMV Book 3, 10.3; cases.md 159, 160")
def authenticated(view: View, args: Mapping[str, Any]) -> Finding:
    """args: method (none, SDA, DDA, CDA); result: right or failed, where it matters."""
    view = so_far(view)
    expected = " ".join(str(args[key]) for key in ("method", "result") if args.get(key))
    case = last_case(view)
    if case is None or case.tvr is None:
        return inconclusive(expected, NO_CARD, *order_number(view))
    method, failed = method_seen(case)
    right = method == args["method"] and (not args.get("result") or (args["result"] == "failed") is failed)
    actual = method if method == NONE else f"{method} {'failed' if failed else 'right'}"
    numbers = (case.first.numbers[0], *(n for s in case.walk.of(INTERNAL) for n in s.numbers))
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, actual, numbers)


# ── attempts ──────────────────────────────────────────────────────────────────────────────────────────────────────


@criterion("chip.attempts", "The chip is tried so often", "facts/unionpay-pos 5.13; cases.md 11")
def attempts(view: View, args: Mapping[str, Any]) -> Finding:
    """args: count. How often it was powered for the order: as the driver was told, or as the card itself says."""
    expected = f"powered {args['count']} times"
    if view.order is None:
        return inconclusive(expected, "no transaction was started")
    told = list(view.since_order.of("card", "atr"))
    own = list(view.since_order.of("card", "powered"))
    seen = max(told, own, key=len)
    verdict = Verdict.PASS if len(seen) == int(args["count"]) else Verdict.FAIL
    return Finding(verdict, expected, f"powered {len(seen)} times", (view.order.number, *(r.number for r in seen)))


@criterion("chip.untouched", "The chip is not spoken to", "facts/unionpay-pos 5.13; cases.md 9, 12")
def untouched(view: View, args: Mapping[str, Any]) -> Finding:
    """Neither powered nor sent a command since the order."""
    check = Check("no power-up of a card and no command to one since the order")
    if view.order is None:
        return inconclusive(check.expected, "no transaction was started")
    check.see(view.order.number)
    for record in sorted(view.since_order.of("card", "atr", "powered", "command"), key=moment)[:1]:
        check.deviate("the chip was spoken to", record.number)
    return check.finding("it was left alone")
