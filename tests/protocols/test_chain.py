"""The hash chain: sealed lines open again, and any change is found at its place."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.chain import FIRST_HASH, line_hash, open_line, seal_line

records = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=10) | st.integers(), min_size=1, max_size=3),
    min_size=1,
    max_size=5,
)


def sealed(texts: list[str]) -> list[bytes]:
    lines, previous = [], FIRST_HASH
    for text in texts:
        line, previous = seal_line(previous, text)
        lines.append(line)
    return lines


def first_fault(lines: list[bytes]) -> int | None:
    """The number of the first line that does not follow from those before it."""
    previous = FIRST_HASH
    for number, line in enumerate(lines):
        opened = open_line(line.removesuffix(b"\n"))
        if opened is None or line_hash(previous, opened[0]) != opened[1]:
            return number
        previous = opened[1]
    return None


def texts_of(written: list[dict[str, str | int]]) -> list[str]:
    return [json.dumps(record, ensure_ascii=False) for record in written]


def test_a_line_is_hashed_with_the_hash_before_it() -> None:
    line, sealed_hash = seal_line(FIRST_HASH, '{"n":1}')
    assert sealed_hash == hashlib.sha256(b"0" * 64 + b'{"n":1').hexdigest()
    assert line == b'{"n":1,"hash":"' + sealed_hash.encode("ascii") + b'"}\n'


@given(records)
def test_sealed_lines_are_json_with_the_hash_as_their_last_member(written: list[dict[str, str | int]]) -> None:
    for record, line in zip(written, sealed(texts_of(written)), strict=True):
        read = json.loads(line)
        assert list(read)[-1] == "hash"
        assert {**record, "hash": read["hash"]} == read


@given(records)
def test_an_untouched_chain_has_no_fault(written: list[dict[str, str | int]]) -> None:
    assert first_fault(sealed(texts_of(written))) is None


@given(records, st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_is_found_in_its_line(written: list[dict[str, str | int]], place: int, change: int) -> None:
    lines = sealed(texts_of(written))
    number = place % len(lines)
    line = bytearray(lines[number])
    line[place % (len(line) - 1)] ^= change
    assert first_fault([*lines[:number], bytes(line), *lines[number + 1 :]]) == number


@given(records.filter(lambda written: len(written) > 1))
def test_a_removed_doubled_or_moved_line_is_found(written: list[dict[str, str | int]]) -> None:
    lines = sealed(texts_of([{"n": n, **record} for n, record in enumerate(written)]))
    assert first_fault(lines[1:]) == 0
    assert first_fault([lines[0], *lines]) == 1
    assert first_fault([lines[1], lines[0], *lines[2:]]) == 0


@pytest.mark.parametrize("text", ["", "{}", "{ }", "[1]", '"x"', '{"n":1', '{"n":1}\n', '{"n":\n1}'])
def test_only_an_object_with_members_on_one_line_can_be_sealed(text: str) -> None:
    with pytest.raises(ValueError, match="JSON object with members"):
        seal_line(FIRST_HASH, text)


@pytest.mark.parametrize("line", [b"", b'{"n":1}', b',"hash":"' + b"0" * 64 + b'"}', b'{"n":1,"hash":"00"}'])
def test_a_line_without_a_whole_hash_is_not_opened(line: bytes) -> None:
    assert open_line(line) is None


def test_a_line_with_its_end_cut_off_is_not_opened() -> None:
    line, _ = seal_line(FIRST_HASH, '{"n":1}')
    assert open_line(line.removesuffix(b"\n")) is not None
    assert open_line(line) is None
    assert open_line(line[:-2]) is None
