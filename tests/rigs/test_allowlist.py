"""The guard between a reader and everybody else: what it lets pass, and what the first foreign number sets off."""

from __future__ import annotations

import gc
import resource
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import pytest

from protocols.cardlist import CardList
from protocols.emv import build
from protocols.events import Channel, Event
from protocols.faults import FOREIGN_CARD, ForeignCard
from rigs import allowlist
from rigs.allowlist import STOPPED, CardGuard, forget, stop_run, stopped
from rigs.cards.loading import load_card_profile
from rigs.readers.embedded import EmbeddedReader
from simulators.card import ChipCard
from simulators.reader import EmbeddedSlot
from tests.rigs.kit import PAN, RIGS
from tests.support.foreign import FOREIGN, forms_in, record

SELECT = bytes.fromhex("00A4040008A00000033301010200")
OPTIONS = bytes.fromhex("80A800000B830900000000000000015600")
READ = bytes.fromhex("00B2010C00")


@dataclass
class Holder:
    """A reader that a guard watches."""

    off: int = 0
    error: Exception | None = None

    def power_off(self) -> None:
        self.off += 1
        if self.error:
            raise self.error


@dataclass
class Watched:
    """A guard with everybody around it."""

    holder: Holder = field(default_factory=Holder)
    events: list[Event] = field(default_factory=list)
    stops: int = 0

    def __post_init__(self) -> None:
        self.guard = CardGuard(CardList(), self.events.append, stop=self._stop)
        self.guard.watch(self.holder)

    def _stop(self) -> None:
        self.stops += 1

    def kinds(self) -> list[tuple[str, str]]:
        return [(event.channel.value, event.kind) for event in self.events]


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_listed_card_passes_and_its_entry_is_told_never_its_number(watched: Watched) -> None:
    watched.guard.admit(READ, record(pan=PAN))
    assert [(e.kind, dict(e.fields)) for e in watched.events] == [("listed", {"entry": "62509470xxxxxxxx"})]
    assert (watched.holder.off, watched.stops, watched.guard.shut) == (0, 0, False)


def test_an_answer_without_a_number_passes_in_silence(watched: Watched) -> None:
    watched.guard.admit(SELECT, bytes.fromhex("6F00") + b"\x90\x00")
    assert watched.events == []


def test_a_listed_number_that_is_cut_off_passes_in_silence(watched: Watched) -> None:
    watched.guard.admit(READ, record(pan=PAN)[:9] + b"\x90\x00")
    assert watched.events == []


def test_a_foreign_number_that_is_cut_off_ends_the_run(watched: Watched) -> None:
    with pytest.raises(ForeignCard):
        watched.guard.admit(READ, record()[:8] + b"\x90\x00")
    assert watched.stops == 1


def test_two_numbers_of_one_range_are_told_once(watched: Watched) -> None:
    track = bytes.fromhex(f"{PAN}D3012201000000000F")
    watched.guard.admit(READ, build([("70", [("5A", bytes.fromhex(PAN)), ("57", track)])]) + b"\x90\x00")
    assert watched.kinds() == [("card", "listed")]


def test_a_foreign_card_is_powered_off_and_the_run_is_stopped_before_anybody_is_told(watched: Watched) -> None:
    with pytest.raises(ForeignCard) as caught:
        watched.guard.admit(READ, record())
    assert (watched.holder.off, watched.stops, watched.guard.shut) == (1, 1, True)
    assert watched.kinds() == [("rig", "fault")]
    assert watched.events[0].fields["cause"] == FOREIGN_CARD == caught.value.message
    assert not any(character.isdigit() for character in str(caught.value) + str(watched.events[0].fields))


def test_a_listed_number_in_the_same_record_is_not_told(watched: Watched) -> None:
    mixed = build([("70", [("5A", bytes.fromhex(PAN)), ("DF01", bytes.fromhex(FOREIGN))])]) + b"\x90\x00"
    with pytest.raises(ForeignCard):
        watched.guard.admit(READ, mixed)
    assert watched.kinds() == [("rig", "fault")]


def test_once_shut_nothing_passes_any_more_and_nothing_is_set_off_again(watched: Watched) -> None:
    with pytest.raises(ForeignCard):
        watched.guard.admit(READ, record())
    for again in (lambda: watched.guard.admit(SELECT, b"\x90\x00"), lambda: watched.guard.number(PAN)):
        with pytest.raises(ForeignCard):
            again()
    assert (watched.holder.off, watched.stops, len(watched.events)) == (1, 1, 1)


def test_whatever_fails_on_the_way_the_run_is_stopped() -> None:
    first, second = Holder(error=RuntimeError("the reader is gone")), Holder()
    stops: list[str] = []

    def stop() -> None:
        stops.append("stop")
        raise OSError("no room")

    def emit(event: Event) -> None:
        stops.append(event.kind)
        raise OSError("no room")

    guard = CardGuard(CardList(), emit, stop=stop)
    guard.watch(first)
    guard.watch(second)
    with pytest.raises(ForeignCard):
        guard.admit(READ, record())
    assert (first.off, second.off, stops) == (1, 1, ["stop", "fault"])


def test_a_number_that_was_typed_or_swiped_is_listed_or_ends_the_run(watched: Watched) -> None:
    watched.guard.number(PAN)
    assert watched.events == []
    with pytest.raises(ForeignCard):
        watched.guard.number(FOREIGN)
    assert (watched.holder.off, watched.stops) == (1, 1)


def test_a_rig_may_list_single_numbers_alone() -> None:
    events: list[Event] = []
    guard = CardGuard(CardList(ranges=(), numbers=(PAN,)), events.append)
    guard.admit(READ, record(pan=PAN))
    assert events[0].fields == {"entry": "625094******0014"}
    with pytest.raises(ForeignCard):
        guard.admit(READ, record(pan="6250947000000022"))


# ── a reader and a card ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Bench:
    """A reader in process with a guard, as `rigs/build.py` makes them."""

    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.guard = CardGuard(CardList(), self.events.append)
        self.slot = EmbeddedSlot(lambda event: None)
        self.reader = EmbeddedReader(self.slot, self.events.append, admit=self.guard.admit)
        self.guard.watch(self.reader)

    def read(self, pan: str) -> bytes:
        """The first record of a card."""
        self.slot.insert(ChipCard(load_card_profile(RIGS / "cards/credit-chip.yaml"), pan, name="a card"))
        self.reader.power_on()
        self.reader.transmit(SELECT)
        self.reader.transmit(OPTIONS)
        return self.reader.transmit(READ)


def test_the_entry_is_told_before_the_answer() -> None:
    bench = Bench()
    assert bytes.fromhex(PAN) in bench.read(PAN)
    assert [(e.channel, e.kind) for e in bench.events][-2:] == [(Channel.CARD, "listed"), (Channel.CARD, "response")]


def test_the_answer_of_a_foreign_card_is_neither_told_nor_returned_and_the_card_is_off() -> None:
    bench = Bench()
    with pytest.raises(ForeignCard):
        bench.read(FOREIGN)
    assert [(e.channel, e.kind) for e in bench.events][-2:] == [(Channel.CARD, "command"), (Channel.RIG, "fault")]
    assert not any(forms_in(event.raw or b"") for event in bench.events)
    told = len(bench.events)
    with pytest.raises(Exception, match=r"not powered|removed"):
        bench.reader.transmit(READ)
    assert len(bench.events) == told


def frames_of(error: BaseException) -> Iterator[FrameType]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        yield frame


def shown_by(value: object) -> bool:
    return bool(forms_in(value if isinstance(value, bytes) else repr(value).encode()))


def test_when_it_is_blamed_no_frame_behind_it_holds_the_answer_any_more() -> None:
    bench = Bench()
    try:
        bench.read(FOREIGN)
    except ForeignCard as caught:
        before = [frame.f_code.co_name for frame in frames_of(caught) if any(map(shown_by, frame.f_locals.values()))]
        forget(caught)
        error = caught
    assert "admit" in before, "there was nothing to forget"
    held = [frame.f_code.co_name for frame in frames_of(error) if any(map(shown_by, frame.f_locals.values()))]
    assert held == []


def test_what_led_to_an_error_is_forgotten_with_it() -> None:
    def shows(answer: bytes) -> None:
        raise ForeignCard

    def wraps() -> None:
        answer = record()
        try:
            shows(answer)
        except ForeignCard:
            raise RuntimeError from None

    with pytest.raises(RuntimeError) as caught:
        wraps()
    forget(caught.value)
    assert caught.value.__context__ is not None
    assert not any(frame.f_locals for frame in frames_of(caught.value.__context__))


def test_the_guard_keeps_nothing_of_the_answer() -> None:
    bench = Bench()
    with pytest.raises(ForeignCard) as caught:
        bench.read(FOREIGN)
    forget(caught.value)
    nearest = gc.get_referents(bench.guard, bench.reader)
    held = [*nearest, *gc.get_referents(*nearest)]
    assert not any(shown_by(thing) for thing in held if isinstance(thing, (bytes, str, tuple, list, dict)))


# ── the run ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_is_stopped_for_whoever_looks_into_its_folder(tmp_path: Path) -> None:
    assert stopped(tmp_path) == ""
    stop_run(tmp_path)
    stop_run(tmp_path)
    assert stopped(tmp_path) == FOREIGN_CARD
    assert [path.name for path in tmp_path.iterdir()] == [STOPPED]


@pytest.mark.parametrize(
    ("hard", "set_to"),
    [(resource.RLIM_INFINITY, 1), (1_000_000, 1), (1, 1), (0, 0)],
    ids=["none", "some", "one", "zero"],
)
def test_the_limit_of_core_files_is_never_raised(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hard: int, set_to: int
) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda what: (0, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda what, to: limits.append((what, to)))
    monkeypatch.setattr(allowlist, "CORE_FILTER", tmp_path / "filter")
    allowlist.no_core_files()
    assert limits == [(resource.RLIMIT_CORE, (set_to, set_to))]
    assert (tmp_path / "filter").read_text() == "0"


def test_a_kernel_without_a_filter_is_no_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(allowlist, "CORE_FILTER", tmp_path / "none" / "filter")
    allowlist.no_core_files()
    assert not (tmp_path / "none").exists()
