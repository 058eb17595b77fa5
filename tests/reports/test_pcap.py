"""A capture made from timelines: streams, packets that hold, comments, and nothing that the timeline did not have."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.faults import ConfigurationError
from protocols.iso8583 import UNIONPAY, Frame, compile_spec, mask_frame, pack_frame
from reports.pcap import pcap
from reports.pcapng import COMMENT, FIN, RST, SYN, Place, Stream, checksum, packet
from reports.runfolder import RunFolder
from reports.verify import verify
from reports.write import write_documents
from tests.reports.folders import Folder, sealed
from tests.reports.made_run import MadeRun
from tests.support.tshark import capture, dissect, run

CODEC = compile_spec(UNIONPAY)
FRAME = mask_frame(
    pack_frame(Frame("6000060000", "613100311003", CODEC.pack({0: "0100", 2: "6250947000000014", 11: "000123"})))
).raw


# ── the file, read back ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Packet:
    at_ns: int
    source: tuple[str, int]
    target: tuple[str, int]
    sequence: int
    acknowledged: int
    flags: int
    data: bytes
    comment: str


def read(raw: bytes) -> tuple[dict[int, bytes], list[Packet]]:
    """Options of the section, and every packet; checksums are looked at."""
    at, head, packets = 0, {}, []
    while at < len(raw):
        kind, size = struct.unpack_from("<II", raw, at)
        assert size % 4 == 0
        assert raw[at + size - 4 : at + size] == struct.pack("<I", size)
        content = raw[at + 8 : at + size - 4]
        if kind == 0x0A0D0D0A:
            head = options(content[16:])
        elif kind == 6:
            packets.append(read_packet(content))
        at += size
    return head, packets


def options(raw: bytes) -> dict[int, bytes]:
    found, at = {}, 0
    while at < len(raw):
        code, size = struct.unpack_from("<HH", raw, at)
        if code == 0:
            return found
        found[code] = raw[at + 4 : at + 4 + size]
        at += 4 + size + -size % 4
    return found


def read_packet(content: bytes) -> Packet:
    _, high, low, size, _ = struct.unpack_from("<IIIII", content)
    data = content[20 : 20 + size]
    ip, tcp = data[14:34], data[34:]
    assert checksum(ip) == 0
    assert checksum(ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0
    assert struct.unpack_from(">H", ip, 2)[0] == size - 14
    source, target, sequence, acknowledged, _, flags = struct.unpack_from(">HHIIBB", tcp)
    ends = [(str(IPv4Address(ip[at : at + 4])), port) for at, port in ((12, source), (16, target))]
    comment = options(content[20 + size + -size % 4 :]).get(COMMENT, b"").decode()
    return Packet(high << 32 | low, *ends, sequence, acknowledged, flags, tcp[20:], comment)


# ── made timelines ────────────────────────────────────────────────────────────────────────────────────────────────────


def line(
    number: int, kind: str, *, out: bool | None = None, raw: bytes | None = None, ms: int = 0, **fields: Any
) -> Any:
    direction = {None: "", True: "out", False: "in"}[out]
    told: dict[str, Any] = {
        "n": number, "t": (ms or number) * 1_000_000 + 7, "utc": f"2026-01-01T00:00:00.{ms or number:03d}000Z",
        "ch": "host", "dir": direction, "kind": kind, "ev": "simulated", "f": fields,
    }  # fmt: skip
    return told if raw is None else {**told, "raw": raw.hex().upper()}


def opened(case: str, **fields: Any) -> dict[str, Any]:
    return {**line(1, "open", id=case, attempt=1, **fields), "ch": "case"}


def folder_of(path: Path, timelines: Mapping[str, list[dict[str, Any]]]) -> RunFolder:
    made = Folder(path)
    for name, lines in timelines.items():
        made.bytes(name, sealed(lines))
    plan = [{"id": f"features/{name}.feature::{name}", "folder": name} for name in ("a", "b")]
    made.end(cases=plan)
    return RunFolder(made.path)


COMMON = {"exchange": 1, "transaction": "pre-authorisation", "trace": "000123"}
REQUEST = line(3, "request", out=True, raw=FRAME, connection=4, **COMMON)
REPLY = line(4, "response", out=False, raw=FRAME, connection=4, rule="", sent=True, **COMMON)


def test_a_connection_opens_speaks_and_ends_as_its_events_tell(tmp_path: Path) -> None:
    lines = [line(2, "connected", connection=4), REQUEST, REPLY, line(5, "disconnected", connection=4)]
    head, packets = read(pcap(folder_of(tmp_path, {"workers/gw0.jsonl": lines})))
    assert "not captured on a wire" in head[COMMENT].decode()
    assert "masked timelines" in head[COMMENT].decode()
    assert "simulated" in head[COMMENT].decode()
    assert [p.flags & (SYN | FIN | RST) for p in packets] == [SYN, SYN, 0, 0, 0, FIN, FIN, 0]
    client, server = ("127.0.1.1", 40004), ("127.0.0.1", 8583)
    assert [p.source for p in packets] == [client, server, client, client, server, client, server, client]
    assert [p.data for p in packets if p.data] == [FRAME, FRAME]
    for before, after in pairwise(packets[2:]):  # each acknowledges all that the other has said
        said = len(before.data) + bool(before.flags & FIN)
        expected = before.sequence + said if after.source != before.source else before.acknowledged
        assert after.acknowledged == expected
    assert packets[3].at_ns == 1_767_225_600_003_000_007
    assert packets[3].comment == "bench gw0, event 3: request pre-authorisation 000123 (simulated)"


def test_wireshark_finds_the_streams_whole_and_every_checksum_right(tmp_path: Path) -> None:
    lines = [line(2, "connected", connection=4), REQUEST, REPLY, line(5, "disconnected", connection=4)]
    made = pcap(folder_of(tmp_path, {"workers/gw0.jsonl": lines}))
    shown = run(
        made, tmp_path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-T", "fields",
        "-e", "tcp.stream", "-e", "tcp.completeness", "-e", "tcp.checksum.status", "-e", "ip.checksum.status",
        "-e", "tcp.analysis.flags",
    )  # fmt: skip
    assert set(shown.splitlines()) == {
        "0\t31\t1\t1\t"
    }  # complete with data and FIN; 1 is good; nothing lost or doubled
    assert [m.values.get("request_in", "") for m in dissect(made, tmp_path)] == ["", ""]


def test_a_reset_is_a_reset(tmp_path: Path) -> None:
    lines = [
        line(2, "connected", connection=4), REQUEST, line(4, "suppressed", exchange=1, rule="reset", decided=True),
        line(5, "disconnected", connection=4),
    ]  # fmt: skip
    _, packets = read(pcap(folder_of(tmp_path, {"workers/gw0.jsonl": lines})))
    assert packets[-1].flags & RST
    assert packets[-1].source[0] == "127.0.0.1"
    assert not any(p.flags & FIN for p in packets)


def test_a_connection_runs_on_from_bench_to_case_and_each_bench_is_a_client_of_its_own(tmp_path: Path) -> None:
    timelines = {
        "workers/gw0.jsonl": [line(1, "connected", connection=1), line(2, "disconnected", ms=90, connection=1)],
        "workers/gw1.jsonl": [line(1, "connected", connection=1)],
        "cases/a/attempt-1.jsonl": [opened("features/a", worker="gw0"), {**REQUEST, "f": {**COMMON, "connection": 1}}],
        "cases/b/attempt-1.jsonl": [opened("features/b", worker="gw1"), {**REPLY, "f": {**COMMON, "connection": 1}}],
    }
    _, packets = read(pcap(folder_of(tmp_path, timelines)))
    by_client: dict[str, list[Packet]] = {}
    for one in packets:
        by_client.setdefault(max(one.source[0], one.target[0]), []).append(one)
    assert [bool(p.data) for p in by_client["127.0.1.1"]] == [False, False, False, True, False, False, False]
    assert [bool(p.data) for p in by_client["127.0.1.2"]] == [False, False, False, True]
    assert by_client["127.0.1.1"][3].sequence == by_client["127.0.1.1"][2].sequence
    assert [p.comment for p in packets if p.data] == [
        "case features/a, attempt 1, event 3: request pre-authorisation 000123 (simulated)",
        "case features/b, attempt 1, event 4: response pre-authorisation 000123 (simulated)",
    ]


def test_a_case_alone_has_its_packets_alone(tmp_path: Path) -> None:
    timelines = {
        "workers/gw0.jsonl": [line(1, "connected", connection=4)],
        "cases/a/attempt-1.jsonl": [opened("features/a.feature::a", worker="gw0"), REQUEST, REPLY],
        "cases/b/attempt-1.jsonl": [opened("features/b.feature::b", worker="gw0"), REQUEST],
    }
    folder = folder_of(tmp_path, timelines)
    _, packets = read(pcap(folder, "features/a.feature::a"))
    assert [p.data for p in packets] == [FRAME, FRAME]
    with pytest.raises(ConfigurationError, match=r"did you mean features/a\.feature::a"):
        pcap(folder, "features/a.feature::aa")


def test_what_never_left_is_not_there_and_what_names_no_connection_is_on_that_of_its_exchange(tmp_path: Path) -> None:
    lines = [
        REQUEST, {**REPLY, "f": {**REPLY["f"], "sent": False}},
        line(5, "request", out=True, raw=FRAME, connection=6, exchange=2),
        line(6, "response beside", out=False, raw=FRAME, exchange=1, what="another terminal's"),
        line(7, "undecodable", out=True, raw=b"\x00\x01", exchange=9, reason="no frame"),
    ]  # fmt: skip
    _, packets = read(pcap(folder_of(tmp_path, {"workers/gw0.jsonl": lines})))
    assert [max(p.source[1], p.target[1]) for p in packets] == [40004, 40006, 40004, 40004]
    assert packets[2].comment == "bench gw0, event 6: response beside another terminal's (simulated)"


def test_a_torn_timeline_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"workers/gw0.jsonl": [REQUEST, REPLY]})
    path = folder.path / "workers/gw0.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert len(read(pcap(folder))[1]) == 1
    path.write_bytes(b"")
    assert read(pcap(folder))[1] == []


def test_a_report_has_the_capture_and_its_digest(tmp_path: Path) -> None:
    made = MadeRun(tmp_path / "run")
    made.case("A hold is placed")
    path = made.finish()
    write_documents(path)
    assert "host.pcapng" in (path / "manifest.json").read_text("utf-8")
    assert not verify(path).tampered
    (path / "host.pcapng").write_bytes(b"")
    assert verify(path).tampered


# ── blocks and packets ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_checksum_is_that_of_a_header_known_from_elsewhere() -> None:
    """RFC 1071, 3: 0001 f203 f4f5 f6f7 has the sum ddf2, and its checksum is the complement."""
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@given(st.binary(min_size=1, max_size=200), st.booleans(), st.text(max_size=30))
def test_whatever_is_said_is_read_back(data: bytes, by_server: bool, comment: str) -> None:
    ends = Place(bytes(6), IPv4Address("127.0.1.1"), 40000), Place(bytes(6), IPv4Address("127.0.0.1"), 8583)
    (made,) = Stream(*ends, start=0xFFFFFFF0).said(data, by_server=by_server)
    _, (one,) = read(packet(12345, made, comment.replace("\x00", "")))
    assert (one.at_ns, one.data, one.comment) == (12345, data, comment.replace("\x00", ""))


def test_a_long_text_is_cut_into_packets_that_ip_takes(tmp_path: Path) -> None:
    ends = Place(bytes(6), IPv4Address("127.0.1.1"), 40000), Place(bytes(6), IPv4Address("127.0.0.1"), 8583)
    packets = Stream(*ends, start=1).said(bytes(100_000), by_server=False)
    assert [len(read(packet(0, p))[1][0].data) for p in packets] == [0x8000, 0x8000, 0x8000, 1696]
    assert len(run(capture(packets), tmp_path).splitlines()) == 4
