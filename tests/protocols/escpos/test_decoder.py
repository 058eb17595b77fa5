"""Printer bytes to lines and slips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.escpos import Decoder, Line, Slip, StatusRequest, Style, decode
from protocols.escpos.decoder import Item

CUT = b"\x1dV\x00"
FRAGMENTS = [
    "预授权".encode("gb18030"), b"TOTAL 1.00", b"\n", b"\r\n", CUT, b"\x1dVB\x00", b"\x1bi", b"\x1b@", b"\x1b!\x30",
    b"\x1bE\x01", b"\x1ba\x01", b"\x1d!\x11", b"\x1c&", b"\x1c!\x0c", b"\x1bd\x02", b"\x1bJ\x10", b"\x1bc5\x01",
    b"\x1bD\x08\x10\x00", b"\x1b*\x00\x02\x00\xff\x0a", b"\x1dv0\x00\x01\x00\x02\x00\x1b\x0a", b"\x1dk\x02123\x00",
    b"\x1dkI\x03{B1", b"\x1d(k\x05\x001P0ab", b"\x1d(k\x03\x001Q0", b"\x10\x04\x04", b"\x1dr\x01", b"\x1by", b"\x18",
    b"\x1d8L\x02\x00\x00\x000\x02", b"\x1d*\x01\x01" + bytes(8), b"\x1d/\x00", b"\x1cp\x01\x00", b"\x0c",
    b"\x1b(A\x01\x00\x30",
]  # fmt: skip
streams = st.lists(st.sampled_from(FRAGMENTS), max_size=14).map(b"".join)


def lines(data: bytes) -> list[Line]:
    (slip,) = decode(data)
    return list(slip.lines)


def texts(data: bytes) -> list[str]:
    return [line.text for line in lines(data)]


def fed(stream: bytes, size: int) -> tuple[list[Item], Slip | None]:
    decoder = Decoder()
    items = [item for at in range(0, len(stream), size) for item in decoder.feed(stream[at : at + size])]
    return items, decoder.rest()


@given(streams | st.binary(max_size=80), st.integers(1, 7))
def test_pieces_of_any_size_give_what_the_whole_gives(stream: bytes, size: int) -> None:
    assert fed(stream, size) == fed(stream, len(stream) + 1)


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_each_command_byte_by_byte_is_the_same_command(fragment: bytes) -> None:
    stream = b"before\n" + fragment + b"after\n"
    assert fed(stream, 1) == fed(stream, 1000)


@given(streams)
def test_every_byte_is_in_a_slip_or_a_status_request(stream: bytes) -> None:
    items, _ = fed(stream + CUT, 1000)
    asked = sum(len(item.raw) for item in items if isinstance(item, StatusRequest))
    assert asked + sum(len(item.raw) for item in items if isinstance(item, Slip)) == len(stream + CUT)


@given(streams)
def test_the_lines_of_a_slip_came_out_before_it(stream: bytes) -> None:
    items, _ = fed(stream + CUT, 1000)
    since: list[Line] = []
    for item in items:
        if isinstance(item, Line):
            since.append(item)
        elif isinstance(item, Slip):
            assert list(item.lines) == since
            since = []


def test_a_slip_ends_with_its_cut_and_the_rest_is_uncut() -> None:
    first, rest = decode(b"one\n" + CUT + b"two\nthree")
    assert (first.text, first.cut, first.raw) == ("one", True, b"one\n" + CUT)
    assert (rest.text, rest.cut, rest.raw) == ("two\nthree", False, b"two\nthree")


@pytest.mark.parametrize(
    "cut", [b"\x1dV\x00", b"\x1dV\x01", b"\x1dV1", b"\x1dVA\x03", b"\x1dVB\x00", b"\x1bi", b"\x1bm"]
)
def test_each_cut_ends_a_slip_and_takes_an_open_line_with_it(cut: bytes) -> None:
    assert decode(b"one" + cut) == [Slip((Line("one", Style(), b"one" + cut),), True, b"one" + cut)]


def test_nothing_printed_leaves_no_rest() -> None:
    assert decode(b"\x1b@\x1c&\x1dv0") == []


def test_half_a_command_belongs_to_the_bytes_of_the_rest() -> None:
    (rest,) = decode(b"one\n\x1dv0\x00\x09")
    assert rest.raw == b"one\n\x1dv0\x00\x09"


@pytest.mark.parametrize(
    ("command", "style"),
    [
        (b"\x1bE\x01", Style(bold=True)), (b"\x1bG\x01", Style(bold=True)), (b"\x1b-\x01", Style(underline=True)),
        (b"\x1b-2", Style(underline=True)), (b"\x1b-0", Style()), (b"\x1ba\x01", Style(align="center")),
        (b"\x1ba2", Style(align="right")), (b"\x1ba\x07", Style()), (b"\x1d!\x12", Style(width=2, height=3)),
        (b"\x1b!\x38", Style(bold=True, width=2, height=2)), (b"\x1b!\x80", Style(underline=True)),
        (b"\x1c!\x8c", Style(width=2, height=2, underline=True)), (b"\x1bE\x01\x1b@", Style()),
    ],
)  # fmt: skip
def test_a_style_holds_for_the_line_after_it(command: bytes, style: Style) -> None:
    assert lines(command + b"x\n") == [Line("x", style, command + b"x\n")]


def test_a_line_has_the_style_of_its_first_character() -> None:
    assert lines(b"\x1bE\x01bo\x1bE\x00ld\n")[0].style == Style(bold=True)
    assert lines(b"\x1bE\x01bold\x1bE\x00\nplain\n")[0].style == Style(bold=True)
    assert lines(b"\x1bE\x01bold\x1bE\x00\nplain\n")[1].style == Style()


def test_hidden_digits_are_bullets() -> None:
    assert texts(b"625094" + b"\x7f" * 6 + b"0014\n") == ["625094••••••0014"]


def test_a_character_cut_in_two_pieces_is_whole() -> None:
    decoder, text = Decoder(), "预授权\n".encode("gb18030")
    items = decoder.feed(text[:3]) + decoder.feed(text[3:])
    assert [item.text for item in items if isinstance(item, Line)] == ["预授权"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert texts(b"a\xffb\n") == ["a\ufffdb"]


def test_control_bytes_are_no_text_but_a_tab_is() -> None:
    assert texts(b"a\x00\x07\x0b\x0cb\tc\r\n") == ["ab\tc"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x\x1bd\x00y\n", ["x", "y"]), (b"x\x1bd\x01y\n", ["x", "y"]), (b"x\x1bd\x03", ["x", "", ""]),
        (b"\x1bd\x02x\n", ["", "", "x"]), (b"\x1bd\x00x\n", ["x"]), (b"x\x1bJ\x20y\n", ["x", "y"]),
        (b"\x1bJ\x20y\n", ["", "y"]),
    ],
)  # fmt: skip
def test_feeding_ends_a_line_and_makes_empty_ones(data: bytes, expected: list[str]) -> None:
    assert texts(data) == expected


def test_status_requests_come_out_and_leave_the_line_alone() -> None:
    items, rest = fed(b"ab\x10\x04\x01cd\x1dr\x01\x1dI\x02\x1bv\n", 1)
    assert [item.raw for item in items if isinstance(item, StatusRequest)] == [
        b"\x10\x04\x01", b"\x1dr\x01", b"\x1dI\x02", b"\x1bv",
    ]  # fmt: skip
    assert rest is not None
    assert (rest.text, rest.raw) == ("abcd", b"abcd\n")


def test_an_unknown_command_is_kept_and_what_follows_is_text() -> None:
    (slip,) = decode(b"\x1byone\n\x1d\x01two\n" + CUT)
    assert slip.unknown == (b"\x1by", b"\x1d\x01")
    assert slip.text == "one\ntwo"
    (following,) = decode(b"three\n" + CUT)
    assert following.unknown == ()


def test_a_known_command_without_effect_on_text_is_not_unknown() -> None:
    (slip,) = decode(b"\x1b2\x1b3\x20\x1bt\x00\x1bp\x00\x32\x32\x1bB\x02\x04\x1d|\x03\x1bD\x08\x00\x18x\n" + CUT)
    assert (slip.unknown, slip.text) == ((), "x")
