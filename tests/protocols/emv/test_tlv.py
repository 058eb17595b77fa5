"""BER-TLV: known objects, round trips, and bytes that are none."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import Tlv, TlvError, build, find, flatten, objects, parse, select
from protocols.emv.tlv import DEEPEST, encode_length, top

primitive = st.sampled_from(["82", "95", "9F26", "9F10", "5A", "5F2A", "DF8101"])
template = st.sampled_from(["70", "77", "A5", "BF0C", "E1"])
leaves = st.tuples(primitive, st.binary(max_size=140))
trees = st.recursive(
    st.lists(leaves, max_size=3), lambda inner: st.lists(leaves | st.tuples(template, inner), max_size=3), max_leaves=8
)


def shape(nodes: list[Tlv] | tuple[Tlv, ...]) -> list[tuple[str, object]]:
    constructed = {"70", "77", "A5", "BF0C", "E1"}
    return [(node.tag, shape(node.children) if node.tag in constructed else node.value) for node in nodes]


@given(trees)
def test_what_was_built_is_parsed(tree: list[tuple[str, object]]) -> None:
    assert shape(parse(build(tree))) == tree  # type: ignore[arg-type]


@given(trees)
def test_an_offset_is_the_place_of_the_value_in_the_whole(tree: list[tuple[str, object]]) -> None:
    data = build(tree)  # type: ignore[arg-type]
    for node in flatten(parse(data)):
        assert data[node.offset : node.offset + len(node.value)] == node.value


def test_a_directory_entry_is_read_to_its_leaves() -> None:
    data = bytes.fromhex("6F10" + "8407A0000003330101" + "A505" + "500350424F")
    assert parse(data) == [
        Tlv("6F", data[2:], 2, (
            Tlv("84", bytes.fromhex("A0000003330101"), 4),
            Tlv("A5", data[13:], 13, (Tlv("50", b"PBO", 15),)),
        )),
    ]  # fmt: skip


def test_zero_bytes_between_objects_are_passed_over() -> None:
    assert [node.tag for node in parse(bytes.fromhex("0000820100009F3602000100"))] == ["82", "9F36"]


def test_a_template_comes_before_what_it_holds() -> None:
    assert [n.tag for n in flatten(parse(build([("70", [("5A", b""), ("A5", [("50", b"")])]), ("82", b"")])))] == [
        "70", "5A", "A5", "50", "82",
    ]  # fmt: skip


@pytest.mark.parametrize(("tag", "value"), [("50", b"first"), ("9F36", None)])
def test_find_gives_the_first_at_any_depth_or_none(tag: str, value: bytes | None) -> None:
    data = build([("70", [("A5", [("50", b"first")])]), ("50", b"second")])
    assert find(data, tag) == value
    assert find(parse(data), tag) == value


@pytest.mark.parametrize(
    ("size", "form"), [(0, "00"), (127, "7F"), (128, "8180"), (255, "81FF"), (256, "820100"), (65536, "83010000")]
)
def test_lengths_take_their_shortest_form(size: int, form: str) -> None:
    assert encode_length(size).hex().upper() == form
    assert len(parse(b"\x82" + encode_length(size) + bytes(size))[0].value) == size


@pytest.mark.parametrize("data", ["82830000015A", "8281015A"])
def test_a_longer_form_of_a_length_is_read(data: str) -> None:
    assert find(bytes.fromhex(data), "82") == b"\x5a"


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("9F", "the tag at offset 0 has no end"),
        ("8201009F82", "the tag at offset 3 has no end"),
        ("9F26", "tag 9F26 at offset 2 has no length"),
        ("5A0862", "tag 5A at offset 2 says 8 bytes, 1 are left"),
        ("5A83FFFFFF00", "says 16777215 bytes, 1 are left"),
        ("5A80", "length form 80"),
        ("5A8400000001FF", "length form 84"),
        ("5A8201", "length form 82"),
        ("7003820200", "tag 82 at offset 4 says 2 bytes, 1 are left"),
        ("70038202005A00", "tag 82 at offset 4 says 2 bytes, 1 are left"),  # more follows, but not in its template
    ],
)
def test_what_is_no_tlv_is_told_with_its_place(data: str, problem: str) -> None:
    with pytest.raises(TlvError, match=problem):
        parse(bytes.fromhex(data))


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = b"\x70" + encode_length(len(data)) + data
    return data


def test_templates_nest_as_deep_as_the_limit() -> None:
    assert len(list(flatten(parse(nested(DEEPEST))))) == DEEPEST


@pytest.mark.parametrize("depth", [DEEPEST + 2, 5000])
def test_a_deeper_nest_is_refused_and_harms_nothing(depth: int) -> None:
    with pytest.raises(TlvError, match=f"nested deeper than {DEEPEST}"):
        parse(nested(depth))


@given(st.binary(max_size=120))
def test_any_bytes_are_objects_or_a_tlv_error(data: bytes) -> None:
    with suppress(TlvError):
        assert sum(len(node.value) for node in parse(data)) <= len(data)


# ── in one pass ───────────────────────────────────────────────────────────────────────────────────────────────────────


def told(data: bytes) -> object:
    """What a whole parse gives: every object, or all that its error tells."""
    try:
        return [(node.tag, node.value) for node in flatten(parse(data))]
    except TlvError as error:
        return str(error), error.advice


def told_in_one_pass(data: bytes) -> object:
    try:
        return objects(data)
    except TlvError as error:
        return str(error), error.advice


@given(trees)
def test_objects_come_in_one_pass_as_a_parse_gives_them(tree: list[tuple[str, object]]) -> None:
    data = build(tree)  # type: ignore[arg-type]
    assert objects(data) == told(data)


@given(st.lists(leaves | st.tuples(template, st.lists(leaves, max_size=2)), max_size=4).map(build), st.data())
def test_spoilt_objects_are_read_or_refused_as_a_parse_does(data: bytes, changes: st.DataObject) -> None:
    body = bytearray(data) or bytearray(1)
    at = changes.draw(st.integers(0, len(body) - 1))
    body[at : at + changes.draw(st.integers(0, 2))] = changes.draw(st.binary(max_size=2))
    assert told_in_one_pass(bytes(body)) == told(bytes(body))


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_as_a_parse_does(data: bytes) -> None:
    assert told_in_one_pass(data) == told(data)


@given(trees, st.sets(primitive | template | st.just("9F36")))
def test_selected_objects_are_the_first_with_their_tag(tree: list[tuple[str, object]], wanted: set[str]) -> None:
    data = build(tree)  # type: ignore[arg-type]
    assert select(data, wanted) == {tag: find(data, tag) for tag in wanted if find(data, tag) is not None}


@pytest.mark.parametrize("size", [0, 1, 126, 127, 128, 129, 130, 255, 256, 257])
@pytest.mark.parametrize("before", [b"", bytes.fromhex("9F36020240")])
def test_a_value_of_any_length_is_read_whole(before: bytes, size: int) -> None:
    data = before + build([("82", b"v" * size)])
    assert objects(data)[-1] == ("82", b"v" * size)
    assert objects(data) == told(data)


def test_an_object_is_selected_out_of_a_template_and_among_filling() -> None:
    data = bytes.fromhex("0000") + build([("70", [("A5", [("50", b"first")])]), ("50", b"second"), ("82", b"12")])
    assert select(data, {"50", "82", "9F36"}) == {"50": b"first", "82": b"12"}


def test_a_fault_behind_what_is_wanted_is_told_all_the_same() -> None:
    with pytest.raises(TlvError, match="tag 5A at offset 5 says 8 bytes, 1 are left"):
        select(bytes.fromhex("8201015A0862"), {"82"})


# ── the outermost level alone ─────────────────────────────────────────────────────────────────────────────────────


@given(trees)
def test_the_outermost_objects_are_those_of_the_whole_without_their_children(tree: list[tuple[str, object]]) -> None:
    data = build(tree)  # type: ignore[arg-type]
    assert top(data) == [node._replace(children=()) for node in parse(data)]


def test_a_template_garbled_inside_hides_none_of_its_neighbours() -> None:
    data = bytes.fromhex("9101AA" + "00" + "7203" + "9F1809" + "8A023030")
    with pytest.raises(TlvError):
        parse(data)
    assert [(node.tag, node.value.hex(), node.offset) for node in top(data)] == [
        ("91", "aa", 2), ("72", "9f1809", 6), ("8A", "3030", 11),
    ]  # fmt: skip


@pytest.mark.parametrize("data", ["91", "9F", "9102AA", "91840000000100", "9180AA", "9181"])
def test_outermost_objects_that_are_none_are_refused(data: str) -> None:
    with pytest.raises(TlvError):
        top(bytes.fromhex(data))


def test_an_outermost_object_may_have_a_long_length() -> None:
    assert top(bytes.fromhex("918102AABB")) == [Tlv("91", b"\xaa\xbb", 3)]
