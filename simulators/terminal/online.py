"""Everything that goes online: signing on, requests that are armed before they leave, and reversals.

facts/unionpay-pos 5.19: the reversal is durable before its request leaves; an authentic answer of any code but an
approval disarms it; an approval disarms it when the terminal has finished; what is left armed goes before the next
online request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from protocols.events import Channel, Emit, Event
from protocols.iso8583 import UNIONPAY, EcbMac, Frame, KeyCheckError, Message, WorkingKeys, compile_spec, pack_frame
from protocols.market import Market
from protocols.transactions import Transaction
from simulators.terminal.journal import Armed, Journal
from simulators.terminal.link import HostLink, NotConnected, Received
from simulators.terminal.messages import Builder
from simulators.terminal.parameters import TerminalParameters


class Trouble(Enum):
    """Why there is no reply that can be used."""

    NOT_SENT = "not connected, nothing was sent"
    NO_REPLY = "no reply in time"
    WRONG_MAC = "the MAC of the reply is wrong"


class Try(Enum):
    """How one try of a reversal ended."""

    DONE = "the reversal is over"
    FAILED = "it was sent, and must be sent again"
    NOT_SENT = "the host cannot be reached, nothing was sent"


@dataclass(frozen=True, slots=True)
class Online:
    """How a request fared: a reply, or the trouble."""

    reply: Message | None
    trouble: Trouble | None = None

    @property
    def code(self) -> str:
        return str(self.reply[39]) if self.reply else ""


class OnlineDesk:
    """The terminal's traffic with its host. `defects` are seeded faults, each at one place."""

    def __init__(
        self, *, host: tuple[str, int], market: Market, journal: Journal, emit: Emit, defects: frozenset[str],
        parameters: Callable[[], TerminalParameters],
    ) -> None:  # fmt: skip
        self._market = market
        self._journal = journal
        self._emit = emit
        self._defects = defects
        self._parameters = parameters
        self._codec = compile_spec(UNIONPAY)
        self._link = HostLink(host, parameters().connect_timeout_s, self._stray)
        self._keys: WorkingKeys | None = None
        self._mac: EcbMac | None = None
        self.late: dict[str, Message] = {}

    def close(self) -> None:
        self._link.drop()

    @property
    def keys(self) -> WorkingKeys | None:
        """The session's working keys, None until signed on."""
        return self._keys

    def _tell(self, kind: str, **fields: Any) -> None:
        self._emit(Event(Channel.TERMINAL, kind, fields))

    def builder(self) -> Builder:
        return Builder(self._parameters(), self._market.currency.numeric)

    # ── sign-on ───────────────────────────────────────────────────────────────────────────────────────────────

    def sign_on(self) -> Online:
        """Fetch working keys; a key whose check value is wrong leaves the terminal signed off (4.4)."""
        self._keys = self._mac = None
        request = self.builder().sign_on(self._journal.next_trace(), self._market.security.sign_on)
        try:
            received = self._link.exchange(
                self._frame(self._codec.pack(request)), request, self._parameters().response_timeout_s
            )
        except NotConnected:
            return Online(None, Trouble.NOT_SENT)
        if received is None:
            return Online(None, Trouble.NO_REPLY)
        if received.message.get(39) == "00":
            try:
                self._keys = WorkingKeys.unwrap(self._parameters().master_key, _octets(received.message.get(62)))
            except KeyCheckError as error:
                self._tell("display", text=str(error), audience="operator")
                return Online(None, Trouble.WRONG_MAC)
            self._mac = EcbMac(self._keys.mac)
        return Online(received.message)

    def ready(self) -> bool:
        """Signed on, and nothing armed that should have gone before. False when the host cannot be reached."""
        if not self._signed_on():
            return False
        if "reversal-after-next-request" in self._defects:
            return True
        self.drain()
        return self._journal.armed() is None and self._signed_on()

    def _signed_on(self) -> bool:
        return self._mac is not None or (self.sign_on().code == "00" and self._mac is not None)

    # ── requests ──────────────────────────────────────────────────────────────────────────────────────────────

    def request(self, transaction: Transaction, message: Message) -> Online:
        """Arm the reversal, send, and take the authentic reply."""
        assert self._mac is not None
        trace = str(message[11])
        self._journal.arm(trace, transaction.value, self.builder().kept(message), self._market.reversal.reason_no_reply)
        self._tell("reversal", status="written", trace=trace)
        body = self._mac.seal(self._codec, message)
        try:
            received = self._link.exchange(self._frame(body), message, self._parameters().response_timeout_s)
        except NotConnected:
            self._journal.disarm(trace)
            return Online(None, Trouble.NOT_SENT)
        return self._taken(trace, received)

    def _taken(self, trace: str, received: Received | None) -> Online:
        if received is None:
            if "no-reversal-on-timeout" in self._defects:
                self._journal.disarm(trace)
            return Online(None, Trouble.NO_REPLY)
        assert self._mac is not None
        if self._mac.check(received.body) != "valid" and "wrong-mac-accepted" not in self._defects:
            if received.message.get(39) in self._market.sign_on_codes:  # a host that does not know our keys cannot seal
                self._journal.disarm(trace)
                self._forget_keys()
                return Online(received.message)
            self._journal.explain(trace, self._market.reversal.reason_mac)
            self._forget_keys()
            return Online(None, Trouble.WRONG_MAC)
        code = str(received.message[39])
        if code not in self._market.success_codes:
            self._journal.disarm(trace)
        else:
            approval = str(received.message.get(38, ""))
            self._journal.explain(trace, self._market.reversal.reason_cannot_finish, approval)
        if code in self._market.sign_on_codes:
            self._forget_keys()
        return Online(received.message)

    def finished(self, trace: str) -> None:
        """The approval was completed: it must never be reversed now."""
        if "completed-approval-reversed" not in self._defects:
            self._journal.disarm(trace)

    def cannot_finish(self, trace: str) -> None:
        """An approval that the chip declined or the card's removal cut short. 5.19: reason 06."""
        self._journal.explain(trace, self._market.reversal.reason_other)

    def _forget_keys(self) -> None:
        self._keys = self._mac = None

    # ── reversals ─────────────────────────────────────────────────────────────────────────────────────────────

    def reverse_at_once(self) -> None:
        """The first try, where the market wants it straight after the failure."""
        if self._market.reversal.first_try == "at once" and "reversal-after-next-request" not in self._defects:
            armed = self._journal.armed()
            if armed is not None:
                self._try(armed)

    def drain(self) -> None:
        """Every armed reversal, each up to the market's limit; then it is given up and goes to the exception list.

        A host that cannot be reached stops this: what was not sent was not tried. 5.19: a dial failure stops.
        """
        while (armed := self._journal.armed()) is not None:
            if armed.tries > self._market.reversal.repeats:
                self._journal.give_up(armed.trace)
                self._tell("reversal", status="given up", trace=armed.trace)
                self._tell("display", text="冲正失败 请联系银行", audience="operator")
            elif self._try(armed) is Try.NOT_SENT:
                return

    def _try(self, armed: Armed) -> Try:
        """One try. 5.19: 00, 25 and 12 end it."""
        if not self._signed_on() or not self._connected():
            return Try.NOT_SENT
        assert self._mac is not None
        trace = self._journal.next_trace() if "reversal-new-trace" in self._defects else armed.trace
        message = self.builder().reversal(armed, trace)
        self._journal.tried(armed.trace)
        self._tell("reversal", status="sent", trace=trace)
        body = self._mac.seal(self._codec, message)
        received = self._link.exchange(self._frame(body), message, self._parameters().response_timeout_s)
        if received is None:
            return Try.FAILED
        code = str(received.message.get(39, ""))
        if self._mac.check(received.body) != "valid" or code in self._market.sign_on_codes:
            self._forget_keys()
            return Try.FAILED
        if code not in self._market.reversal.stop_codes:
            return Try.FAILED
        self._journal.disarm(armed.trace)
        self._tell("reversal", status="done", trace=trace)
        return Try.DONE

    def _connected(self) -> bool:
        try:
            self._link.connect()
        except NotConnected:
            return False
        return True

    # ── the line ──────────────────────────────────────────────────────────────────────────────────────────────

    def _frame(self, body: bytes) -> bytes:
        parameters = self._parameters()
        return pack_frame(Frame(parameters.tpdu, parameters.header, body))

    def _stray(self, received: Received) -> None:
        """A frame that answers nothing that is asked now: late, or not ours. It is shown and dropped."""
        trace = str(received.message.get(11, ""))
        self._tell("stray reply", mti=str(received.message[0]), trace=trace, code=str(received.message.get(39, "")))
        if "late-answer-taken" in self._defects:
            self.late[trace] = received.message


def _octets(value: str | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""
