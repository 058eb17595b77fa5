"""What a chip pre-authorisation costs in the contact kernel, and what of it is the card's own work.

`python benchmarks/bench_kernel.py [--quick] [--rounds N] [--json FILE]`

A transaction is all that the kernel does between the card's power and its last word: selection, records, offline data
authentication, restrictions, cardholder verification, risk management, both GENERATE ACs. The host is not in it: its
answer, with the right ARPC, lies ready. Nor is the cardholder: his PIN block is there at once. Cards of each way of
authentication take turns, in process and, where there is one, behind a pcscd of our own. *Kernel* is what is left when
the calls of the reader are taken out; *card* is the twin's own work, its RSA among it. A round that other programs
disturbed is measured again, and the quietest of its tries counts.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.load.quiet import Quiet
from benchmarks.load.results import Goal, console, keep, result
from benchmarks.readers.stand import EmbeddedStand, PcscStand
from protocols.emv import find
from protocols.emv.keys import MasterKeys
from protocols.emv.rsa import RsaPublic
from protocols.emv.verification import Tvr
from protocols.emv.versions import NAMED
from protocols.events import discard
from protocols.money import Money
from protocols.pan import derived
from protocols.pinpad import PinEnd, PinEntry
from rigs.cards.loading import CARDS, load_card_profile
from simulators.card import ChipCard
from simulators.card.authority import house_authority
from simulators.reader import unavailable
from simulators.terminal.contact import CaKeys, Configuration, HostAnswer, Kernel, Terms
from simulators.terminal.devices import CardReader

CARDS_MEASURED = {"no ODA": "no-oda", "SDA": "sda-only", "DDA": "credit-chip", "CDA": "cda"}
IN_PROCESS, BEHIND_PCSCD = "in process", "behind pcscd"
GOAL_MS = 15.0
GOAL_CARDS = ("DDA", "CDA")
WARM_UP = 3
DUE_S = 20.0
PARTS = ("total", "kernel", "card", "reader")
FAILED = Tvr.ODA_NOT_PERFORMED | Tvr.SDA_FAILED | Tvr.DDA_FAILED | Tvr.CDA_FAILED


class TimedCard(ChipCard):
    """Adds up what it needs for its answers."""

    own_ns = 0

    def transmit(self, raw: bytes) -> bytes | None:
        began = time.perf_counter_ns()
        try:
            return super().transmit(raw)
        finally:
            self.own_ns += time.perf_counter_ns() - began


class TimedReader:
    """A `CardReader` that adds up the time of its calls."""

    def __init__(self, reader: CardReader) -> None:
        self.calls_ns = 0
        self.card_present = reader.card_present
        self.wait_for_card = reader.wait_for_card
        self.power_off = reader.power_off
        self._reader = reader

    def power_on(self) -> bytes:
        return self._timed(self._reader.power_on)

    def transmit(self, command: bytes) -> bytes:
        return self._timed(partial(self._reader.transmit, command))

    def _timed(self, call: Callable[[], bytes]) -> bytes:
        began = time.perf_counter_ns()
        try:
            return call()
        finally:
            self.calls_ns += time.perf_counter_ns() - began


class ReadyPad:
    """A PIN is there before it is asked for."""

    def works(self) -> bool:
        return True

    def online_pin(self, pan: str) -> PinEntry:
        return PinEntry(PinEnd.ENTERED, block=bytes(8), digits=6)

    def offline_pin(self, send: Callable[[bytes], bytes], key: RsaPublic | None, tries_left: int | None) -> PinEntry:
        raise AssertionError("no card of this measurement asks for it")


class Nobody:
    """No card of this measurement offers a choice."""

    def choose(self, labels: Sequence[str]) -> int | None:
        return None

    def confirm(self, label: str) -> bool:
        return False

    def document_matches(self, kind: str, number: str) -> bool:
        return False


@dataclass
class Bench:
    """One card in one reader, and the kernel before it."""

    name: str
    card: TimedCard
    reader: TimedReader
    kernel: Kernel

    @classmethod
    def of(cls, name: str, reader: CardReader, configuration: Configuration) -> Bench:
        profile = load_card_profile(CARDS / f"{CARDS_MEASURED[name]}.yaml")
        card, timed = TimedCard(profile, next(derived(profile.pan_prefix))), TimedReader(reader)
        return cls(name, card, timed, Kernel(timed, ReadyPad(), Nobody(), lambda: configuration))

    def transaction(self) -> dict[str, float]:
        """Milliseconds of its parts. The host's work stands between the two halves, and is not counted."""
        self.card.own_ns = self.reader.calls_ns = 0
        began = time.perf_counter_ns()
        self.kernel.open(Terms("03", Money(100_00), "000001", datetime(2026, 6, 15, 9, 30)))
        word = self.kernel.decide()
        taken = time.perf_counter_ns() - began
        assert word.kind == "ARQC", word
        answer = self._approval(word.chip)
        began = time.perf_counter_ns()
        given = self.kernel.conclude(answer)
        taken += time.perf_counter_ns() - began
        tvr = Tvr.parse(bytes.fromhex(self.kernel.value("95")))
        assert given == "TC", given
        assert bool(tvr & FAILED) is (self.name == "no ODA"), tvr.words()
        calls, own = self.reader.calls_ns, self.card.own_ns
        parts = (taken, taken - calls, own, calls - own)
        return dict(zip(PARTS, (part / 1e6 for part in parts), strict=True))

    def _approval(self, chip: bytes) -> HostAnswer:
        """What this card's issuer answers."""
        profile = self.card.profile
        keys = (profile.test_master_key, profile.test_mac_key, profile.test_enc_key)
        version = NAMED[profile.cryptogram_version]
        udk = version.card_keys(MasterKeys(*(bytes.fromhex(key) for key in keys)), self.card.pan, self.card.psn).ac
        session = version.session(udk, find(chip, "9F36") or b"")
        return HostAnswer(True, "00", version.response(session, find(chip, "9F26") or b"", b"00"))


def configuration() -> Configuration:
    """A terminal that knows the test CA's keys."""
    return Configuration(keys=CaKeys.of(house_authority().ca_keys()))


@contextlib.contextmanager
def stands() -> Iterator[dict[str, Any]]:
    """Readers by name; behind pcscd only where one can be started."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Any] = {IN_PROCESS: EmbeddedStand(discard)}
        if not unavailable():
            found[BEHIND_PCSCD] = PcscStand(discard)
        for stand in found.values():
            stack.callback(stand.close)
        yield found


def measure(wanted: argparse.Namespace) -> dict[str, Any]:
    known, samples = configuration(), []
    with stands() as found, contextlib.ExitStack() as stack:
        quiet = Quiet(found[BEHIND_PCSCD].pid if BEHIND_PCSCD in found else None, wanted.tries)
        benches = []
        for where, stand in found.items():
            driver = stand.driver()
            stack.callback(driver.close)
            benches += [(where, stand.slot, Bench.of(name, driver, known)) for name in CARDS_MEASURED]
        gc.collect()
        for number in range(wanted.rounds):
            for turn in range(len(benches)):
                where, slot, bench = benches[(number + turn) % len(benches)]
                slot.insert(bench.card)
                assert bench.reader.wait_for_card(True, DUE_S)
                taken = quiet.measure(partial(_block, bench, wanted.block))
                bench.reader.power_off()
                slot.remove()
                assert bench.reader.wait_for_card(False, DUE_S)
                medians = {part: statistics.median(one[part] for one in taken) for part in PARTS}
                samples.append({"reader": where, "card": bench.name, "round": number, "ms": medians})
    return {"samples": samples, "summary": summary(samples), "foreign": _spread(quiet.foreign)}


def _block(bench: Bench, times: int) -> list[dict[str, float]]:
    for _ in range(WARM_UP):
        bench.transaction()
    return [bench.transaction() for _ in range(times)]


def summary(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each reader and card: the medians of the rounds' medians, and their extremes, in milliseconds."""
    found = []
    for where, card in dict.fromkeys((one["reader"], one["card"]) for one in samples):
        of = [one["ms"] for one in samples if (one["reader"], one["card"]) == (where, card)]
        found.append({"reader": where, "card": card, "ms": {part: _spread([ms[part] for ms in of]) for part in PARTS}})
    return found


def _spread(of: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(of), "min": min(of), "max": max(of)}


def goals(rows: list[dict[str, Any]]) -> list[Goal]:
    """The whole of it, card and reader with it: more than was asked for."""
    return [
        Goal(
            f"chip pre-authorisation without host, {row['card']} card {row['reader']}, median",
            row["ms"]["total"]["median"], "at most", GOAL_MS, " ms",
        )
        for row in rows
        if row["card"] in GOAL_CARDS
    ]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--block", type=int, default=25, help="transactions of one card and reader in a round")
    parser.add_argument("--tries", type=int, default=6, help="of a block, until nothing else is at work")
    parser.add_argument("--quick", action="store_true", help="two seconds in all: does it work?")
    parser.add_argument("--json", type=Path, help="write the figures there")
    wanted = parser.parse_args()
    if wanted.quick:
        wanted.rounds, wanted.block, wanted.tries = 2, 3, 1
    out, figures = console(), measure(wanted)
    out.print(_table(figures["summary"]))
    foreign = figures["foreign"]
    out.print(f"other programs used {foreign['median']:.0%} of the cores meanwhile, {foreign['max']:.0%} at most")
    met = goals(figures["summary"])
    for goal in met:
        out.print(str(goal))
    keep(result("kernel", met, rounds=wanted.rounds, block=wanted.block, **figures), wanted.json)
    return 0


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("reader", "card", *(f"{part} ms" for part in PARTS), box=None, header_style="bold")
    for row in rows:
        table.add_row(row["reader"], row["card"], *(f"{row['ms'][part]['median']:.2f}" for part in PARTS))
    return table


if __name__ == "__main__":
    sys.exit(main())
