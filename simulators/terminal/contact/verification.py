"""Cardholder verification: the card's list of methods, rule by rule. EMV Book 3, 10.5 and Annex C3; Book 4, 6.3.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.emv.cvm import (
    NONE_SATISFIED,
    NOT_PERFORMED,
    CvmList,
    CvmListError,
    CvmResults,
    CvmRule,
    Method,
    Outcome,
    method_words,
)
from protocols.emv.verification import Aip, Capabilities, Tsi, Tvr
from protocols.pinpad import PinEntry
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.conditions import is_met
from simulators.terminal.contact.pins import Pins
from simulators.terminal.contact.state import ChipTransaction
from simulators.terminal.devices import Cardholder, PinPad

C = Capabilities
NEEDS: dict[int, Capabilities] = {  # EMV Book 4, Annex A2
    Method.FAIL: C(0),
    Method.PLAIN_PIN: C.PLAIN_PIN,
    Method.ONLINE_PIN: C.ONLINE_PIN,
    Method.PLAIN_PIN_SIGNATURE: C.PLAIN_PIN | C.SIGNATURE,
    Method.ENCIPHERED_PIN: C.ENCIPHERED_PIN,
    Method.ENCIPHERED_PIN_SIGNATURE: C.ENCIPHERED_PIN | C.SIGNATURE,
    Method.SIGNATURE: C.SIGNATURE,
    Method.NO_CVM: C.NO_CVM,
    Method.DOCUMENT: C.DOCUMENT,  # likely: PBOC 3.0 (JR/T 0025), no figure found in the facts
}
"""The methods that the terminal understands, and what it must be able to do for each."""
PLAIN = (Method.PLAIN_PIN, Method.PLAIN_PIN_SIGNATURE)
ENCIPHERED = (Method.ENCIPHERED_PIN, Method.ENCIPHERED_PIN_SIGNATURE)
OUTCOMES: dict[int, Outcome] = {  # EMV Book 4, 6.3.4.5: what the terminal itself knows of a method that went well
    Method.PLAIN_PIN: Outcome.SUCCESSFUL,
    Method.ENCIPHERED_PIN: Outcome.SUCCESSFUL,
    Method.NO_CVM: Outcome.SUCCESSFUL,
    Method.DOCUMENT: Outcome.SUCCESSFUL,  # likely
}
DOCUMENTS = {0: "身份证", 1: "军官证", 2: "护照", 3: "入境证", 4: "临时身份证", 5: "其他"}  # 9F62; likely: JR/T 0025


@dataclass(frozen=True, slots=True)
class Verified:
    """How it went. `pin` is there when a PIN goes to the issuer."""

    results: CvmResults
    pin: PinEntry | None = None

    @property
    def words(self) -> str:
        """The method, as the books name it."""
        return method_words(self.results.method)


def verify_cardholder(
    transaction: ChipTransaction, channel: Channel, pinpad: PinPad, cardholder: Cardholder,
    defects: frozenset[str] = frozenset(),
) -> Verified:  # fmt: skip
    """Sets 9F34, TVR byte 3 and TSI. Raises PinCancelled, PinTimedOut, CardUnusable, CardRemoved."""
    verified = Verification(transaction, channel, pinpad, cardholder, defects).run()
    transaction.terminal["9F34"] = verified.results.pack()
    if "cvm-results-wrong" in defects:
        transaction.terminal["9F34"] = verified.results._replace(outcome=Outcome.SUCCESSFUL).pack()
    return verified


class Verification:
    """One walk through the list."""

    def __init__(
        self, transaction: ChipTransaction, channel: Channel, pinpad: PinPad, cardholder: Cardholder,
        defects: frozenset[str],
    ) -> None:  # fmt: skip
        self._transaction = transaction
        self._able = transaction.configuration.capabilities
        self._pins = pins = Pins(transaction, channel, pinpad, defects)
        self._cardholder = cardholder
        self._defects = defects
        self._last = NONE_SATISFIED
        self._ways: dict[int, Callable[[], bool]] = {
            Method.FAIL: lambda: False,
            Method.PLAIN_PIN: pins.plain,
            Method.ONLINE_PIN: pins.online,
            Method.PLAIN_PIN_SIGNATURE: pins.plain,
            Method.ENCIPHERED_PIN: pins.enciphered,
            Method.ENCIPHERED_PIN_SIGNATURE: pins.enciphered,
            Method.SIGNATURE: lambda: True,  # EMV Book 3, 10.5.3: done, once the slip has its line
            Method.NO_CVM: lambda: True,
            Method.DOCUMENT: self._document,
        }

    def run(self) -> Verified:
        """EMV Book 3, 10.5."""
        if Aip.CARDHOLDER_VERIFICATION not in self._transaction.aip:
            return Verified(NOT_PERFORMED)
        rules = self._list()
        if rules is None or not rules.rules:  # a list without rules counts as none
            self._note(Tvr.DATA_MISSING)  # EMV Book 3, 7.5
            return Verified(NOT_PERFORMED)
        self._transaction.tsi |= Tsi.CVM_PERFORMED
        if not self._walk(rules):
            self._note(Tvr.CVM_FAILED)
        return Verified(self._last, self._pins.for_issuer)

    def _list(self) -> CvmList | None:
        value = self._transaction.card.get("8E")
        try:
            return CvmList.parse(value) if value else None
        except CvmListError as error:  # EMV Book 3, 7.5
            raise CardUnusable(error.message, fallback=True) from None

    def _walk(self, rules: CvmList) -> bool:
        """Whether a method went well. A rule whose condition is not met is passed over, whatever its b7 says."""
        for rule in rules.rules:
            supported = self._supports(rule.method)
            if not is_met(rule.condition, rules, self._transaction, supported=supported):
                continue
            if self._performed(rule):
                return True
            if not rule.apply_next or ("unknown-cvm-stops" in self._defects and rule.method not in NEEDS):
                return False
        return False

    def _supports(self, method: int) -> bool:
        """A combined method only if the terminal can do both. EMV Book 3, 10.5.4"""
        return method in NEEDS and NEEDS[method] in self._able

    # ── methods ───────────────────────────────────────────────────────────────────────────────────────────────

    def _performed(self, rule: CvmRule) -> bool:
        """Whether it was done and went well; what was tried last stands in 9F34. EMV Book 4, Annex A4"""
        if rule.method not in NEEDS:
            self._note(Tvr.UNKNOWN_CVM)  # EMV Book 3, 10.5
            return False
        if not self._supports(rule.method):
            self._note_unsupported(rule.method)
            return False
        right = self._ways[rule.method]()
        outcome = OUTCOMES.get(rule.method, Outcome.UNKNOWN) if right else Outcome.FAILED
        self._last = CvmResults(rule.code, rule.condition, outcome)
        return right

    def _note_unsupported(self, method: int) -> None:
        """A terminal that takes one kind of offline PIN is not told to be without. EMV Book 3, 10.5.1 and 10.5.2"""
        offline = method in PLAIN + ENCIPHERED and not self._able & (C.PLAIN_PIN | C.ENCIPHERED_PIN)
        if offline or method == Method.ONLINE_PIN:
            self._note(Tvr.PINPAD_NOT_WORKING)

    def _document(self) -> bool:
        kind = self._transaction.card.get("9F62", b"\x05")
        number = self._transaction.card.get("9F61", b"").decode("gb18030", "replace").strip("\0 ")
        return self._cardholder.document_matches(DOCUMENTS.get(int.from_bytes(kind), DOCUMENTS[5]), number)

    def _note(self, bit: Tvr) -> None:
        self._transaction.tvr |= bit
