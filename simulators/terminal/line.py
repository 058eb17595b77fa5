"""The terminal's side of the line: working keys, sealing, and what the host asks for in a header.

facts/unionpay-pos 1.8, 4.4, 5.19.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from protocols.events import Channel, Emit, Event
from protocols.iso8583 import UNIONPAY, Frame, KeyCheckError, Message, compile_spec, mac_of, pack_frame
from protocols.iso8583.mac import Mac, MacCheck
from protocols.market import Action, Market
from protocols.pinpad import TerminalKeys
from simulators.terminal.devices import KeyedPinPad
from simulators.terminal.gateways import Gateway, NotConnected, Tried
from simulators.terminal.journal import Journal
from simulators.terminal.link import MATCHED, TRACE, HostLink, Received
from simulators.terminal.messages import Builder
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.responses import Online, Trouble

APPROVED = "00"
WITH_TRACK_KEY = "004"  # facts/unionpay-pos 2.6
PROCESSING_REQUEST = 5
"""Which digit of the header asks the terminal for something. facts/unionpay-pos 1.4"""


class Line:
    """Sends sealed and plain messages, and signs on. `defects` are seeded faults, each at one place.

    `host` is where the terminal finds it when no gateways were configured.

    `demands` are the digits that the host's headers asked for and that were not served yet. `late` are answers that
    nobody waited for any more. `generation` counts the sign-ons that brought keys.
    """

    def __init__(
        self, *, host: tuple[str, int], market: Market, journal: Journal, emit: Emit, defects: frozenset[str],
        parameters: Callable[[], TerminalParameters], pinpad: KeyedPinPad,
    ) -> None:  # fmt: skip
        self.market = market
        self.journal = journal
        self.defects = defects
        self.parameters = parameters
        self.codec = compile_spec(UNIONPAY)
        self.demands: set[str] = set()
        self.late: dict[str, Message] = {}
        self.keys: TerminalKeys | None = None
        self.generation = 0
        self._pinpad = pinpad
        self._emit = emit
        self._mac: Mac | None = None
        matched = tuple(n for n in MATCHED if n != TRACE) if "stray-answer-taken" in defects else MATCHED
        self._link = HostLink(
            lambda: parameters().gateways or (Gateway(host),), parameters().connect_timeout_s, self._stray,
            self._unreadable, matched, self._tried, defects,
        )  # fmt: skip

    def close(self) -> None:
        self._link.drop()

    def rest(self) -> None:
        """Nothing is under way: the next line is tried over the first gateway."""
        self._link.rest()

    @property
    def broke(self) -> bool:
        """Whether there is no line any more, as after a request during which it was lost."""
        return not self._link.is_open

    def tell(self, kind: str, **fields: Any) -> None:
        self._emit(Event(Channel.TERMINAL, kind, fields))

    def show(self, text: str, audience: str = "operator") -> None:
        """Put a text on a display; nothing is shown for none."""
        if text:
            self.tell("display", text=text, audience=audience)

    def builder(self) -> Builder:
        return Builder(self.parameters(), self.market.currency.numeric, self.journal.batch.number)

    # ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────

    def sign_on(self) -> Online:
        """Fetch working keys; a key whose check value is wrong leaves the terminal signed off (4.4)."""
        self.forget_keys()
        rule = self.market.security
        form = WITH_TRACK_KEY if rule.track_encryption else rule.sign_on
        online = self.ask(self.builder().sign_on(self.journal.next_trace(), form))
        if online.reply is None or online.code != APPROVED:
            return online
        wrapped = online.reply.get(62)
        try:
            keys = self._pinpad.load_keys(wrapped if isinstance(wrapped, bytes) else b"")
            self._mac = mac_of(rule.mac, keys.mac)
        except (KeyCheckError, ValueError) as error:  # ValueError: no key for this MAC scheme
            self.show(str(error))
            return Online(None, Trouble.WRONG_MAC)
        self.keys = keys
        self.generation += 1
        return online

    def signed_on(self) -> bool:
        """Whether there are working keys; fetches them when there are none."""
        return self.keys is not None or (self.sign_on().code == APPROVED and self.keys is not None)

    def forget_keys(self) -> None:
        """The next message that is sealed needs a new sign-on."""
        self.keys = self._mac = None
        self._pinpad.forget_keys()

    # ── sending ───────────────────────────────────────────────────────────────────────────────────────────────

    def ask(self, message: Message) -> Online:
        """A plain message, which nobody seals (1.16)."""
        try:
            received = self._exchange(self.codec.pack(message), message)
        except NotConnected:
            return Online(None, Trouble.NOT_SENT)
        if received is None:
            return Online(None, Trouble.NO_REPLY)
        self._heed(received)
        return Online(received.message, action=self.action_on(str(received.message[39])))

    def action_on(self, code: str) -> Action:
        """What the market does on a response code."""
        if "unknown-code-approved" in self.defects and code not in {**self.market.codes, **self.market.actions}:
            return Action.ACCEPT
        return self.market.action(code)

    def send_sealed(self, message: Message) -> Received | None:
        """A message under the MAC key. The reply is not looked at. Raises NotConnected."""
        assert self._mac is not None
        return self._exchange(self._mac.seal(self.codec, message), message)

    def seal_of(self, received: Received) -> MacCheck:
        """What the MAC of a reply is worth; heeds the header of one that is authentic."""
        assert self._mac is not None
        found = self._mac.check(received.body)
        if found == "wrong" and "wrong-mac-accepted" in self.defects:
            found = "valid"
        if found == "absent" and {"missing-mac-accepted", "wrong-mac-accepted"} & self.defects:
            found = "valid"
        if found == "valid":
            self._heed(received)
        return found

    def connected(self) -> bool:
        """Whether there is a line; makes one when there is none."""
        try:
            self._link.connect()
        except NotConnected:
            return False
        return True

    def _exchange(self, body: bytes, message: Message) -> Received | None:
        parameters = self.parameters()
        frame = pack_frame(Frame(parameters.tpdu, self.builder().header(message), body))
        return self._link.exchange(frame, message, parameters.response_timeout_s)

    def _heed(self, received: Received) -> None:
        self.demands.add(received.header[PROCESSING_REQUEST : PROCESSING_REQUEST + 1])

    # ── what nobody waits for ─────────────────────────────────────────────────────────────────────────────────

    def _stray(self, received: Received) -> None:
        """A frame that answers nothing that is asked now: late, twice, or not ours. It is shown and dropped."""
        trace = str(received.message.get(11, ""))
        self.tell("stray reply", mti=str(received.message[0]), trace=trace, code=str(received.message.get(39, "")))
        if "late-answer-taken" in self.defects:
            self.late[trace] = received.message

    def _tried(self, tried: Tried) -> None:
        status = "connected" if tried.connected else "failed"
        self.tell("gateway", gateway=tried.gateway.name, status=status, tls=tried.version, reason=tried.reason)

    def _unreadable(self, reason: str) -> None:
        self.tell("unreadable reply", reason=reason)
