"""A walk: all that passes between a terminal and a card from one power-up to the next, read by EMV Book 1, 12 and
Book 3, 10.

Walks that the bench itself makes through a card, to try its reader, are none of a terminal's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from protocols.emv.verification import Aip
from reports.judge.chip.apdus import Sent, data_objects, first_of, sent_of
from reports.judge.chip.rounds import FORMAT_1, Round, round_of
from reports.judge.registry import View, once
from reports.judge.timeline import Moment, moment
from reports.runfolder import Record

DIRECTORIES = (b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01")
SELECT, OPTIONS, READ, DATA, VERIFY, GENERATE, INTERNAL, EXTERNAL = 0xA4, 0xA8, 0xB2, 0xCA, 0x20, 0xAE, 0x88, 0x82
ENDS = ("removed", "gone")
BENCH_BEGINS, BENCH_ENDS = "walk", ("walked", "told")


@dataclass(frozen=True, slots=True)
class Value:
    """What a card said, and the event in which it did."""

    data: bytes
    number: int


@dataclass(frozen=True)
class Walk:
    """`order` is what the merchant had asked for. `removed` is the card's leaving, or the reader's, before its end."""

    start: Record
    order: Record | None
    sent: tuple[Sent, ...]
    facts: tuple[Record, ...]  # what the card twin says of itself meanwhile
    removed: Record | None
    end: Moment | None  # when the next one began, or the next order was given

    @property
    def at(self) -> Moment:
        return moment(self.start)

    def of(self, ins: int) -> list[Sent]:
        """Commands of one instruction, in order."""
        return [s for s in self.sent if s.apdu is not None and s.apdu.ins == ins]

    def told(self, kind: str) -> list[Record]:
        """Facts of one kind, in order."""
        return [r for r in self.facts if r.kind == kind]

    # ── selection and data ────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def options(self) -> Sent | None:
        """The GET PROCESSING OPTIONS that the card carried out."""
        done = [s for s in self.of(OPTIONS) if s.ok]
        return done[-1] if done else None

    @cached_property
    def selections(self) -> list[Sent]:
        """SELECTs of applications; those of directories left out."""
        return [s for s in self.of(SELECT) if s.apdu is not None and s.apdu.data not in DIRECTORIES]

    @cached_property
    def selected(self) -> Sent | None:
        """The SELECT of the application that was started; the last one that succeeded where none was."""
        until = self.options or next(iter(self.of(OPTIONS)[-1:]), None)
        before = [s for s in self.selections if until is None or moment(s.command) < moment(until.command)]
        answered = [s for s in before if s.sw]
        return answered[-1] if answered else None

    @cached_property
    def aid(self) -> str:
        """The name of the selected application in hex: as the card gives it, else as it was asked for."""
        if self.selected is None or self.selected.apdu is None:
            return ""
        return (self.fci.get("84") or self.selected.apdu.data).hex().upper()

    @cached_property
    def fci(self) -> Mapping[str, bytes]:
        return first_of(data_objects(self.selected.answer)) if self.selected else {}

    @cached_property
    def directory(self) -> tuple[str, ...]:
        """Names of applications in the card's directory, in hex: what was read before the application was selected."""
        until = moment(self.selected.command) if self.selected else None
        records = [s for s in self.of(READ) if s.ok and (until is None or moment(s.command) < until)]
        return tuple(data.hex().upper() for s in records for tag, data in data_objects(s.answer) if tag == "4F")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """How the selected application calls itself to people: the name that its issuer prefers, and its label."""
        names = (self.fci.get(tag, b"") for tag in ("9F12", "50"))
        return tuple(dict.fromkeys(_text(name) for name in names if name))

    @cached_property
    def values(self) -> Mapping[str, Value]:
        """All that the chosen application said in FCI, options and records, each tag the first time."""
        found: dict[str, Value] = {}
        for sent in self._told_by():
            for tag, data in self._objects(sent):
                found.setdefault(tag, Value(data, sent.numbers[-1]))
        return found

    def _told_by(self) -> list[Sent]:
        if self.options is None:
            return [self.selected] if self.selected else []
        since = moment(self.options.command)
        records = [s for s in self.of(READ) if s.ok and moment(s.command) > since]
        return [*([self.selected] if self.selected else []), self.options, *records]

    def _objects(self, sent: Sent) -> list[tuple[str, bytes]]:
        """EMV Book 3, 6.5.8.4: options in format 1 are AIP and AFL in a row."""
        pairs = data_objects(sent.answer)
        if sent is self.options and len(pairs) == 1 and pairs[0][0] == FORMAT_1:
            return [("82", pairs[0][1][:2]), ("94", pairs[0][1][2:])]
        return pairs

    def value(self, tag: str) -> bytes:
        """Empty where the card did not say it."""
        return self.values[tag].data if tag in self.values else b""

    def number(self, tag: str) -> int:
        """The event in which the card said it; 0 where it did not."""
        return self.values[tag].number if tag in self.values else 0

    @cached_property
    def aip(self) -> Aip | None:
        value = self.value("82")
        return Aip.parse(value) if len(value) == Aip.size() else None

    @cached_property
    def asked_data(self) -> Mapping[str, Sent]:
        """GET DATA by tag, the first one of each before the first cryptogram: one that was refused, too."""
        found: dict[str, Sent] = {}
        first = self.rounds[0].sent.command if self.rounds else None
        for sent in self.of(DATA):
            if sent.apdu is not None and (first is None or moment(sent.command) < moment(first)):
                found.setdefault(f"{sent.apdu.p1:02X}{sent.apdu.p2:02X}", sent)
        return found

    # ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def rounds(self) -> list[Round]:
        """Each GENERATE AC, in order."""
        found: list[Round] = []
        facts = self.told("cryptogram")
        asked = self.of(GENERATE)
        for at, sent in enumerate(asked):
            until = moment(asked[at + 1].command) if at + 1 < len(asked) else None
            own = [f for f in facts if moment(f) > moment(sent.command) and (until is None or moment(f) < until)]
            found.append(round_of(sent, self.value("8C" if at == 0 else "8D"), own[0] if own else None))
        return found

    @property
    def first(self) -> Round | None:
        return self.rounds[0] if self.rounds else None

    @property
    def second(self) -> Round | None:
        return self.rounds[1] if len(self.rounds) > 1 else None

    @cached_property
    def card(self) -> str:
        """The card's name on the bench; empty where nobody says it."""
        return next((str(f.fields["card"]) for f in self.facts if f.fields.get("card")), "")

    def between_rounds(self) -> list[Sent]:
        """What was sent after the first GENERATE AC, but for the second."""
        if self.first is None:
            return []
        own = {id(r.sent) for r in self.rounds[:2]}
        since = moment(self.first.sent.command)
        return [s for s in self.sent if moment(s.command) > since and id(s) not in own]


def _text(name: bytes) -> str:
    """A preferred name may be written in the issuer's own letters. EMV Book 4, 11.3"""
    return name.decode("gb18030", "replace").strip()


@once
def walks(view: View) -> list[Walk]:
    """Every walk of the terminal that belongs to an order, in order."""
    found: list[_Open] = []
    order: Record | None = None
    bench = False
    for record in view.timeline.among("card", "reader", "terminal"):
        if record.channel == "terminal":
            if record.kind == "order":
                order = record
                _close(found, moment(record))
        elif record.channel == "reader":
            bench = record.kind == BENCH_BEGINS or (bench and record.kind not in BENCH_ENDS)
            if record.kind in ENDS and found and found[-1].removed is None and found[-1].end is None:
                found[-1].removed = record
        elif record.kind == "atr":
            _close(found, moment(record))
            found.append(_Open(record, order, bench))
        elif record.kind == "command" and (not found or found[-1].end is not None):
            found.append(_Open(record, order, bench, [record]))
        elif found and found[-1].end is None:
            found[-1].records.append(record)
    return [o.walk() for o in found if o.order is not None and not o.bench]


@dataclass
class _Open:
    """A walk that is being read."""

    start: Record
    order: Record | None
    bench: bool
    records: list[Record] = field(default_factory=list)
    removed: Record | None = None
    end: Moment | None = None

    def walk(self) -> Walk:
        facts = [r for r in self.records if r.kind not in _PASSED]
        return Walk(self.start, self.order, tuple(sent_of(self.records)), tuple(facts), self.removed, self.end)


_PASSED = ("command", "response", "atr", "powered", "took", "gave", "listed")


def _close(found: Sequence[_Open], at: Moment) -> None:
    if found and found[-1].end is None:
        found[-1].end = at


@once
def started(view: View) -> list[Walk]:
    """Walks in which the card was asked for a cryptogram."""
    return [walk for walk in walks(view) if walk.first is not None]
