"""What scenarios demand of the issuer's answer to the chip: his proof, and his scripts. EMV Book 3, 10.9, 10.10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.judge.chip.authentication import NONE
from reports.judge.chip.demands import Case
from reports.judge.chip.messages import later_sendings, told
from reports.judge.chip.scripts import BEFORE, DONE, FAILED, NOT_RUN, scripts_of
from reports.judge.chip.walk import EXTERNAL, started
from reports.judge.criteria.chip import NO_CARD, last_case, order_number, so_far
from reports.judge.finding import Check, Finding, Scope, Verdict, inconclusive
from reports.judge.registry import View, criterion
from reports.judge.timeline import moment

COMMAND, CRYPTOGRAM = "command", "cryptogram"
RESULT_WORDS = {NOT_RUN: "not run", FAILED: "failed", DONE: "done"}
RESULT_BYTES = 5
"""EMV Book 4, A5."""


@criterion("chip.issuer-authentication", "The issuer proved himself to the chip so", "EMV Book 3, 10.9; cases.md 154")
def issuer_authentication(view: View, args: Mapping[str, Any]) -> Finding:
    """args: how (command: EXTERNAL AUTHENTICATE; cryptogram: by the second list; none); result: right or wrong."""
    view = so_far(view)
    expected = " ".join(str(args[key]) for key in ("how", "result") if args.get(key))
    case = last_case(view)
    if case is None:
        return inconclusive(expected, NO_CARD, *order_number(view))
    how, result, numbers = _proof(case)
    right = how == args["how"] and (not args.get("result") or not result or result == args["result"])
    if right and args.get("result") and not result:
        return inconclusive(expected, "nobody says what the card found", *numbers)
    return Finding(Verdict.PASS if right else Verdict.FAIL, expected, f"{how} {result}".strip(), numbers)


def _proof(case: Case) -> tuple[str, str, tuple[int, ...]]:
    """How, with what result (empty: not known), and the events."""
    walk, since = case.walk, moment(case.first.sent.command)
    asked = [s for s in walk.of(EXTERNAL) if moment(s.command) > since]
    if asked:
        return COMMAND, ("right" if asked[-1].ok else "wrong") if asked[-1].sw else "", asked[-1].numbers
    if walk.second is None or not any(walk.second.data.get("91", b"")):
        return NONE, "", (case.first.numbers[0], *(walk.second.numbers[:1] if walk.second else ()))
    facts = walk.told("issuer authentication")
    result = str(facts[-1].fields.get("result", "")) if facts else ""
    return CRYPTOGRAM, result, (*walk.second.numbers, *(f.number for f in facts[-1:]))


@criterion(
    "chip.scripts", "The issuer's scripts are run and told", "EMV Book 3, 10.10; facts/unionpay-pos 2.2; cases.md 156",
    scope=Scope.WHOLE_CASE,
)  # fmt: skip
def scripts(view: View, args: Mapping[str, Any]) -> Finding:
    """args: before, after: how many commands reached the card around the second GENERATE AC; results: of each script,
    done, failed or not run, as the terminal told the host; whichever matter."""
    order = view.order
    asked = [w for w in started(view) if order is not None and w.order is not None and w.order.number == order.number]
    if not asked:
        return inconclusive("scripts run and told", NO_CARD, *order_number(view))
    walk = asked[-1]
    found = scripts_of(view, walk, told(view, walk))
    check = Check(_expected(args))
    check.see(*(n for script in found for n in script.numbers))
    sent = [(script.template == BEFORE, s) for script in found for s in script.sent]
    for key, early in (("before", True), ("after", False)):
        own = [s for is_before, s in sent if is_before is early]
        if args.get(key) is not None and len(own) != int(args[key]):
            numbers = [n for s in own for n in s.numbers] or walk.rounds[-1].numbers
            check.deviate(f"{len(own)} commands of scripts {key} the second GENERATE AC reached the card", *numbers)
    if args.get("results") is not None:
        _results(check, view, list(args["results"]), [s for s in later_sendings(view) if s.walk is walk])
    return check.finding(f"{len(sent)} commands of {len(found)} scripts, as they should be")


def _expected(args: Mapping[str, Any]) -> str:
    parts = [f"{args[key]} commands {key} the second GENERATE AC" for key in ("before", "after") if key in args]
    return ", ".join([*parts, *([f"told: {', '.join(args['results'])}"] if args.get("results") is not None else [])])


def _results(check: Check, view: View, wanted: list[str], later: list[Any]) -> None:
    telling = [s for s in later if "DF31" in s.chip]
    if not telling:
        if wanted:
            check.miss("no results were told to the host", *order_number(view))
        return
    value, number = telling[0].chip["DF31"], telling[0].request.number
    told_as = [RESULT_WORDS.get(value[at] >> 4, "?") for at in range(0, len(value), RESULT_BYTES)]
    check.see(number)
    if told_as != wanted:
        check.deviate(f"the host was told: {', '.join(told_as)}", number)
