"""The dissector in real tshark: it shows what the codec reads, hides what the codec hides, and says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY, CodecError, Frame, Message, compile_spec, describe, pack_frame, unpack_frame
from protocols.iso8583.field import Mask
from protocols.iso8583.mask import mask_frame
from protocols.transactions import transaction_of
from tests.protocols.samples import FRAMED, PAN, TRACK, messages, pans, public_frame
from tests.protocols.test_message_table import ROWS
from tests.protocols.wireshark.messages import BROKEN, PARTS
from tests.support.independent import decode_frame
from tests.support.tshark import Message as Shown
from tests.support.tshark import capture, dissect, each_alone, run, stream

CODEC = compile_spec(UNIONPAY)
FIELDS = UNIONPAY.by_number()


def framed(body: bytes) -> bytes:
    return pack_frame(Frame("6000060000", "613100311003", body))


def frame_of(message: Message) -> bytes:
    return framed(CODEC.pack(message))


def shown_of(frames: list[bytes], folder: Path) -> list[Shown]:
    """One message a frame."""
    found = dissect(capture(each_alone(frames)), folder)
    assert len(found) == len(frames)
    return found


def some(strategy: st.SearchStrategy[Message], count: int) -> list[Message]:
    """So many examples, the same each time: tshark is started once for all of them."""
    found: list[Message] = []

    @settings(max_examples=count, phases=[Phase.generate], database=None)
    @given(strategy)
    def gather(value: Message) -> None:
        found.append(value)

    gather()
    return found


def lines_of(described: dict[str, str]) -> dict[str, str]:
    """What is wrong within a field is told in other words than the codec's."""
    return {key: "" if "error" in key else value for key, value in described.items()}


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_message_of_the_table_is_shown_as_the_codec_describes_it(tmp_path: Path) -> None:
    frames = [frame_of(row.message()) for row in ROWS]
    for row, frame, shown in zip(ROWS, frames, shown_of(frames, tmp_path), strict=True):
        assert lines_of(shown.lines) == lines_of(describe(row.message())), str(row)
        assert shown.told("malformed") == []
        name = f"reversal of {row.transaction}" if row.reversal else str(row.transaction)
        assert shown.values["transaction"] == name
        independent = decode_frame(frame)
        assert (shown.values["tpdu"], shown.values["header"]) == (independent["tpdu"], independent["header"])
        assert shown.values["bitmap"] == independent["p"]
        for number, field in FIELDS.items():
            if field.mask is Mask.NONE and str(number) in independent:
                assert shown.lines[f"F{number} {field.name}"] == independent[str(number)], str(row)


def test_every_part_of_a_field_is_shown_as_the_codec_describes_it(tmp_path: Path) -> None:
    for message, shown in zip(PARTS, shown_of([frame_of(m) for m in PARTS], tmp_path), strict=True):
        assert shown.lines == describe(message)
        assert shown.notes == [] or message[0][2] in "13"  # type: ignore[index]


def test_a_field_that_is_not_as_its_message_says_is_told(tmp_path: Path) -> None:
    for message, shown in zip(BROKEN, shown_of([frame_of(m) for m in BROKEN], tmp_path), strict=True):
        described = describe(message)
        assert set(shown.lines) == set(described)
        assert len(shown.told("field_malformed")) == 1
        assert shown.told("malformed") == []


def test_random_messages_are_shown_as_the_codec_describes_them(tmp_path: Path) -> None:
    made = some(messages, 200)
    for message, shown in zip(made, shown_of([frame_of(m) for m in made], tmp_path), strict=True):
        assert lines_of(shown.lines) == lines_of(describe(message))
        assert shown.told("malformed") == []


def test_characters_of_the_whole_charset_are_shown(tmp_path: Path) -> None:
    characters = [
        chr(code) for code in range(0xA0, 0x30000, 11) if chr(code).isprintable() and not chr(code).isdecimal()
    ]
    made: list[Message] = [{0: "0210", 57: "".join(characters[at : at + 240])} for at in range(0, len(characters), 240)]
    for message, shown in zip(made, shown_of([frame_of(m) for m in made], tmp_path), strict=True):
        assert shown.lines["F57 private 57"] == message[57]
        assert shown.notes == []


def test_public_messages_are_shown_as_the_codec_describes_them(tmp_path: Path) -> None:
    frames = [public_frame(name) for name in FRAMED]
    for frame, shown in zip(frames, shown_of(frames, tmp_path), strict=True):
        assert shown.lines == describe(CODEC.unpack(unpack_frame(frame).body))


# ── what is hidden ────────────────────────────────────────────────────────────────────────────────────────────────────

secret = st.fixed_dictionaries(
    {0: st.just("0100"), 2: pans, 35: pans.map(lambda pan: f"{pan}D30122010000012345678"[:37])},
    optional={
        44: pans, 54: pans, 57: pans.map(lambda pan: f"预授权 {pan[:4]} {pan[4:8]} {pan[8:12]}-{pan[12:]}。"),
        59: pans.map(lambda pan: f"x{pan}=30122010000012345678"), 63: pans.map(lambda pan: "CUP" + pan.rjust(20)),
        55: pans.map(lambda pan: bytes([0x5A, (len(pan) + 1) // 2]) + bytes.fromhex(pan + "F" * (len(pan) % 2))),
    },
)  # fmt: skip


def test_no_card_number_and_no_track_is_shown(tmp_path: Path) -> None:
    made = some(secret, 100)
    for message, shown in zip(made, shown_of([frame_of(m) for m in made], tmp_path), strict=True):
        pan = str(message[2])
        assert shown.lines["F2 PAN"] == pan[:6] + "*" * (len(pan) - 10) + pan[-4:]
        assert shown.lines["F35 track 2"].endswith("hidden)")
        text = " ".join([shown.text, *shown.lines.values(), *(note for _, note in shown.notes)])
        for value in message.values():
            digits = "".join(filter(str.isdigit, str(value)))
            assert len(digits) < 13 or digits[:16] not in "".join(filter(str.isdigit, text))


def test_what_tshark_prints_of_a_message_holds_no_secret(tmp_path: Path) -> None:
    message: Message = {0: "0200", 2: PAN, 14: "3012", 35: TRACK, 41: "50080001", 52: bytes.fromhex("0123456789ABCDEF")}
    text = run(capture(each_alone([frame_of(message)])), tmp_path, "-V")
    assert "625094******0014" in text
    assert not any(word in text for word in (PAN, TRACK[:20], "3012", "0123456789ABCDEF", "0123456789abcdef"))


def test_a_masked_message_is_well_formed_and_its_hidden_fields_are_told_as_hidden(tmp_path: Path) -> None:
    frames = [frame_of(row.message()) for row in ROWS]
    masked = shown_of([mask_frame(frame).raw for frame in frames], tmp_path)
    for row, shown in zip(ROWS, masked, strict=True):
        assert shown.told("malformed") == [], str(row)
        assert shown.told("field_malformed") == [], str(row)
        described = describe(row.message())
        assert set(shown.lines) <= set(described)
        assert all(shown.lines[key] == described[key] for key in shown.lines)


# ── what is wrong ─────────────────────────────────────────────────────────────────────────────────────────────────────


def fault_of(frame: bytes) -> str:
    """What the codec says, without its advice."""
    try:
        CODEC.unpack(unpack_frame(frame).body)
    except CodecError as error:
        return str(error)
    return ""


def mutated(frame: bytes, changes: list[tuple[str, int, int]]) -> bytes:
    """The length is put right again: what is wrong is within the frame."""
    body = bytearray(frame[2:])
    for kind, place, byte in changes:
        at = place % max(len(body), 1)
        if kind == "change" and body:
            body[at] = byte
        elif kind == "insert":
            body.insert(at, byte)
        elif kind == "cut":
            del body[at : at + byte % 40]
        elif kind == "end":
            del body[at:]
    return len(body).to_bytes(2, "big") + bytes(body)


mutations = st.tuples(
    st.sampled_from([frame_of(row.message()) for row in ROWS] + [frame_of(m) for m in PARTS]),
    st.lists(
        st.tuples(st.sampled_from(["change", "insert", "cut", "end"]), st.integers(0, 300), st.integers(0, 255)),
        min_size=1, max_size=3,
    ),
).map(lambda made: mutated(*made))  # fmt: skip
garbage = st.binary(max_size=200).map(lambda raw: len(raw).to_bytes(2, "big") + raw)


def hidden_nibbles(fault: str) -> bool:
    """In a field that a recorder hides, F is a hidden digit: the dissector takes it where the codec does not."""
    masked = [f"F{n} " for n, field in FIELDS.items() if field.mask in (Mask.PAN, Mask.LENGTH_ONLY)]
    return "no digit" in fault and fault.startswith(tuple(masked))


def test_the_dissector_finds_fault_with_a_frame_when_the_codec_does(tmp_path: Path) -> None:
    frames = some(mutations | garbage, 500)  # type: ignore[arg-type]
    found = dissect(capture(each_alone(frames)), tmp_path)  # type: ignore[arg-type]
    assert len(found) == len(frames)
    faulty = 0
    for frame, shown in zip(frames, found, strict=True):
        fault, told = fault_of(frame), shown.told("malformed")  # type: ignore[arg-type]
        faulty += bool(fault)
        if not hidden_nibbles(fault):
            assert bool(told) == bool(fault), (frame.hex(), fault, told)  # type: ignore[attr-defined]
    assert faulty > 250


FAULTS = {
    "cut short": (lambda body: body[:25], "(the message is cut short)"),
    "no digit": (lambda body: body[:18] + b"\xab" + body[19:], "it holds a nibble that is no digit"),
    "length over": (lambda body: body[:10] + b"\x99" + body[11:], "its length 99 is over 19"),
    "length no BCD": (lambda body: body[:10] + b"\xa9" + body[11:], "its length a9 is no BCD"),
    "no such field": (lambda body: body[:2] + bytes([body[2] | 0x80]) + body[3:], "the bitmap names it"),
    "left over": (lambda body: body + b"\x00\x00", "2 bytes are left over"),
    "MTI in ASCII": (lambda body: b"0100" + body[2:], "it looks like an MTI in ASCII"),
    "nothing": (lambda body: b"", "0 bytes are too short for MTI and bitmap"),
}  # fmt: skip


def test_a_fault_is_told_in_the_words_of_the_codec(tmp_path: Path) -> None:
    good = CODEC.pack({0: "0100", 2: PAN, 3: "030000", 4: "000000100000", 11: "000123", 41: "50080001"})
    frames = [framed(spoil(good)) for spoil, _ in FAULTS.values()]
    for name, frame, shown in zip(FAULTS, frames, shown_of(frames, tmp_path), strict=True):
        assert FAULTS[name][1] in "".join(shown.told("malformed")), name
        assert FAULTS[name][1] in fault_of(frame), name


def test_what_is_no_frame_at_all_is_told_and_ends_the_stream(tmp_path: Path) -> None:
    good = frame_of({0: "0820", 11: "000001", 41: "50080001"})
    frames = [good[2:], b"GET / HTTP/1.0\r\n\r\n", b"0112" + good[2:], b"\x00\x03\x61\x00\x00", b"\xff" * 300]
    told = [shown.told("malformed")[0] for shown in shown_of(frames, tmp_path)]
    assert told[0].startswith("length: length prefix 24576 is over 2048")
    assert "is the stream out of step" in told[1]
    assert "it looks like ASCII digits" in told[2]
    assert told[3].startswith("TPDU: 61 stands where")
    assert told[4].startswith("length: length prefix 65535")


# ── the stream ────────────────────────────────────────────────────────────────────────────────────────────────────────

_COMMON: Message = {3: "030000", 4: "000000100000", 11: "000123", 25: "06", 41: "50080001", 60: "10000001000"}
REQUEST: Message = {0: "0100", 49: "156", **_COMMON}
REPLY: Message = {0: "0110", 38: "001234", 39: "00", **_COMMON}


def test_a_message_that_comes_byte_by_byte_is_one_message(tmp_path: Path) -> None:
    one, frame = stream(), frame_of(REQUEST)
    packets = [*one.opened(), *(p for byte in frame for p in one.said(bytes([byte]), by_server=False))]
    (shown,) = dissect(capture(packets), tmp_path)
    assert shown.packet == 3 + len(frame)
    assert shown.lines == describe(REQUEST)


def test_messages_in_one_segment_and_across_two_are_messages_of_their_own(tmp_path: Path) -> None:
    one, frame = stream(), frame_of(REQUEST)
    whole = frame * 3
    packets = [*one.opened(), *one.said(whole[:-20], by_server=False), *one.said(whole[-20:], by_server=False)]
    found = dissect(capture(packets), tmp_path)
    assert [shown.packet for shown in found] == [4, 4, 5]
    assert all(shown.lines == describe(REQUEST) for shown in found)


def test_a_reply_and_its_request_name_each_other_and_the_time_between(tmp_path: Path) -> None:
    one = stream()
    packets = [*one.opened(), *one.said(frame_of(REQUEST), by_server=False), *one.said(frame_of(REPLY), by_server=True)]
    request, reply = dissect(capture(packets, apart_ns=1_500_000), tmp_path)
    assert request.values["response_in"] == "5"
    assert reply.values["request_in"] == "4"
    assert float(reply.values["time"]) == pytest.approx(0.0015, abs=1e-9)
    assert request.notes == reply.notes == []


def test_a_late_reply_finds_its_request_on_another_connection_and_a_strange_one_finds_none(tmp_path: Path) -> None:
    first, second = stream(1), stream(201)  # one client, two ports
    strange = {**REPLY, 11: "000999"}
    packets = [
        *first.opened(), *first.said(frame_of(REQUEST), by_server=False), *first.closed(), *second.opened(),
        *second.said(frame_of(REPLY) + frame_of(strange), by_server=True),
        *second.said(frame_of(REPLY), by_server=True),
    ]  # fmt: skip
    _, late, unasked, again = dissect(capture(packets), tmp_path)
    assert late.values["request_in"] == "4"
    assert unasked.told("sequence") == ["no request for it stands in this capture"]
    assert again.told("sequence") == [f"its request was answered before, in packet {late.packet}"]


def test_a_request_that_is_sent_again_names_the_first(tmp_path: Path) -> None:
    one = stream()
    packets = [
        *one.opened(),
        *one.said(frame_of(REQUEST), by_server=False),
        *one.said(frame_of(REQUEST), by_server=False),
    ]
    _, again = dissect(capture(packets), tmp_path)
    assert again.told("sequence") == ["it was asked before, first in packet 4"]


def test_the_list_of_packets_tells_a_message_in_a_line(tmp_path: Path) -> None:
    one = stream()
    sent = [(REQUEST, False), (REPLY, True), ({**REPLY, 39: "51", 38: "      "}, True)]
    packets = [p for message, by_server in sent for p in one.said(frame_of(message), by_server=by_server)]
    lines = run(capture(packets), tmp_path, "-T", "fields", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info").splitlines()
    assert lines == [
        "UnionPay\tpre-authorisation 0100 STAN 000123 1000.00 CNY",
        "UnionPay\tpre-authorisation 0110 STAN 000123 → 00 approved 001234",
        "UnionPay\tpre-authorisation 0110 STAN 000123 → 51 declined",
    ]


def test_other_ports_are_told_by_looks_and_what_looks_otherwise_is_left_alone(tmp_path: Path) -> None:
    one, other = stream(1, port=5555), stream(2, port=5556)
    packets = [*one.said(frame_of(REQUEST), by_server=False), *other.said(b"\x00\x03abc" * 9, by_server=False)]
    assert [shown.packet for shown in dissect(capture(packets), tmp_path)] == [1]


def test_ports_can_be_set(tmp_path: Path) -> None:
    one = stream(1, port=5556)
    packets = one.said(b"\x00\x03abc" * 9, by_server=False)
    assert len(dissect(capture(packets), tmp_path, "-o", "unionpay.ports:5550-5560")) == 9


def test_fields_can_be_filtered_by(tmp_path: Path) -> None:
    frames = [frame_of(row.message()) for row in ROWS]
    wanted = 'unionpay.f60.1 contains "10 " && unionpay.mti == "0100"'
    found = dissect(capture(each_alone(frames)), tmp_path, "-Y", wanted)
    assert [shown.lines["MTI"] for shown in found] == ["0100", "0100"]


def test_the_transaction_is_that_of_the_matrix_whatever_its_fields_are(tmp_path: Path) -> None:
    wanted = st.fixed_dictionaries(
        {
            0: st.sampled_from(["0100", "0110", "0200", "0210", "0220", "0400", "0410", "0620", "0820", "0320"]),
            3: st.sampled_from(["000000", "030000", "200000", "310000"]), 25: st.sampled_from(["00", "06", "60"]),
            60: st.sampled_from(["10", "11", "20", "21", "22", "00", "24"]).flatmap(
                lambda kind: st.sampled_from(["000", "951", "201", "301", "205"]).map(lambda f: f"{kind}000001{f}")
            ),
        }
    )  # fmt: skip
    made = some(wanted, 150)
    for message, shown in zip(made, shown_of([frame_of(m) for m in made], tmp_path), strict=True):
        digits = [str(message[n]) for n in (0, 3, 25, 60)]
        found = transaction_of(*digits)
        named = f"reversal of {found}" if digits[0] in ("0400", "0410") else str(found)
        assert shown.values.get("transaction") == (named if found else None)
