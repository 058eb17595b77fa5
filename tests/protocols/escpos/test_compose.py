"""Slips to printer bytes, and read back from them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.escpos import Composer, Style, columns_of, decode
from protocols.escpos.compose import wrap

letters = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("预授权完成￥（）㐀𠀀"), max_size=70
)
styles = st.builds(
    Style, bold=st.booleans(), width=st.integers(1, 3), height=st.integers(1, 8),
    align=st.sampled_from(["left", "center", "right"]),
)  # fmt: skip


@given(st.lists(st.tuples(letters, styles), max_size=5), st.sampled_from([24, 32, 48]))
def test_what_was_composed_is_decoded(written: list[tuple[str, Style]], columns: int) -> None:
    composer = Composer(columns)
    expected = []
    for text, style in written:
        composer.text(text, align=style.align, width=style.width, height=style.height, bold=style.bold)
        expected += [(line, style) for line in wrap(text, columns // style.width)]
    (slip,) = decode(composer.cut().bytes())
    assert [(line.text, line.style) for line in slip.lines] == expected
    assert (slip.cut, slip.unknown) == (True, ())
    assert slip.raw == composer.bytes()


@given(letters, st.integers(2, 48))
def test_a_wrapped_text_loses_nothing_and_fits(text: str, columns: int) -> None:
    lines = wrap(text, columns)
    assert "".join(lines) == text
    assert all(columns_of(line) <= columns for line in lines)


def test_a_character_wider_than_the_paper_stands_alone() -> None:
    assert wrap("预授", 1) == ["预", "授"]


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("TOTAL", 5), ("预授权", 6), ("￥1.00", 6), ("１", 2)])
def test_a_chinese_character_takes_two_columns(text: str, columns: int) -> None:
    assert columns_of(text) == columns


def test_a_pair_stands_at_both_edges() -> None:
    assert decode(Composer(16).pair("金额", "1.00").bytes())[0].text == "金额        1.00"


def test_a_pair_that_fits_exactly_with_one_space_is_one_line() -> None:
    assert decode(Composer(9).pair("金额", "1.00").bytes())[0].text == "金额 1.00"


def test_a_pair_that_would_overlap_is_two_lines() -> None:
    (slip,) = decode(Composer(8).pair("金额", "1.00").bytes())
    assert [(line.text, line.style.align) for line in slip.lines] == [("金额", "left"), ("1.00", "right")]


def test_a_rule_is_as_wide_as_the_paper_and_a_feed_is_empty_lines() -> None:
    assert decode(Composer(4).rule("=").feed(2).rule().bytes())[0].text == "====\n\n\n----"
