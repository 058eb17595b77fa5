"""How an answer leaves: at once, later, at a stated moment, twice, in pieces, or never. Runs in the host's loop.

Nothing is decided here: what was decided is booked before any of this begins.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from protocols.events import Direction
from simulators.issuer.actions import (
    Action,
    Delay,
    Drip,
    Duplicate,
    HalfOpen,
    LateAnswer,
    Moment,
    Reset,
    Split,
    has,
    only,
    spoiled,
    together,
)
from simulators.issuer.connection import Connection
from simulators.issuer.exchange import Exchange
from simulators.issuer.telling import Teller

WATCHED_S = 0.002
"""At the end of a delay the loop does not sleep, but looks again and again."""
UNRELATED = "an unrelated answer"


@dataclass
class Leaving:
    """An answer on its way: whose it is, its bytes, and what a rule does to it. `beside` is glued behind it."""

    connection: Connection
    exchange: Exchange
    raw: bytes
    actions: tuple[Action, ...] = ()
    beside: bytes = b""
    unmatched: str = ""


class Delivery:
    """Sends answers. `scale` divides market seconds; `seed` draws the delays that have a distribution."""

    def __init__(self, teller: Teller, scale: float, seed: int) -> None:
        self._teller = teller
        self._scale = scale
        self._random = random.Random(seed)  # noqa: S311  no secret is drawn
        self._held: list[tuple[Moment, Leaving]] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def drop_held(self) -> None:
        """Answers that are kept back never leave."""
        self._held.clear()

    def send(self, leaving: Leaving) -> None:
        """In the manner of its actions, with whatever is kept back for this moment before or behind it."""
        if not (leaving.actions or self._held):
            self._write(leaving)
            return
        late = only(leaving.actions, LateAnswer)
        if late is not None:
            self._held.append((late.moment, leaving))
            self._teller.host("held back", {**leaving.exchange.common(), "rule": together(leaving.actions)})
            return
        self._due(leaving, "just before")
        self._due(leaving, "during the next transaction")
        self._leave(leaving)
        self._due(leaving, "after the reversal")

    def ended(self, leaving: Leaving) -> None:
        """A connection that is reset, or goes silent, in place of an answer."""
        silent = has(leaving.actions, HalfOpen)
        if silent:
            leaving.connection.fall_silent()
        else:
            leaving.connection.reset()
        what = "the connection is half-open from now on" if silent else "the connection is reset"
        self._suppressed(leaving, what)

    def _suppressed(self, leaving: Leaving, what: str) -> None:
        exchange = leaving.exchange
        rule = together(leaving.actions)
        self._teller.host("suppressed", {**exchange.common(), "rule": rule, "decided": True})
        self._teller.explanation(exchange.number, f"not answered: a behaviour rule says {rule!r}, {what}")

    # ── what is kept back ─────────────────────────────────────────────────────────────────────────────────────────

    def _due(self, by: Leaving, moment: Moment) -> None:
        for kept in [h for h in self._held if h[0] == moment and _fits(h[1].exchange, by.exchange, moment)]:
            self._held.remove(kept)
            late = kept[1]
            if not late.connection.alive:  # the terminal has called anew: an answer finds it by its TPDU
                late.connection = by.connection
            self._write(late, late=True)

    # ── the way out ───────────────────────────────────────────────────────────────────────────────────────────────

    def _leave(self, leaving: Leaving) -> None:
        if has(leaving.actions, Reset) or has(leaving.actions, HalfOpen):
            self.ended(leaving)
            return
        delay, drip = only(leaving.actions, Delay), only(leaving.actions, Drip)
        if delay is None and drip is None:
            self._write(leaving)
            return
        if delay is None and drip is not None:
            self._drip(leaving, drip)
        else:
            self._start(self._later(leaving, self._seconds(delay) if delay else 0.0, drip))

    def _seconds(self, delay: Delay) -> float:
        market = delay.seconds if delay.most is None else self._random.uniform(delay.seconds, delay.most)
        return market / self._scale

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _later(self, leaving: Leaving, seconds: float, drip: Drip | None) -> None:
        await _until(leaving.exchange.arrived + seconds)
        if drip is None:
            self._write(leaving)
        else:
            self._drip(leaving, drip)

    def _drip(self, leaving: Leaving, drip: Drip) -> None:
        if leaving.connection.begin_drip():
            self._start(self._dripping(leaving, drip.seconds / self._scale))
        else:
            self._write(leaving)  # behind what drips already

    async def _dripping(self, leaving: Leaving, pause_s: float) -> None:
        sent = await leaving.connection.drip(self._whole(leaving), pause_s)
        self._told(leaving, sent, late=False)

    def _whole(self, leaving: Leaving) -> bytes:
        copies = 2 if has(leaving.actions, Duplicate) else 1
        return leaving.raw * copies + leaving.beside

    def _write(self, leaving: Leaving, *, late: bool = False) -> None:
        if leaving.actions:
            write = leaving.connection.split if has(leaving.actions, Split) else leaving.connection.write
            self._told(leaving, write(self._whole(leaving)), late=late)
        else:
            self._told(leaving, leaving.connection.write(leaving.raw), late=late)

    def _told(self, leaving: Leaving, sent: bool, *, late: bool) -> None:
        if not self._teller.heard:
            return
        exchange, connection = leaving.exchange, leaving.connection
        fields = {
            **exchange.common(), "connection": connection.number, "rule": together(leaving.actions), "late": late,
            "sent": sent, "spoiled": spoiled(leaving.actions),
        }  # fmt: skip
        for _ in range(2 if has(leaving.actions, Duplicate) else 1):
            self._teller.host("response", dict(fields), Direction.IN, leaving.raw)
        if leaving.beside:
            self._teller.host(
                "response beside", {"exchange": exchange.number, "what": UNRELATED}, Direction.IN, leaving.beside
            )
        if not sent:
            self._teller.explanation(exchange.number, "the answer did not leave: the terminal had hung up")
        elif leaving.unmatched:
            self._teller.explanation(exchange.number, leaving.unmatched)


async def _until(due: float) -> None:
    """By the loop's clock. Its timers are late by up to a millisecond: the last of it is watched, beside other work."""
    loop = asyncio.get_running_loop()
    while (left := due - loop.time()) > 0:
        await asyncio.sleep(left - WATCHED_S if left > WATCHED_S else 0)


def _fits(held: Exchange, now: Exchange, moment: Moment) -> bool:
    """Whether an answer kept back for a moment is due at the answer to this request."""
    if (held.terminal, held.merchant) != (now.terminal, now.merchant):
        return False
    if moment == "during the next transaction":
        return not now.reversal and now.trace != held.trace
    return now.reversal and now.trace == held.trace
