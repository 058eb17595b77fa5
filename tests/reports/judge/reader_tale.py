"""Timelines of a reader and its cards, told as stories: what passed, at both ends, and who came and went."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from tests.reports.judge.builder import MS, Tale

CARD, OTHER_CARD = "credit-0014", "debit-0113"
ATR = "3B6800000073C84013009000"
SELECT, READ, GENERATE, FETCH = "SELECT", "READ RECORD", "GENERATE AC", "GET RESPONSE"
BYTES = {SELECT: "00A4040005A000000333", READ: "00B2011400", GENERATE: "80AE80001D" + "00" * 29 + "00"}
DONE = bytes.fromhex("9000")
SERIAL = {"vendor": "Holdfast", "serial": "HF-0001"}


def mark(raw: bytes) -> str:
    """As the recorder makes them, under a key of this file."""
    return hashlib.blake2s(raw, digest_size=8).hexdigest()


class ReaderTale(Tale):
    """A `Tale` whose device under test is the reader, unless it is said otherwise."""

    def __init__(self, *, dut: Iterable[str] = ("reader",), **more: Any) -> None:
        super().__init__(dut=dut, **more)

    # ── at the slot ───────────────────────────────────────────────────────────────────────────────────────────────

    def inserted(self, card: str = CARD, *, seen: bool = True, **more: Any) -> ReaderTale:
        self.tell("reader", "inserted", card=card, **more)
        if seen:
            self.seen(present=True, **{key: more[key] for key in more if key == "slot"})
        return self

    def removed(self, card: str = CARD, *, seen: bool = True, **more: Any) -> ReaderTale:
        self.tell("reader", "removed", card=card, **more)
        if seen:
            self.seen(present=False, **{key: more[key] for key in more if key == "slot"})
        return self

    def seen(self, *, present: bool, **more: Any) -> ReaderTale:
        self.tell("reader", "seen", present=present, movements=1, **more)
        return self

    def looked(self, *, present: bool, **more: Any) -> ReaderTale:
        self.tell("reader", "looked", present=present, **more)
        return self

    def gone(self) -> ReaderTale:
        self.tell("reader", "gone")
        return self

    def lost(self) -> ReaderTale:
        """The driver found that the reader is gone: a fault of the bench."""
        self.fault("reader gone", error="ReaderGone")
        return self

    def handled(self, what: str) -> ReaderTale:
        self.tell("rig", "handled", called=f"handled {what}", device="reader", what=what)
        return self

    def told(self, error: str) -> ReaderTale:
        self.tell("reader", "told", error=error, message="")
        return self

    def asked_who(self, was: dict[str, str] | None = None, now: dict[str, str] | None = None) -> ReaderTale:
        self.tell("reader", "identity", **{"was": was or SERIAL, "is": SERIAL if now is None else now})
        return self

    # ── through the reader ────────────────────────────────────────────────────────────────────────────────────────

    def powered(self, told: str = ATR, own: str = ATR, card: str = CARD) -> ReaderTale:
        self.tell("card", "powered", card=card, atr=own)
        self.tell("card", "atr", atr=told)
        return self

    def command(self, name: str = SELECT, raw: bytes | None = None, **more: Any) -> ReaderTale:
        sent = bytes.fromhex(BYTES[name]) if raw is None else raw
        self.tell("card", "command", raw=sent, name=name, mark=mark(sent), **more)
        return self

    def took(self, name: str = SELECT, raw: bytes | None = None, card: str = CARD, **more: Any) -> ReaderTale:
        """The card gets a command, and gives nothing."""
        taken = bytes.fromhex(BYTES[name]) if raw is None else raw
        self.tell("card", "took", card=card, took=len(taken), taken=mark(taken), own_ns=0, **more)
        return self

    def gave(
        self, data: bytes = b"\x6f\x00", name: str = SELECT, raw: bytes | None = None, card: str = CARD,
        own_ms: float = 0, **more: Any,
    ) -> ReaderTale:  # fmt: skip
        """The card gets a command, and answers it."""
        taken, answer = bytes.fromhex(BYTES[name]) if raw is None else raw, data + DONE
        self.tell(
            "card", "gave", card=card, took=len(taken), taken=mark(taken), mark=mark(answer), length=len(answer),
            sw="9000", own_ns=int(own_ms * MS), **more,
        )  # fmt: skip
        return self

    def response(self, data: bytes = b"\x6f\x00", **more: Any) -> ReaderTale:
        answer = data + DONE
        self.tell("card", "response", raw=answer, mark=mark(answer), sw="9000", **more)
        return self

    def passed(self, name: str = SELECT, *, card: str = CARD, ms: float = 1, own_ms: float = 1) -> ReaderTale:
        """One exchange as it should be; `ms` is what the reader adds to the card's own time."""
        self.command(name)
        self.gave(name=name, card=card, own_ms=own_ms, after=own_ms + ms / 2).response(after=ms / 2)
        return self

    def torn(self, name: str = SELECT, by: str = "removed") -> ReaderTale:
        """Card or reader is gone as a command reaches the card; what it works out all the same comes too late."""
        self.command(name)
        (self.gone if by == "gone" else lambda: self.removed(seen=False))()
        return self.gave(name=name)

    def on_hardware(self) -> ReaderTale:
        """The same, seen on a real device."""
        self.records = [replace(record, evidence="hardware") for record in self.records]
        return self
