"""Cards: an answer that shows a number comes after the entry of the list that lets it in, and the card is read on."""

from __future__ import annotations

import pytest

from protocols.emv import build, mask_apdu
from reports.judge.auditors.cards import alike
from reports.judge.finding import Finding, Verdict
from tests.reports.judge.builder import PAN, Tale

RANGE, OTHER_RANGE = "62509470xxxxxxxx", "62242429xxxxxxxx"
READ = bytes.fromhex("00B2011400")
TRACK = build([("70", [("57", bytes.fromhex(f"{PAN}D3012201000000000F")), ("5F20", b"TEST")])])
NUMBER = build([("70", [("5A", bytes.fromhex(PAN)), ("5F34", b"\x01")])])
OTHERS = build([("70", [("9F42", b"\x01\x56")])])


def answer(tale: Tale, data: bytes, *, listed: str = "") -> Tale:
    """A record as the recorder leaves it; `listed` is the entry that the guard told before."""
    if listed:
        tale.tell("card", "listed", entry=listed)
    return tale.tell("card", "response", raw=mask_apdu(READ, data + b"\x90\x00")[1].raw, name="READ RECORD")


def read(tale: Tale, data: bytes, *, listed: str = "") -> Tale:
    return answer(tale.tell("card", "command", raw=READ, name="READ RECORD"), data, listed=listed)


def audit(tale: Tale) -> Finding:
    found = tale.audit("card.listed")
    assert found is not None
    return found


def test_records_that_were_let_in_are_well() -> None:
    told = read(read(read(Tale(), TRACK, listed=RANGE), NUMBER, listed=RANGE), OTHERS)
    found = audit(told)
    assert (found.verdict, found.actual) == (Verdict.PASS, "2 answers, each with its entry of the list")


def test_where_no_number_is_shown_there_is_nothing_to_judge() -> None:
    assert read(Tale(), OTHERS).audit("card.listed") is None
    assert answer(Tale(), b"\x70\x99no object").audit("card.listed") is None


@pytest.mark.parametrize("data", [TRACK, NUMBER], ids=["track", "number"])
def test_a_number_at_which_nobody_looked_is_a_fault_of_ours(data: bytes) -> None:
    tale = read(Tale(), data)
    found = audit(tale)
    assert found.verdict is Verdict.FAIL
    assert "nobody had looked" in found.actual
    assert found.evidence == (tale["card response"],)
    assert tale.close().judge().verdict is Verdict.ERROR


def test_an_entry_counts_for_an_answer_that_came_in_pieces() -> None:
    """The guard sees the whole before any of it is told; a piece is told by its status words alone."""
    tale = Tale().tell("card", "command", raw=READ, name="READ RECORD").tell("card", "listed", entry=RANGE)
    tale.tell("card", "response", raw=bytes.fromhex("6110"), left_out=16)
    assert audit(answer(tale, NUMBER)).verdict is Verdict.PASS


def test_an_entry_counts_for_one_answer_alone() -> None:
    assert audit(read(read(Tale(), TRACK, listed=RANGE), NUMBER)).verdict is Verdict.FAIL
    assert audit(read(read(Tale(), OTHERS, listed=RANGE), NUMBER)).verdict is Verdict.FAIL


def test_an_entry_of_the_card_before_counts_for_no_other() -> None:
    tale = Tale().tell("card", "listed", entry=RANGE).tell("card", "atr", atr="3B00")
    assert audit(answer(tale, NUMBER)).verdict is Verdict.FAIL


def test_an_entry_that_was_told_after_the_answer_is_too_late_whatever_its_time() -> None:
    tale = answer(Tale(), NUMBER).tell("card", "listed", after=-2, entry=RANGE)
    assert audit(tale).verdict is Verdict.FAIL


def test_an_answer_whose_bytes_came_before_the_entry_was_told_is_well() -> None:
    """The guard looks after they came, and before they are told."""
    tale = Tale().tell("card", "listed", entry=RANGE, after=3)
    raw = mask_apdu(READ, NUMBER + b"\x90\x00")[1].raw
    assert audit(tale.tell("card", "response", after=-2, raw=raw)).verdict is Verdict.PASS


def test_a_card_of_another_entry_is_seen_by_its_mask() -> None:
    found = audit(read(Tale(), NUMBER, listed=OTHER_RANGE))
    assert (found.verdict, found.actual) == (Verdict.FAIL, f"the card read is none of {OTHER_RANGE}")


@pytest.mark.parametrize(
    ("entry", "masked", "same"),
    [(RANGE, "625094FFFFFF0014", True), ("625094******0014", "625094FFFFFF0014", True),
     ("625094******0015", "625094FFFFFF0014", False), (RANGE, "625093FFFFFF0014", False),
     (RANGE, "625094FFFFFFFFF0014", False), ("", "625094FFFFFF0014", False)],
)  # fmt: skip
def test_a_mask_agrees_with_an_entry_where_both_show_a_digit(entry: str, masked: str, same: bool) -> None:
    assert alike(entry, masked) is same


# ── read on ───────────────────────────────────────────────────────────────────────────────────────────────────────


def whole() -> Tale:
    tale = read(Tale().order(), TRACK, listed=RANGE)
    return read(tale, NUMBER, listed=RANGE).generate_ac("ARQC")


def test_a_card_of_the_list_is_read_to_its_end() -> None:
    found = whole().criterion("card.read-on")
    assert (found.verdict, found.actual) == (Verdict.PASS, f"it was let in by {RANGE}, and read to its end")


@pytest.mark.parametrize(
    ("tale", "missing"),
    [(read(Tale().order(), TRACK, listed=RANGE).generate_ac("ARQC"), "no READ RECORD"),
     (read(read(Tale().order(), TRACK, listed=RANGE), NUMBER, listed=RANGE), "no GENERATE AC")],
)  # fmt: skip
def test_a_card_that_is_not_read_on_is_a_deviation(tale: Tale, missing: str) -> None:
    found = tale.criterion("card.read-on")
    assert found.verdict is Verdict.FAIL
    assert missing in found.actual


def test_a_card_at_which_nobody_looked_is_a_deviation() -> None:
    tale = read(read(Tale().order(), TRACK), NUMBER).generate_ac("ARQC")
    assert tale.criterion("card.read-on").verdict is Verdict.FAIL


def test_where_no_card_was_read_nothing_can_be_said() -> None:
    assert Tale().order().criterion("card.read-on").verdict is Verdict.INCONCLUSIVE


def test_the_card_of_the_order_before_is_not_this_ones() -> None:
    tale = whole().order("completion")
    assert tale.criterion("card.read-on").verdict is Verdict.INCONCLUSIVE
