"""Terminals that go on working while their host is killed, and write down what they asked and what was answered.

A request whose answer did not come is sent again as it was, or reversed, as a terminal would: by turns.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.kills.kept_host import terminal_number
from protocols.iso8583 import Message, encrypt_pin
from tests.simulators.issuer.client import RawClient
from tests.simulators.kit import MERCHANT, PAN

BATCH = "000001"
LAST_TRACE = 999_999


@dataclass(slots=True)
class Asked:
    """One request, and what was answered to it; `code` is empty while nothing was. `repeated` was sent twice."""

    kind: str
    terminal: str
    trace: str
    amount: int
    code: str = ""
    reference: str = ""
    approval: str = ""
    repeated: bool = False
    reversed_with: str = ""
    """The code that its reversal was answered with; "?" when that was sent and not answered."""


class Standing:
    """Where the host is, for those who work with it. A generation ends when it is killed."""

    def __init__(self, terminals: int) -> None:
        self._changed = threading.Condition()
        self._terminals = terminals
        self._idle = 0
        self._port = 0
        self._generation = 0
        self.over = False

    def up(self, port: int) -> None:
        with self._changed:
            self._port, self._generation, self._idle = port, self._generation + 1, 0
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.over = True
            self._changed.notify_all()

    def wait_for_next(self, seen: int) -> tuple[int, int]:
        """Port and generation of a host that is newer than `seen`. Who waits here is idle."""
        with self._changed:
            self._idle += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._generation > seen or self.over)
            return self._port, self._generation

    def wait_until_idle(self, deadline_s: float) -> None:
        """All terminals have noticed. Raises AssertionError when one has not."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._idle >= self._terminals, deadline_s), "a terminal hangs"


class Working:
    """One terminal, in a thread of its own."""

    def __init__(self, place: int, standing: Standing, seed: int) -> None:
        self.asked: list[Asked] = []
        self.trouble = ""
        self._place = place
        self._terminal = terminal_number(place)
        self._standing = standing
        self._dice = random.Random(f"{seed} {place}")
        self._trace = 0
        self._open: list[tuple[Asked, Message]] = []
        self._pending: tuple[Asked, Message] | None = None
        self._undoing: tuple[Asked, Message] | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        generation = 0
        try:
            while True:
                port, generation = self._standing.wait_for_next(generation)
                if self._standing.over:
                    return
                self._until_killed(port)
        except Exception as error:
            self.trouble = f"{type(error).__name__}: {error}"
            raise

    def _until_killed(self, port: int) -> None:
        try:
            client = RawClient(("127.0.0.1", port))
        except OSError:
            return
        try:
            self._sign_on(client)
            self._take_up(client)
            while True:
                self._next(client)
        except (OSError, AssertionError) as error:  # AssertionError: RawClient's word for a hang-up
            if isinstance(error, AssertionError) and "hung up" not in str(error):
                raise
        finally:
            client.close()

    def _sign_on(self, client: RawClient) -> None:
        reply = client.sign_on(terminal=self._terminal)
        assert reply[39] == "00", f"sign-on answered {reply[39]}"

    # ── what was cut off ──────────────────────────────────────────────────────────────────────────────────────────

    def _take_up(self, client: RawClient) -> None:
        if self._undoing is not None:
            self._undo(client, *self._undoing)
        if self._pending is None:
            return
        asked, message = self._pending
        if self._dice.random() < 0.5:
            asked.repeated = True
            self._ask(client, asked, _under_new_keys(client, message))
        else:
            self._pending = None
            self._undo(client, asked, message)

    def _undo(self, client: RawClient, asked: Asked, message: Message) -> None:
        self._undoing, asked.reversed_with = (asked, message), "?"
        reply = client.ask(client.reversal(message))
        asked.reversed_with, self._undoing = str(reply[39]), None

    # ── business ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _next(self, client: RawClient) -> None:
        dice = self._dice.random()
        if self._open and dice < 0.5:
            self._follow_up(client, *self._open.pop(self._dice.randrange(len(self._open))))
            return
        amount = self._dice.randrange(100, 100_000)
        asked, message = self._make(client.sale if dice > 0.9 else client.preauth, amount)
        reply = self._ask(client, asked, message)
        if asked.kind == "pre-authorisation" and asked.code == "00":
            self._open.append((asked, {**message, **{n: v for n, v in reply.items() if n in (13, 37, 38)}}))

    def _follow_up(self, client: RawClient, hold: Asked, original: Message) -> None:
        kind = self._dice.choice(("completion", "cancel", "reversal"))
        if kind == "reversal":
            self._undo(client, hold, original)
            return
        message = client.follow_up(kind, original, **self._own())
        asked = Asked(kind, self._terminal, str(message[11]), int(str(message[4])))
        self._ask(client, asked, message)

    def _make(self, form: Callable[..., Message], amount: int) -> tuple[Asked, Message]:
        message = form(f4=f"{amount:012d}", **self._own())
        kind = "pre-authorisation" if message[0] == "0100" else "sale"
        return Asked(kind, self._terminal, str(message[11]), amount), message

    def _own(self) -> dict[str, Any]:
        self._trace = self._trace % LAST_TRACE + 1
        return {"f11": f"{self._trace:06d}", "f41": self._terminal, "f42": MERCHANT}

    def _ask(self, client: RawClient, asked: Asked, message: Message) -> Message:
        if not asked.repeated:
            self.asked.append(asked)
        self._pending = asked, message
        reply = client.ask(message)
        self._pending = None
        asked.code, asked.reference = str(reply[39]), str(reply.get(37, ""))
        asked.approval = str(reply.get(38, ""))
        return reply


def _under_new_keys(client: RawClient, message: Message) -> Message:
    """The PIN enciphered anew, if there is one: the keys have changed with the sign-on."""
    assert client.keys is not None
    return {**message, 52: encrypt_pin(client.keys.pin, "123456", PAN)} if 52 in message else message
