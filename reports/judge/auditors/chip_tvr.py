"""Chip: the terminal verification results say what happened, bit by bit, and so do the CVM results.

What they must say is worked out from the evidence alone (`reports/judge/chip`). A bit of which the evidence does not
tell is left open; how many were judged is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from protocols.emv.cvm import CvmResults
from protocols.emv.verification import Tvr
from reports.judge.auditors import Audit
from reports.judge.chip import authentication, completion, restrictions, risk
from reports.judge.chip.demands import Case, Demand, case_of, compare
from reports.judge.chip.messages import Told, later_sendings, told
from reports.judge.chip.scripts import Script, scripts_of
from reports.judge.chip.verification import verified
from reports.judge.chip.walk import Walk, started
from reports.judge.finding import Check, Finding
from reports.judge.registry import View, once

Demands = Callable[[Case], Iterable[Demand]]


@once
def cases(view: View) -> list[Case]:
    """Each walk in which a cryptogram was asked for with results that are known."""
    return [case for case in (case_of(view, walk) for walk in started(view)) if case is not None]


def _judge(view: View, demands: Demands, about: str) -> Finding | None:
    """Hold the results of every first round against what is demanded."""
    check = Check(f"the bits of {about} are set where the events demand it, and nowhere else")
    judged = 0
    for case in cases(view):
        if case.tvr is not None:
            judged += compare(check, case.tvr, case.first, demands(case))
    return check.finding(f"{judged} bits of {about} as the events demand") if judged else None


def authentication_bits(view: View) -> Finding | None:
    return _judge(view, _of_authentication, "offline data authentication")


def _of_authentication(case: Case) -> Iterator[Demand]:
    yield from authentication.demands(case)
    yield from authentication.data_missing(case)


def restriction_bits(view: View) -> Finding | None:
    return _judge(view, restrictions.demands, "processing restrictions")


def verification_bits(view: View) -> Finding | None:
    return _judge(view, lambda case: verified(case).demands(), "cardholder verification")


def risk_bits(view: View) -> Finding | None:
    return _judge(view, risk.demands, "terminal risk management")


# ── after the host's word ─────────────────────────────────────────────────────────────────────────────────────────


def completion_bits(view: View) -> Finding | None:
    """Those of the first round, of the second, and of a script notice."""
    check = Check("the bits of issuer authentication and scripts are set where the events demand it, and nowhere else")
    judged = 0
    for case in cases(view):
        if case.tvr is not None:
            judged += compare(check, case.tvr, case.first, completion.not_yet(case))
        judged += _second(check, view, case)
    judged += _noticed(check, view)
    return check.finding(f"{judged} bits as the events demand") if judged else None


def _second(check: Check, view: View, case: Case) -> int:
    second = case.walk.second
    if second is None or second.tvr is None:
        return 0
    word, scripts = _answered(view, case.walk)
    return compare(check, second.tvr, second, completion.demands(case, word, scripts))


def _answered(view: View, walk: Walk) -> tuple[Told, list[Script]]:
    word = told(view, walk)
    return word, scripts_of(view, walk, word)


def _noticed(check: Check, view: View) -> int:
    judged = 0
    for sending in later_sendings(view):
        value = sending.chip.get("95", b"")
        _, scripts = _answered(view, sending.walk)
        if len(value) != Tvr.size() or "DF31" not in sending.chip or not scripts or not sending.walk.rounds:
            continue
        numbers = (sending.request.number,)
        for wanted in completion.after(scripts, numbers):
            judged += 1
            if bool(Tvr.parse(value) & wanted.bit) is not wanted.due:
                how = "is not set" if wanted.due else "is set"
                check.deviate(
                    f"TVR {value.hex().upper()} of the notice: '{wanted.bit.label}' {how}, though {wanted.why}",
                    *numbers, *wanted.numbers,
                )  # fmt: skip
        check.see(*numbers)
    return judged


# ── the value itself ──────────────────────────────────────────────────────────────────────────────────────────────


def sent(view: View) -> Finding | None:
    """Five bytes, nothing set that the books keep for later, and the host gets what the card got."""
    check = Check("the results are five bytes without bits that mean nothing, and the same for card and host")
    known = Tvr(0)
    for bit in Tvr:
        known |= bit
    for case in cases(view):
        for value in (case.first.data.get("95"), case.message.get("95")):
            if value is None:
                continue
            check.see(case.first.numbers[0])
            if len(value) != Tvr.size():
                check.deviate(f"the results have {len(value)} bytes", case.first.numbers[0])
            elif unknown := Tvr.parse(value) & ~known:
                check.deviate(f"TVR {value.hex().upper()}: {unknown.words()[0]} is set", case.first.numbers[0])
    return check.finding("as they must be") if check.seen else None


def cvm_results(view: View) -> Finding | None:
    """9F34 tells the rule that was applied and how it went. EMV Book 4, 6.3.4.5 and A4"""
    check = Check("the CVM results tell the rule that was applied last, and how it went")
    for case in cases(view):
        _results(check, case)
    return check.finding("they tell what happened") if check.seen or check.deviations else None


def _results(check: Check, case: Case) -> None:
    found, value = verified(case), case.terminal("9F34")
    number, rules = case.first.numbers[0], case.walk.number("8E")
    if found.unasked is not None:
        text = f"by '{found.unasked.words()}' a PIN was due, and nobody was asked for it"
        check.deviate(text, number, rules, case.setting.number)
    if len(value) != 3 or found.is_open or not found.results:
        return
    check.see(number, rules)
    if value not in found.results:
        right = " or ".join(_words(result) for result in sorted(found.results))
        check.deviate(f"CVM results are {_words(value)}, and {found.why}: {right}", number, rules, *found.numbers)


def _words(value: bytes) -> str:
    return f"{value.hex().upper()} ({CvmResults.parse(value).words()})"


_PARTS: tuple[tuple[str, str, str, Callable[[View], Finding | None]], ...] = (
    ("authentication", "TVR: offline data authentication", "EMV Book 3, 10.3, 7.5", authentication_bits),
    ("restrictions", "TVR: processing restrictions", "EMV Book 3, 10.4", restriction_bits),
    ("verification", "TVR: cardholder verification", "EMV Book 3, 10.5", verification_bits),
    ("risk", "TVR: terminal risk management", "EMV Book 3, 10.6", risk_bits),
    ("completion", "TVR: issuer authentication and scripts", "EMV Book 3, 10.9, 10.10", completion_bits),
    ("sent", "TVR: the value itself", "EMV Book 3, Annex C5", sent),
)
AUDITS = (
    *(Audit(f"chip.tvr-{part}", title, f"design 4; {rule}", "terminal", judge) for part, title, rule, judge in _PARTS),
    Audit("chip.cvm-results", "CVM results tell what happened", "EMV Book 4, 6.3.4.5", "terminal", cvm_results),
)
