"""Card numbers hidden in printed bytes and in texts, wherever and however they stand."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.escpos import Composer
from protocols.masking import Exposure, hide_nibbles, hide_pan_nibbles, mask_text, mask_words
from tests.protocols.samples import OTHER_PAN, PAN, pans

FULL_WIDTH = "".join(chr(ord(digit) + 0xFEE0) for digit in PAN)
separators = st.sampled_from(["", " ", "-", "  ", "\u3000", "\x1bE\x01", "\x1b!0", " \x1d!\x11"])
any_gap = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=2).map(lambda gap: gap.encode("gb18030"))
around = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(lambda text: text.encode("gb18030"))
no_digits = st.text(st.characters(exclude_categories=["Nd", "Cs"]), max_size=20)


def digits_of(data: bytes) -> str:
    return re.sub(r"\D", "", data.decode("latin-1"))


def test_a_pan_shows_its_first_six_and_last_four_digits() -> None:
    assert mask_text(f"PAN {PAN} 12.50".encode("ascii")).raw == b"PAN 625094" + b"\x7f" * 6 + b"0014 12.50"


def test_what_stood_in_clear_is_told_and_is_the_devices_doing() -> None:
    assert mask_text(f"A {PAN}\n{OTHER_PAN}".encode("ascii")).exposed == (
        Exposure("pan", 2, 16),
        Exposure("pan", 19, 16),
    )


@pytest.mark.parametrize(
    "text",
    [
        "6250 9470 0000 0014", "6250-9470-0000-0014", "62509470 00000014", "6250  9470  0000  0014",
        "6 2 5 0 9 4 7 0 0 0 0 0 0 0 1 4", "6250\x1bE\x019470\x1b!00000 0014", FULL_WIDTH, "6250　9470　0000　0014",
        f"0{PAN}", f"000{PAN}", f"100 {PAN}", f"{PAN} 12.50", f"20251125 {PAN}", f"x{PAN}y", f"{PAN}={'9' * 10}",
        "00 6250 9470 0000 0014 99",
    ],
)  # fmt: skip
def test_a_pan_that_nobody_told_of_is_found_by_its_shape(text: str) -> None:
    masked = mask_text(text.encode("gb18030"))
    assert (masked.exposed[0].kind, masked.exposed[0].clear_digits) == ("pan", 16)
    assert masked.raw.count(b"\x7f") >= 6


@pytest.mark.parametrize(
    "text",
    [
        "62509470\n00000014", "6250.9470.0000.0014", "6250/9470/0000/0014", "6250 | 9470 | 0000 | 0014", f"{PAN}0000",
        f"1234567890123456789012345{PAN}", "625094700000 0014", "6250*9470*0000*0014", "卡6250号9470码0000尾0014",
    ],
)  # fmt: skip
def test_a_pan_of_the_bench_is_found_whatever_stands_between(text: str) -> None:
    masked = mask_text(text.encode("gb18030"), [OTHER_PAN, PAN])
    assert [(e.kind, e.clear_digits) for e in masked.exposed] == [("pan", 16)]
    assert masked.raw.count(b"\x7f") == 6
    assert mask_words(text, [PAN]).count("•") == 6


def test_digits_too_far_apart_are_no_pan() -> None:
    assert mask_text(b"62509470" + b"." * 9 + b"00000014", [PAN]).exposed == ()


@pytest.mark.parametrize(
    "text",
    [
        "MID 309310083985008", "REF 051000000203", "2025-11-25 103000", "20251125 123456 01", "0000000000000000",
        "6250947000000015", "625094••••••0014", "625094******0014", "TID 12345678 BATCH 000001 TRACE 000042", "",
        "2025112510300014", "123456789012", "62509470000000140000",
    ],
)  # fmt: skip
def test_other_numbers_stay_as_they_are(text: str) -> None:
    data = text.encode("gb18030")
    assert mask_text(data, [OTHER_PAN]) == mask_text(data)
    assert (mask_text(data).raw, mask_text(data).exposed) == (data, ())
    assert mask_words(text) == text


@pytest.mark.parametrize("separator", ["=", "D"])
def test_track_data_behind_a_pan_is_hidden_whole(separator: str) -> None:
    masked = mask_text(f"{PAN}{separator}30122010000012345?".encode("ascii"))
    assert masked.raw == b"625094" + b"\x7f" * 6 + b"0014" + separator.encode("ascii") + b"\x7f" * 17 + b"?"
    assert masked.exposed == (Exposure("pan", 0, 16), Exposure("track", 17, 17))


def test_overlapping_finds_are_all_hidden_and_told_once() -> None:
    masked = mask_text(f"{PAN}{PAN[:4]}".encode("ascii"), [PAN, PAN[1:] + PAN[0]])
    assert [exposure.offset for exposure in masked.exposed] in ([0], [1])
    assert PAN[6:12] not in digits_of(masked.raw)


def test_full_width_digits_keep_their_columns() -> None:
    assert mask_text(FULL_WIDTH.encode("gb18030")).raw.decode("gb18030") == "６２５０９４" + "\x7f" * 12 + "００１４"
    assert mask_words(FULL_WIDTH) == "６２５０９４••••••００１４"


@given(around, pans, st.lists(any_gap, min_size=19, max_size=19), around)
def test_no_pan_of_the_bench_is_ever_left(before: bytes, pan: str, gaps: list[bytes], after: bytes) -> None:
    data = before + b"".join(d.encode("ascii") + g for d, g in zip(pan, gaps, strict=False)) + after
    masked = mask_text(data, [pan])
    assert len(masked.raw) == len(data)
    assert any(exposure.kind == "pan" for exposure in masked.exposed)
    assert masked.raw.count(b"\x7f") >= len(pan) - 10
    assert not [e for e in mask_text(masked.raw, [pan]).exposed if e.clear_digits == len(pan)]


@given(no_digits, pans, separators, st.integers(1, 8), no_digits)
def test_no_pan_in_groups_is_ever_left(before: str, pan: str, separator: str, size: int, after: str) -> None:
    groups = [pan[at : at + size] for at in range(0, len(pan), size)]
    if separator:
        printed = f"{before}:{separator.join(groups)}:{after}".encode("gb18030")
    else:
        printed = f"{before}:{pan}:{after}".encode("gb18030")
    masked = mask_text(printed)
    assert ("pan", len(pan)) in {(exposure.kind, exposure.clear_digits) for exposure in masked.exposed}
    assert masked.raw.count(b"\x7f") >= len(pan) - 10


@given(pans, st.integers(1, 2), st.booleans())
def test_no_pan_on_a_composed_slip_is_ever_left(pan: str, width: int, bold: bool) -> None:
    slip = Composer(48).text(f"卡号 {pan}", width=width, bold=bold).pair("CARD", pan).cut().bytes()
    masked = mask_text(slip)
    assert pan.encode("ascii") not in masked.raw
    assert [exposure.kind for exposure in masked.exposed] == ["pan", "pan"]


@given(st.text(max_size=60), st.lists(pans, max_size=2))
def test_a_masked_text_keeps_its_length_and_masking_again_changes_nothing(text: str, cards: list[str]) -> None:
    once = mask_words(text, cards)
    assert len(once) == len(text)
    assert mask_words(once, cards) == once


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [(0, 0, "123456"), (0, 1, "F23456"), (1, 1, "1F3456"), (1, 4, "1FFFF6"), (0, 6, "FFFFFF")],
)
def test_nibbles_are_hidden_at_their_place(start: int, count: int, expected: str) -> None:
    data = bytearray.fromhex("123456")
    hide_nibbles(data, start, count)
    assert data.hex().upper() == expected


@given(st.binary(max_size=12), st.integers(0, 24), st.integers(-2, 24))
def test_every_nibble_of_a_span_is_hidden_and_no_other(data: bytes, start: int, count: int) -> None:
    start = min(start, 2 * len(data))
    count = min(count, 2 * len(data) - start)
    hidden = bytearray(data)
    hide_nibbles(hidden, start, count)
    shown = data.hex().upper()
    assert hidden.hex().upper() == shown[:start] + "F" * count + shown[start + max(count, 0) :]


@pytest.mark.parametrize(
    ("digits", "expected"), [(13, "625094FFF00001400000"), (16, "625094FFFFFF01400000"), (12, "FFFFFFFFFFFF01400000")]
)
def test_a_packed_pan_is_hidden_by_its_length(digits: int, expected: str) -> None:
    data = bytearray.fromhex("62509470000001400000")
    hide_pan_nibbles(data, 0, digits)
    assert data.hex().upper() == expected


def test_a_number_behind_what_looks_like_a_style_command_is_hidden_in_either_reading() -> None:
    """The command may be none (a field of a message is no print), and then its argument is the number's first digit."""
    for raw in (b"\x1c 6250947000000014", b"\x1bE1\x1c 6250947000000014 ", b"\x1b!6250947000000014"):
        masked = mask_text(raw)
        assert b"4700" not in masked.raw, raw
        assert mask_words(raw.decode()).count("•") == 6
        assert masked.exposed == (), "a printer would take it for a command, and print no card number"


def test_a_number_with_style_commands_in_it_is_told_once() -> None:
    masked = mask_text(b"62509470\x1bE100000014")
    assert [(e.kind, e.clear_digits) for e in masked.exposed] == [("pan", 16)]
