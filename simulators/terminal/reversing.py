"""Reversals on their way to the host. facts/unionpay-pos 5.19."""

from __future__ import annotations

from enum import Enum

from simulators.terminal.gateways import NotConnected
from simulators.terminal.journal import Armed, Journal
from simulators.terminal.line import Line

ENDLESS_TRIES = 3
"""How many tries beyond the limit the defect `reversal-endless` makes: without an end no case would come to its own."""
WAITED_FOR_NOTHING = ("98", "96")
"""5.19: answers to a reversal after which the next try says 06."""


class Try(Enum):
    """How one try of a reversal ended."""

    DONE = "the reversal is over"
    FAILED = "it was sent, and must be sent again"
    NOT_SENT = "the host cannot be reached, nothing was sent"


class Reversals:
    """What is armed in the journal, sent until it is over or given up."""

    def __init__(self, line: Line, journal: Journal) -> None:
        self._line = line
        self._journal = journal

    def drain(self) -> None:
        """Every armed reversal, each up to its limit; then it is given up and goes to the exception list.

        A host that cannot be reached stops this: what was not sent was not tried. 5.19: a dial failure stops.
        """
        while (armed := self._journal.armed()) is not None:
            if armed.tries > self._repeats():
                self._journal.give_up(armed.trace)
                self._line.tell("reversal", status="given up", trace=armed.trace)
                self._line.show("冲正失败 请联系银行")
            elif self.try_once(armed) is Try.NOT_SENT:
                return

    def _repeats(self) -> int:
        """Further tries after the first: a parameter (tag 23), else the market's."""
        downloaded = self._line.parameters().reversal_repeats
        repeats = self._line.market.reversal.repeats if downloaded is None else downloaded
        return repeats + (ENDLESS_TRIES if "reversal-endless" in self._line.defects else 0)

    def try_once(self, armed: Armed) -> Try:
        """One try. 5.19: 00, 25 and 12 end it."""
        line, rule = self._line, self._line.market.reversal
        if not line.signed_on() or not line.connected():
            return Try.NOT_SENT
        trace = self._journal.next_trace() if "reversal-new-trace" in line.defects else armed.trace
        message = line.builder().reversal(armed, trace)
        self._journal.tried(armed.trace)
        line.tell("reversal", status="sent", trace=trace)
        try:
            received = line.send_sealed(message)
        except NotConnected:
            return Try.NOT_SENT
        if received is None:
            return Try.FAILED
        code = str(received.message.get(39, ""))
        sealed = line.seal_of(received) == "valid"
        if not sealed or code in line.market.sign_on_codes:
            if not sealed and code not in line.market.sign_on_codes:
                self._journal.explain(armed.trace, rule.reason_mac)
            line.forget_keys()
            return Try.FAILED
        if code not in rule.stop_codes:
            if code in WAITED_FOR_NOTHING:
                self._journal.explain(armed.trace, rule.reason_other)
            return Try.FAILED
        self._journal.disarm(armed.trace)
        line.tell("reversal", status="done", trace=trace)
        return Try.DONE
