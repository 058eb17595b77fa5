"""The code that is made from a field table means what the field-by-field reading means: values, bytes and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY, CodecError, Message, compile_spec, unpack_frame
from protocols.iso8583.compile import Codec
from protocols.iso8583.field import Encoding, Field, Length, MessageSpec, Pad
from protocols.iso8583.generate import MISFITS, made_from, source_of
from protocols.iso8583.stepwise import Stepwise
from tests.protocols.samples import PUBLIC, messages, public_frame, values

CODEC, STEPWISE = compile_spec(UNIONPAY), Stepwise(UNIONPAY)
MADE = made_from(source_of(UNIONPAY), UNIONPAY.name)
_T = TypeVar("_T")


def outcome(work: Callable[[_T], Any], given: _T) -> object:
    """What comes of it: the result in its order, or all that an error tells."""
    try:
        result = work(given)
    except CodecError as error:
        return type(error), error.path, error.message, error.advice
    return list(result.items()) if isinstance(result, dict) else result


def as_stepwise(codec: Codec, stepwise: Stepwise, body: bytes) -> None:
    assert outcome(codec.unpack, body) == outcome(lambda b: stepwise.read(b)[0], body)
    assert outcome(codec.spans, body) == outcome(lambda b: stepwise.read(b)[1], body)


# ── good messages: the made code takes them by itself ─────────────────────────────────────────────────────────────────


@given(messages)
def test_a_good_message_needs_no_explaining(message: Message) -> None:
    body = STEPWISE.pack(message)
    assert MADE.pack(message) == body
    assert (list(MADE.unpack(body).items()), MADE.spans(body)) == (
        list(STEPWISE.read(body)[0].items()), STEPWISE.read(body)[1],
    )  # fmt: skip


@given(messages, st.randoms(use_true_random=False))
def test_the_order_in_which_a_message_was_put_together_does_not_matter(message: Message, random: Any) -> None:
    shuffled = list(message.items())
    random.shuffle(shuffled)
    assert MADE.pack(dict(shuffled)) == STEPWISE.pack(message)


def test_a_short_text_is_filled_by_both() -> None:
    message: Message = {0: "0110", 38: "AB12", 41: "", 42: "SHOP"}
    assert MADE.pack(message) == STEPWISE.pack(message)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_message_needs_no_explaining(name: str) -> None:
    body = unpack_frame(public_frame(name)).body
    assert (MADE.unpack(body), MADE.spans(body)) == STEPWISE.read(body)


@pytest.mark.parametrize("nibble", "0123456789ABCDEF")
def test_a_pad_nibble_of_any_value_needs_no_explaining(nibble: str) -> None:
    body = bytes.fromhex(f"0100 4000060100000000 03625{nibble} 051{nibble} {nibble}001 05 12345{nibble}")
    assert MADE.unpack(body) == {0: "0100", 2: "625", 22: "051", 23: "001", 32: "12345"}


# ── what does not fit: the same error, from the reading that explains ─────────────────────────────────────────────────


def test_the_made_code_leaves_what_does_not_fit_to_who_explains() -> None:
    with pytest.raises(MISFITS):
        MADE.unpack(b"\x01\x00" + bytes(7))
    with pytest.raises(MISFITS):
        MADE.pack({0: "0100", 5: "1"})


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A message with some bytes changed, left out, put in or cut off."""
    body = bytearray(STEPWISE.pack(draw(messages)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(body) - 1, 0)) | st.integers(0, min(len(body), 12)))
        cut, new = draw(st.integers(0, 2)), draw(st.binary(max_size=2))
        body[at : at + cut] = new
    return bytes(body)


@given(spoilt() | st.binary(max_size=60).map(lambda rest: b"\x01\x00" + rest))
def test_spoilt_bytes_are_read_or_refused_as_field_by_field(body: bytes) -> None:
    as_stepwise(CODEC, STEPWISE, body)


wrong: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.integers(), st.booleans(), st.binary(max_size=20), st.text(max_size=20),
    st.text("0123456789ABCDEFabcdef= ٣²６", max_size=40), st.lists(st.text("0123456789", max_size=1), max_size=12),
)  # fmt: skip


@given(messages, st.dictionaries(st.integers(0, 70) | st.sampled_from([f.number for f in UNIONPAY.fields]), wrong))
def test_wrong_values_are_packed_or_refused_as_field_by_field(message: Message, changes: dict[int, Any]) -> None:
    assert outcome(CODEC.pack, message | changes) == outcome(STEPWISE.pack, message | changes)


@pytest.mark.parametrize(("number", "value"), [
    (2, "62509A"), (3, "03000A"), (3, "03 000"), (3, "0 3 0 0 "), (32, "12 34"), (60, "2200000100F"), (2, "²²²²"),
    (35, "6250947000000014d3012"), (35, "62 50"), (36, "٣٣"), (23, "A01"), (48, "1\n2"), (26, ["0", "6"]),
    (52, bytearray(8)), (52, memoryview(bytes(8))), (55, bytearray(4)), (55, "9F26"), (41, b"12345678"), (63, b"CUP"),
])  # fmt: skip
def test_what_a_conversion_would_take_and_the_field_does_not_is_refused(number: int, value: Any) -> None:
    message: Message = {0: "0100", number: value}
    refused = outcome(CODEC.pack, message)
    assert isinstance(refused, tuple)
    assert refused == outcome(STEPWISE.pack, message)


def test_a_track_with_a_printed_separator_needs_no_explaining() -> None:
    printed, packed = "6250947000000014=3012", "6250947000000014D3012"
    assert MADE.pack({0: "0100", 35: printed}) == STEPWISE.pack({0: "0100", 35: packed})


def test_a_message_without_mti_is_refused_by_name() -> None:
    assert outcome(CODEC.pack, {3: "000000"}) == outcome(STEPWISE.pack, {3: "000000"})


# ── any field table ───────────────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def fields(draw: st.DrawFn, number: int) -> Field:
    encoding, pad = draw(st.sampled_from(Encoding)), draw(st.sampled_from(Pad))
    prefix = draw(st.sampled_from([0, 2, 4]))
    length = Length(prefix, draw(st.integers(1, 30)))
    if encoding is Encoding.BCD and (prefix or length.most % 2) and pad is Pad.NONE:
        pad = Pad.LEFT
    return Field(number, f"field {number}", encoding, length, pad)


specs = (
    st.sets(st.integers(2, 64), min_size=1, max_size=12)
    .flatmap(lambda numbers: st.tuples(*map(fields, numbers)))
    .map(lambda table: MessageSpec("drawn", table))
)


@given(specs, st.data())
def test_any_table_is_packed_and_read_as_field_by_field(spec: MessageSpec, data: st.DataObject) -> None:
    codec, stepwise = Codec(spec), Stepwise(spec)
    made = made_from(codec.source, spec.name)
    chosen = data.draw(st.sets(st.sampled_from(spec.fields)))
    message: Message = {0: "0800", **{field.number: data.draw(values(field)) for field in chosen}}
    body = stepwise.pack(message)
    assert (made.pack(message), made.unpack(body), made.spans(body)) == (body, *stepwise.read(body))
    changed = bytearray(body)
    changed[data.draw(st.integers(2, len(body) - 1))] = data.draw(st.integers(0, 255))
    as_stepwise(codec, stepwise, bytes(changed))


# ── the source ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_source_is_a_module_of_its_own() -> None:
    names: dict[str, Any] = {}
    exec(CODEC.source, names)
    message: Message = {0: "0800", 11: "000001", 41: "12345678", 60: "00000001003"}
    assert names["unpack"](names["pack"](message)) == message
    assert CODEC.source.startswith(f"# {UNIONPAY.name}: ")


def test_a_name_is_a_remark_and_never_code() -> None:
    name = "a name\nraise SystemExit"
    codec = Codec(MessageSpec(name, (Field(3, name, Encoding.BCD, Length(0, 6)),)))
    assert codec.unpack(codec.pack({0: "0100", 3: "030000"})) == {0: "0100", 3: "030000"}


def test_the_source_names_every_field_where_it_is_packed_and_read() -> None:
    for field in UNIONPAY.fields:
        assert CODEC.source.count(f"# F{field.number} {field.name}\n") == 3


def test_a_table_is_compiled_once() -> None:
    assert compile_spec(UNIONPAY) is CODEC
    assert compile_spec(MessageSpec("other", UNIONPAY.fields)) is not CODEC
