"""The seeded defects of a reader: each does what it says, in every case anew, and nothing before it is armed."""

from __future__ import annotations

from protocols.events import discard
from simulators.reader import EmbeddedSlot, ReaderFaults
from simulators.reader.defects import COMPONENT, DEFECTS, DROPS_OUT_AT, LATE_S, ReaderDefects
from simulators.reader.profile import IFD_SERIAL
from simulators.reader.slot import Answered
from simulators.terminal.defects import DEFECTS as TERMINALS

COMMAND = bytes.fromhex("00B2011400")


class Plain:
    """Answers everything with the same record."""

    name = "plain"

    def power_on(self) -> bytes:
        return bytes.fromhex("3B00")

    def transmit(self, raw: bytes) -> bytes | None:
        return bytes.fromhex("70065A0462509470") + b"\x90\x00"


def slot_with(*names: str) -> tuple[EmbeddedSlot, ReaderDefects]:
    slot = EmbeddedSlot(discard)
    defects = ReaderDefects(names, slot.faults)
    slot.insert(Plain())
    slot.power_up()
    return slot, defects


def test_each_is_one_of_the_reader_and_no_name_is_the_terminals() -> None:
    assert {defect.component for defect in DEFECTS.values()} == {COMPONENT}
    assert not DEFECTS.keys() & TERMINALS.keys()
    assert len({defect.caught_by for defect in DEFECTS.values()}) == len(DEFECTS) == 5


def test_until_it_is_armed_and_for_names_of_others_nothing_is_wrong() -> None:
    slot, _ = slot_with(*DEFECTS)
    assert slot.faults == ReaderFaults()
    slot, defects = slot_with("no-reversal-on-timeout")
    defects.arm()
    assert slot.faults == ReaderFaults()


def test_it_drops_out_in_the_middle_and_again_in_the_next_case() -> None:
    slot, defects = slot_with("reader-drops-out")
    for _ in range(2):
        defects.arm()
        answered = [slot.command(COMMAND)[0] for _ in range(DROPS_OUT_AT)]
        assert answered == [Answered.OK] * (DROPS_OUT_AT - 1) + [Answered.REFUSED]
        assert not slot.plugged
        slot.replug()
        slot.power_up()


def test_it_cuts_the_data_and_leaves_the_status_words() -> None:
    slot, defects = slot_with("reader-cuts-answers")
    defects.arm()
    assert slot.command(COMMAND) == (Answered.OK, bytes.fromhex("70065A04625094") + b"\x90\x00")
    assert slot.faults.garble is not None
    assert slot.faults.garble(b"\x6a\x82") == b"\x6a\x82"


def test_it_is_later_than_any_limit_allows() -> None:
    slot, defects = slot_with("reader-slow")
    defects.arm()
    assert slot.faults.delay_s == LATE_S


def test_it_forgets_its_number() -> None:
    slot, defects = slot_with("reader-forgets-serial")
    assert slot.attribute(IFD_SERIAL) == b"HF-0001"
    defects.arm()
    assert slot.attribute(IFD_SERIAL) is None


def test_it_misses_a_removal_in_every_case() -> None:
    slot, defects = slot_with("reader-misses-removal")
    for _ in range(2):
        defects.arm()
        slot.remove()
        assert slot.present()
        assert slot.card is None
        slot.insert(Plain())
