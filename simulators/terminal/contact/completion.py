"""What the issuer answered, or that it could not be asked, brought to the card. EMV Book 3, 10.9 to 10.11."""

from __future__ import annotations

from dataclasses import dataclass, field

from protocols.emv import Apdu, ResponseApdu, TlvError
from protocols.emv.tlv import top
from protocols.emv.verification import Aip, Tsi, Tvr
from simulators.terminal.contact.actions import AAC, APPROVED_UNABLE, DECLINED_UNABLE, TC, when_unable
from simulators.terminal.contact.channel import Channel
from simulators.terminal.contact.generation import Generation
from simulators.terminal.contact.scripts import AFTER, BEFORE, DONE, Script, run, scripts_of
from simulators.terminal.contact.state import ChipTransaction

CODE, AUTHENTICATION, RESULTS = "8A", "91", "DF31"
AUTHENTICATION_LENGTHS = range(8, 17)
"""EMV Book 3, Annex A1: 8 bytes that are the same for everybody, and up to 8 of the issuer's own."""
SCRIPT_FAILED = {BEFORE: Tvr.SCRIPT_FAILED_BEFORE, AFTER: Tvr.SCRIPT_FAILED_AFTER}
OTHER_ORDER = {BEFORE: AFTER, AFTER: BEFORE}


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What the issuer says: its decision and code, and what it has for the card."""

    approved: bool
    code: str
    authentication: bytes | None = field(default=None, repr=False)
    scripts: tuple[Script, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, approved: bool, code: str, chip: bytes | None) -> HostAnswer:
        """With what the reply's F55 holds; one that is no TLV holds nothing. facts/unionpay-pos 2.2"""
        try:
            objects = top(chip or b"")
        except TlvError:
            objects = []
        authentication = next((node.value for node in objects if node.tag == AUTHENTICATION), None)
        return cls(approved, code, authentication, scripts_of(objects))


class Completion:
    """Ends one transaction with its card. Raises CardRemoved and CardUnusable, but not after the card's last word."""

    def __init__(
        self, transaction: ChipTransaction, channel: Channel, generation: Generation,
        defects: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        self._transaction = transaction
        self._channel = channel
        self._generation = generation
        self._defects = defects

    def answered(self, answer: HostAnswer) -> str:
        """Issuer authentication, scripts, second GENERATE AC, scripts. The card's word: TC or AAC."""
        self._transaction.terminal[CODE] = answer.code.encode("ascii")
        if "arpc-not-handed" not in self._defects:
            self._hand_over(answer.authentication)
        self._run(answer.scripts, BEFORE)
        if "second-cryptogram-skipped" in self._defects:
            return TC if answer.approved else AAC
        given = self._second(TC if answer.approved else AAC)
        self._run(answer.scripts, AFTER)
        return given

    def unanswered(self, *, online_only: bool) -> str:
        """EMV Book 3, 10.7 and 10.11; Book 4, A6: the terminal's own code."""
        asked = when_unable(self._transaction, online_only=online_only, defects=self._defects)
        self._transaction.terminal[CODE] = (APPROVED_UNABLE if asked == TC else DECLINED_UNABLE).encode("ascii")
        return asked if "second-cryptogram-skipped" in self._defects else self._second(asked)

    def _second(self, asked: str) -> str:
        """A TC under a wrong signature is as an AAC. EMV Book 2, 6.6.2"""
        word = self._generation.second(asked)
        return word.kind if word.trusted else AAC

    # ── issuer authentication ─────────────────────────────────────────────────────────────────────────────────

    def _hand_over(self, authentication: bytes | None) -> None:
        """EMV Book 3, 10.9: by a command where the card says so, else with the data of the second GENERATE AC.

        Data of a length that the command cannot have are as none: judged, the books say nothing.
        """
        if authentication is None or len(authentication) not in AUTHENTICATION_LENGTHS:
            return
        self._transaction.terminal[AUTHENTICATION] = authentication
        if Aip.ISSUER_AUTHENTICATION not in self._transaction.aip:
            return
        answer = self._channel.send(Apdu(0x00, 0x82, 0x00, 0x00, authentication))  # 6.5.4
        self._transaction.tsi |= Tsi.ISSUER_AUTHENTICATED
        if not answer.ok:
            self._transaction.tvr |= Tvr.ISSUER_AUTHENTICATION_FAILED

    # ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────

    def _run(self, scripts: tuple[Script, ...], phase: str) -> None:
        """EMV Book 3, 10.10: each script to its end or its first failure, and then the next."""
        template = OTHER_ORDER[phase] if "script-order-swapped" in self._defects else phase
        for script in scripts:
            if script.template != template:
                continue
            result = run(script, self._status)
            self._transaction.terminal[RESULTS] = self._transaction.terminal.get(RESULTS, b"") + result
            self._transaction.tsi |= Tsi.SCRIPTS_PROCESSED
            if not result[0] & DONE:
                self._transaction.tvr |= SCRIPT_FAILED[phase]

    def _status(self, command: bytes) -> str:
        return ResponseApdu.parse(self._channel.exchange(command)).sw
