"""A terminal without kernel, journal or conscience: it sends what it is told to, and reports what came back.

It keeps nothing but its trace counter and its working keys, the last ones and those before. Each message has a
connection of its own, so that whatever comes on it answers this message. Host cases need no feature of a terminal.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, get_args

from protocols.events import Channel, Emit, Event, discard
from protocols.faults import ConfigurationError
from protocols.iso8583 import (
    UNIONPAY,
    CodecError,
    Frame,
    FrameReader,
    KeyCheckError,
    Message,
    WorkingKeys,
    compile_spec,
    mac_of,
    pack_frame,
    unpack_frame,
)
from protocols.iso8583.field import Encoding
from protocols.iso8583.mac import MAC_FIELD, Mac, MacCheck
from protocols.market import Market
from protocols.money import Money
from protocols.orders import Order, Original
from protocols.transactions import Transaction
from simulators.terminal.damage import damage_of
from simulators.terminal.journal import FIRST_TRACE, LAST_TRACE
from simulators.terminal.messages import Builder
from simulators.terminal.parameters import TerminalParameters
from simulators.terminal.usual import Stripe, Usual, needs_seal

Seal = Literal["right", "wrong", "none", "old key"]
SEALS: tuple[str, ...] = get_args(Seal)
CHUNK = 4096
PREVIOUS, PRESENT = -2, -1
"""Places in the list of working keys."""
FIELDS = UNIONPAY.by_number()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: `message` is None when nothing came in time or it cannot be read; `raw` is the first whole frame.

    `seal` tells what its MAC is worth under the present key. `trouble` says in words why there is no message.
    """

    trace: str
    message: Message | None = None
    raw: bytes = b""
    seal: MacCheck = "absent"
    trouble: str = ""

    @property
    def code(self) -> str:
        """F39, empty without an answer."""
        return str(self.message.get(39, "")) if self.message else ""


class ScriptedTerminal:
    """See the module. It has to be enrolled at the host under its number and master key."""

    def __init__(
        self, *, address: tuple[str, int], terminal_id: str, merchant_id: str, master_key: bytes, market: Market,
        emit: Emit | None = None, response_timeout_s: float = 10.0, batch: str = "000001",
    ) -> None:  # fmt: skip
        self.batch = batch
        self._address = address
        self._market = market
        self._emit = emit or discard
        self._timeout_s = response_timeout_s
        self._parameters = TerminalParameters(terminal_id, merchant_id, "", "01")
        self._master_key = master_key
        self._codec = compile_spec(UNIONPAY)
        self._trace = 0
        self._keys: list[WorkingKeys] = []

    # ── what it is told to send ───────────────────────────────────────────────────────────────────────────────

    def sign_on(self) -> Answer:
        """Fetch working keys."""
        return self.send(Transaction.SIGN_ON)

    def send(
        self, transaction: Transaction, *, stripe: Stripe | None = None, amount: Money | None = None,
        original: Original | None = None, fields: Mapping[int, str | bytes | None] | None = None,
        reversal: bool = False, seal: str = "right", trace: str = "", damage: str = "",
    ) -> Answer:  # fmt: skip
        """The usual message with other fields put in place; None takes one out, text for a binary field is hex.

        Raises ConfigurationError for a seal, a damage or a field that there is not.
        """
        if seal not in SEALS:
            raise ConfigurationError(f"nothing is sealed {seal!r}", advice=f"it is one of {', '.join(SEALS)}")
        spoil = damage_of(damage)
        if needs_seal(transaction):
            self._have_keys(2 if seal == "old key" else 1)
        order = Order(transaction, amount or Money(0, self._market.money), original)
        keys = PREVIOUS if seal == "old key" else PRESENT
        message = self.usual(order, trace or self._next_trace(), stripe or Stripe(), reversal=reversal, keys=keys)
        message = changed(message, fields or {})
        answer = self.send_raw(
            spoil(self._framed(message, self._sealed(message, transaction, seal))), str(message.get(11, ""))
        )
        if transaction is Transaction.SIGN_ON:
            self._take_keys(answer)
        return answer

    def usual(
        self, order: Order, trace: str, stripe: Stripe, *, reversal: bool = False, keys: int = PRESENT
    ) -> Message:
        """What it would send by itself; what is secret is under the present keys, or those before."""
        usual = Usual(self._builder(), self._market.security, self._keys[keys] if self._keys else None)
        return usual.reversal(order, trace, stripe) if reversal else usual.message(order, trace, stripe)

    def send_raw(self, raw: bytes, trace: str = "") -> Answer:
        """Any bytes on a line of their own, and the first frame that comes back."""
        deadline = time.monotonic() + self._timeout_s
        try:
            with socket.create_connection(self._address, self._timeout_s) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(raw)
                frame = _first_frame(connection, deadline)
        except (OSError, CodecError) as error:
            return self._told(Answer(trace, trouble=_words(error)))
        return self._told(self._read(trace, frame))

    # ── the wire ──────────────────────────────────────────────────────────────────────────────────────────────

    def _sealed(self, message: Message, transaction: Transaction, seal: str) -> bytes:
        if MAC_FIELD in message or seal == "none" or not needs_seal(transaction):
            return self._codec.pack(message)
        body = self._mac(PREVIOUS if seal == "old key" else PRESENT).seal(self._codec, message)
        return body[:-1] + bytes([body[-1] ^ 0x01]) if seal == "wrong" else body

    def _framed(self, message: Message, body: bytes) -> bytes:
        return pack_frame(Frame(self._parameters.tpdu, self._builder().header(message), body))

    def _builder(self) -> Builder:
        return Builder(self._parameters, self._market.currency.numeric, self.batch)

    def _read(self, trace: str, frame: bytes) -> Answer:
        if not frame:
            return Answer(trace, trouble="no answer")
        try:
            body = unpack_frame(frame).body
            message = self._codec.unpack(body)
        except CodecError as error:
            return Answer(trace, raw=frame, trouble=str(error))
        return Answer(trace, message, frame, self._mac(PRESENT).check(body) if self._keys else "absent")

    def _told(self, answer: Answer) -> Answer:
        self._emit(
            Event(Channel.TERMINAL, "scripted", {"trace": answer.trace, "code": answer.code, "trouble": answer.trouble})
        )
        return answer

    # ── counters and keys ─────────────────────────────────────────────────────────────────────────────────────

    def _next_trace(self) -> str:
        self._trace = self._trace + 1 if self._trace < LAST_TRACE else FIRST_TRACE
        return f"{self._trace:06d}"

    def _have_keys(self, sets: int) -> None:
        """Sign on until there are so many sets of keys. Raises ConfigurationError when the host gives none."""
        while len(self._keys) < sets:
            before = len(self._keys)
            answer = self.sign_on()
            if len(self._keys) == before:
                raise ConfigurationError(
                    f"the scripted terminal could not sign on: {answer.code or answer.trouble}",
                    advice="enrol it at the host under this number and key",
                )

    def _take_keys(self, answer: Answer) -> None:
        wrapped = (answer.message or {}).get(62)
        if isinstance(wrapped, bytes):
            with suppress(KeyCheckError):
                self._keys = [*self._keys, WorkingKeys.unwrap(self._master_key, wrapped)][-2:]

    def _mac(self, which: int) -> Mac:
        return mac_of(self._market.security.mac, self._keys[which].mac)


def changed(message: Message, fields: Mapping[int, str | bytes | None]) -> Message:
    """The message with these fields in place of its own. Raises ConfigurationError for a field that there is not."""
    unknown = [number for number in fields if number and number not in FIELDS]
    if unknown:
        raise ConfigurationError(f"there is no F{unknown[0]}", advice="damage the frame to send one")
    out = {number: value for number, value in message.items() if number not in fields}
    return out | {number: _value(number, value) for number, value in fields.items() if value is not None}


def _value(number: int, value: str | bytes) -> str | bytes:
    if number == 0 or isinstance(value, bytes) or FIELDS[number].encoding is not Encoding.BINARY:
        return value
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ConfigurationError(f"F{number} holds bytes", advice="write them in hex") from None


def _first_frame(connection: socket.socket, deadline: float) -> bytes:
    """Empty when none came in time. Raises OSError and CodecError."""
    reader = FrameReader()
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        chunk = connection.recv(CHUNK)
        if not chunk:
            raise ConnectionResetError("the host hung up")
        frames = reader.feed(chunk)
        if frames:
            return frames[0]
    return b""


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return str(error) if isinstance(error, CodecError) else f"{type(error).__name__}: the line broke"
