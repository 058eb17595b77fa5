"""The bits that tell what followed the host's word: issuer authentication, scripts, a combined signature.

EMV Book 3, 10.9 and 10.10; Book 2, 6.6.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from protocols.emv.verification import Aip, Tvr
from reports.judge.chip.authentication import Method, Truth, combined_truth, method_of
from reports.judge.chip.demands import Case, Demand, barred, demand, due
from reports.judge.chip.messages import Told
from reports.judge.chip.scripts import BEFORE, Script, carries_scripts, is_taken_in_full
from reports.judge.chip.walk import EXTERNAL
from reports.judge.timeline import moment

LATER = (Tvr.ISSUER_AUTHENTICATION_FAILED, Tvr.SCRIPT_FAILED_BEFORE, Tvr.SCRIPT_FAILED_AFTER)


def not_yet(case: Case) -> Iterator[Demand]:
    """Of the first round: nothing of it has happened."""
    for bit in LATER:
        yield barred(bit, "the issuer had not answered yet", case.first.numbers[0])


def demands(case: Case, told: Told, scripts: Sequence[Script]) -> Iterator[Demand]:
    """Of the second round."""
    yield from _kept(case)
    yield from _issuer(case, told)
    yield from _scripts(case, told, scripts)
    yield from _combined(case)
    yield barred(Tvr.SCRIPT_FAILED_AFTER, "no script had run after it", case.first.numbers[0])


def _kept(case: Case) -> Iterator[Demand]:
    """What was found before stays. EMV Book 3, 10"""
    for bit in Tvr:
        if case.tvr is not None and case.tvr & bit:
            yield due(bit, "it was set before", case.first.numbers[0])


def _issuer(case: Case, told: Told) -> Iterator[Demand]:
    """EMV Book 3, 10.9: only EXTERNAL AUTHENTICATE tells the terminal; by its second list a card decides alone."""
    second, bit = case.walk.second, Tvr.ISSUER_AUTHENTICATION_FAILED
    until = moment(second.sent.command) if second else None
    asked = [s for s in case.walk.of(EXTERNAL) if until is None or moment(s.command) < until]
    if asked and asked[-1].sw:
        answered = f"the card answered EXTERNAL AUTHENTICATE with {asked[-1].sw}"
        yield demand(bit, not asked[-1].ok, answered, answered, *asked[-1].numbers)
    elif told.reply is None or not told.reply.value("55.91"):
        yield barred(bit, "the issuer sent no authentication data", *told.numbers)
    elif case.walk.aip is not None and not case.walk.aip & Aip.ISSUER_AUTHENTICATION:
        yield barred(bit, "the card takes no EXTERNAL AUTHENTICATE", case.walk.number("82"))


def _scripts(case: Case, told: Told, scripts: Sequence[Script]) -> Iterator[Demand]:
    """EMV Book 3, 10.10, of those before the second cryptogram."""
    bit = Tvr.SCRIPT_FAILED_BEFORE
    before = [s for s in scripts if s.template == BEFORE]
    failed = [s for s in before if s.failed_at]
    if failed:
        at = failed[0].sent[-1]
        yield due(bit, f"the card answered its script's {at.name} with {at.sw}", *at.numbers)
    elif not carries_scripts(told):
        yield barred(bit, "the issuer sent no script", *told.numbers)
    elif scripts and is_taken_in_full(scripts) and all(s.is_whole for s in before):
        yield barred(bit, "no script failed before it", *told.numbers)


def _combined(case: Case) -> Iterator[Demand]:
    if case.walk.aip is None or case.capabilities is None or method_of(case) is not Method.CDA:
        return
    truth, why, number = combined_truth(case)
    if truth is not Truth.OPEN:
        yield demand(Tvr.CDA_FAILED, truth is Truth.WRONG, why, why, number)


def after(scripts: Sequence[Script], numbers: Sequence[int]) -> Iterator[Demand]:
    """Of a script notice: both bits of scripts, by what the card answered. EMV Book 3, 10.10"""
    for bit, template in ((Tvr.SCRIPT_FAILED_BEFORE, "71"), (Tvr.SCRIPT_FAILED_AFTER, "72")):
        own = [s for s in scripts if s.template == template]
        failed = [s for s in own if s.failed_at]
        if failed:
            yield due(bit, f"the card refused a command of its script {template}", *failed[0].numbers)
        elif all(s.is_whole for s in own):
            yield barred(bit, f"no command of a script {template} failed", *numbers)
