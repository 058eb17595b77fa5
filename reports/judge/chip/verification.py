"""Cardholder verification: what came of each rule of the card's list, and what CVM results and bits must say of it.

EMV Book 3, 10.5; Book 4, 6.3.4. What people did at the PIN pad and what the card answered to VERIFY is the truth here.
Where neither is known, results are left open from that rule on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from protocols.emv.cvm import NONE_SATISFIED, NOT_PERFORMED, Condition, CvmList, CvmListError, CvmRule, Method, Outcome
from protocols.emv.verification import Aip, Capabilities, Tvr
from reports.judge.chip.conditions import is_met, supports
from reports.judge.chip.demands import Case, Demand, barred, due
from reports.judge.chip.pins import PIN_METHODS, PinTruth, pin_truth

BITS = (
    Tvr.CVM_FAILED, Tvr.UNKNOWN_CVM, Tvr.PIN_TRIES_EXCEEDED, Tvr.PINPAD_NOT_WORKING, Tvr.PIN_NOT_ENTERED,
    Tvr.ONLINE_PIN_ENTERED,
)  # fmt: skip

NO_BITS = Tvr(0)


@dataclass
class Verified:
    """What verification came to. `results` are the values of 9F34 that say it, none where that is open.

    `due` and `loose` are bits that must be set, and bits of which nobody can tell; the others must not be. `unasked` is
    a rule by which a PIN was due that nobody was asked for.
    """

    results: set[bytes] = field(default_factory=set)
    due: dict[Tvr, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    loose: Tvr = NO_BITS
    is_open: bool = False
    unasked: CvmRule | None = None
    why: str = ""
    numbers: tuple[int, ...] = ()

    def demands(self) -> Iterator[Demand]:
        for bit, (why, numbers) in self.due.items():
            yield due(bit, why, *numbers)
        for bit in BITS if not self.is_open else ():
            if bit not in self.due and not bit & self.loose:
                yield barred(bit, self.why, *self.numbers)


def verified(case: Case) -> Verified:
    """Of the first round."""
    aip, capabilities = case.walk.aip, case.capabilities
    if aip is None or capabilities is None:
        return Verified(is_open=True)
    if not aip & Aip.CARDHOLDER_VERIFICATION:
        why = "the card supports no cardholder verification"
        return Verified({NOT_PERFORMED.pack()}, why=why, numbers=(case.walk.number("82"),))
    try:
        rules = CvmList.parse(case.walk.value("8E")) if case.walk.value("8E") else CvmList(0, 0, ())
    except CvmListError:
        return Verified(is_open=True)
    if not rules.rules:
        why = "the card has no list of rules"
        return Verified({NOT_PERFORMED.pack()}, why=why, numbers=(case.walk.number("82"),))
    return _Verification(case, capabilities, rules).go()


class _Verification:
    """Goes through the rules as a terminal must."""

    def __init__(self, case: Case, capabilities: Capabilities, rules: CvmList) -> None:
        self._case = case
        self._capabilities = capabilities
        self._rules = rules
        self._found = Verified(numbers=(case.walk.number("8E"),))
        self._failed: set[bytes] = set()  # what 9F34 may say if nothing comes of any rule
        self._bypassed = False

    def go(self) -> Verified:
        found = self._found
        for rule in self._rules.rules:
            met = is_met(self._case, self._capabilities, self._rules, rule)
            if met is None:
                return self._leave_open()
            if not met:
                self._passed_over(rule)
                continue
            ended = self._applied(rule)
            if ended is None:
                return self._leave_open()
            if ended:
                found.results = {bytes((*rule, outcome)) for outcome in ended}
                found.why = f"verification ended well by '{rule.words()}'"
                return found
            if not rule.apply_next:
                break
        return self._unsuccessful()

    def _passed_over(self, rule: CvmRule) -> None:
        """A method that nobody knows, if the terminal supports it: not met, or not recognised. EMV Book 3, 10.5"""
        if rule.known is None and rule.condition == Condition.SUPPORTED:
            self._found.loose |= Tvr.UNKNOWN_CVM

    def _leave_open(self) -> Verified:
        self._found.is_open = True
        return self._found

    def _unsuccessful(self) -> Verified:
        self._found.results = self._failed or {NONE_SATISFIED.pack()}
        self._found.why = "no rule of the card's list was satisfied"
        self._set(Tvr.CVM_FAILED, self._found.why, *self._found.numbers)
        return self._found

    def _set(self, bit: Tvr, why: str, *numbers: int) -> None:
        self._found.due.setdefault(bit, (why, numbers))

    def _failing(self, rule: CvmRule, *, attempted: bool) -> tuple[Outcome, ...]:
        """Where it is not sure that a rule counts as attempted, results may say so or keep to what they were."""
        if attempted:
            self._failed = {bytes((*rule, Outcome.FAILED))}
        else:
            self._failed = {*(self._failed or {NONE_SATISFIED.pack()}), bytes((*rule, Outcome.FAILED))}
        return ()

    # ── one rule ──────────────────────────────────────────────────────────────────────────────────────────────

    def _applied(self, rule: CvmRule) -> tuple[Outcome, ...] | None:
        """The outcomes that results may tell of a rule that was satisfied; none of one that was not; None is open."""
        method = rule.known
        if method is None:
            return self._unknown(rule)
        if method is Method.FAIL:
            return self._failing(rule, attempted=True)
        if not supports(self._capabilities, method):
            return self._unsupported(rule, method)
        if method in PIN_METHODS:
            return self._pin(rule, method)
        if method is Method.DOCUMENT:  # what an operator found is not known here
            return None
        return (Outcome.SUCCESSFUL,) if method is Method.NO_CVM else (Outcome.UNKNOWN,)  # EMV Book 4, 6.3.4.5

    def _unknown(self, rule: CvmRule) -> tuple[Outcome, ...]:
        """EMV Book 3, 10.5: unrecognised."""
        self._set(Tvr.UNKNOWN_CVM, f"the card's list has '{rule.words()}'", self._case.walk.number("8E"))
        return self._failing(rule, attempted=False)

    def _unsupported(self, rule: CvmRule, method: Method) -> tuple[Outcome, ...]:
        """EMV Book 3, 10.5.1, 10.5.2: a PIN that the terminal cannot take may count as a pad that is not there; a code
        of UnionPay's own, as one that is not recognised."""
        if method in PIN_METHODS:
            self._found.loose |= Tvr.PINPAD_NOT_WORKING
        if method is Method.DOCUMENT:
            self._found.loose |= Tvr.UNKNOWN_CVM
        return self._failing(rule, attempted=False)

    def _pin(self, rule: CvmRule, method: Method) -> tuple[Outcome, ...] | None:
        """EMV Book 3, 10.5.1, 10.5.2; Book 4, 6.3.4.3: one bypass may count for every later PIN."""
        truth, why, numbers = pin_truth(self._case, method)
        if self._bypassed and truth is PinTruth.NO_TRIES:
            self._found.loose |= truth.bit
            return self._failing(rule, attempted=False)
        if truth is PinTruth.OPEN:
            return None
        if truth is PinTruth.UNASKED:
            self._found.unasked = rule
            return None
        if truth is PinTruth.RIGHT:
            combined = method in (Method.PLAIN_PIN_SIGNATURE, Method.ENCIPHERED_PIN_SIGNATURE)
            return (Outcome.UNKNOWN,) if combined else (Outcome.SUCCESSFUL,)
        if truth is PinTruth.SENT:
            self._set(Tvr.ONLINE_PIN_ENTERED, why, *numbers)
            return (Outcome.UNKNOWN,)
        self._bypassed = self._bypassed or truth is PinTruth.BYPASSED
        if truth.bit:
            self._set(truth.bit, why, *numbers)
        return self._failing(rule, attempted=truth is PinTruth.REFUSED)
