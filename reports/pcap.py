"""The host's traffic of a run as a capture file, made from the masked timelines. Nothing of it was taken from a wire.

Of a connection its opening, what was said and its end are told by events; addresses, ports, numbers and
acknowledgements are made up. Each bench is a client with an address of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from ipaddress import IPv4Address
from pathlib import PurePosixPath
from typing import Any

from protocols.events import Channel, Direction
from protocols.faults import ConfigurationError
from reports.pcapng import Place, Stream, interface, packet, section
from reports.runfolder import Record, RunFolder

NAME = "host.pcapng"
HOST_PORT = 8583
_HOST = IPv4Address("127.0.0.1")
_FIRST_CLIENT = IPv4Address("127.0.1.1")
_HOST_HARDWARE, _CLIENT_HARDWARE = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
_FIRST_PORT, _PORTS = 40000, 20000
_RESET = "reset"
"""A word of the rule that ends a connection so; any other end is told as an orderly one."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of the host's line, with where it stands: the bench, and the case if it belongs to one."""

    bench: str
    case: str
    record: Record


def pcap(folder: RunFolder, case: str = "") -> bytes:
    """All host traffic of a run, or that of a case by its id. Raises ConfigurationError for an unknown one."""
    seen = list(_of_case(folder, case) if case else _of_run(folder))
    seen.sort(key=lambda one: (one.record.t_ns, one.bench, one.record.number))
    run = folder.run()
    evidence = ", ".join(sorted({one.record.evidence for one in seen})) or "none"
    made = (
        f"Made by Holdfast from the masked timelines of run {run.get('id', '')}; not captured on a wire. "
        f"Evidence of the host's line: {evidence}. Card data is hidden in the bytes. Addresses, ports, handshakes, "
        "numbers and acknowledgements are made up."
    )
    blocks = [section(made, "Holdfast"), interface("host", f"host's line, {evidence}, from a masked timeline")]
    line = _Line()
    for one in seen:
        at_ns, comment = _time(one.record), _comment(one)
        for place, data in enumerate(line.packets(one)):
            blocks.append(packet(at_ns, data, "" if place else comment))
    return b"".join(blocks)


# ── what was seen ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _of_run(folder: RunFolder) -> Iterator[Seen]:
    for timeline in folder.worker_timelines():
        yield from _of_timeline(folder, timeline)
    for name in folder.case_folders():
        for _, timeline in folder.attempts(name):
            yield from _of_timeline(folder, timeline)


def _of_case(folder: RunFolder, wanted: str) -> Iterator[Seen]:
    known = {str(case["id"]): str(case["folder"]) for case in folder.plan().get("cases", [])}
    if wanted not in known:
        near = get_close_matches(wanted, known, n=3, cutoff=0.4)
        advice = f"did you mean {' or '.join(near)}?" if near else "plan.json of the run lists them"
        raise ConfigurationError(f"this run has no case {wanted!r}", advice=advice)
    for _, timeline in folder.attempts(known[wanted]):
        yield from _of_timeline(folder, timeline)


def _of_timeline(folder: RunFolder, timeline: str) -> Iterator[Seen]:
    """A case that does not tell its bench, as none did once, counts as one of its own."""
    opened, host = folder.records_of(timeline, Channel.HOST)
    told = opened.fields if opened is not None and opened.channel == Channel.CASE else {}
    case = f"{told['id']}, attempt {told.get('attempt', 1)}" if "id" in told else ""
    bench = str(told.get("worker") or (timeline if case else PurePosixPath(timeline).stem))
    for record in host:
        yield Seen(bench, case, record)


def _time(record: Record) -> int:
    """UTC of the event in nanoseconds: its text has microseconds, the rest is in the time since the run began."""
    try:
        told = datetime.fromisoformat(record.utc)
    except ValueError:
        return record.t_ns
    passed = told.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 10**9 + passed.microseconds * 1000 + record.t_ns % 1000


def _comment(one: Seen) -> str:
    record, fields = one.record, one.record.fields
    where = f"case {one.case}" if one.case else f"bench {one.bench}"
    words = [str(fields[key]) for key in ("transaction", "trace", "reason", "what") if fields.get(key)]
    said = f"{record.kind} {' '.join(words)}".rstrip()
    if fields.get("reversal"):
        said += ", reversal"
    if fields.get("rule"):
        said += f", by rule {fields['rule']!r}"
    return f"{where}, event {record.number}: {said} ({record.evidence})"


# ── as packets ────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Line:
    """The connections of all benches. What is said on one whose opening was not told has no handshake."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, int], Stream] = {}
        self._benches: dict[str, int] = {}
        self._of_exchange: dict[tuple[str, Any], int] = {}
        self._last: dict[str, int] = {}
        self._resets: set[tuple[str, int]] = set()

    def packets(self, one: Seen) -> list[bytes]:
        """What an event says was on the line; nothing for one that only explains."""
        record = one.record
        connection = self._connection(one)
        key = one.bench, connection
        if record.kind == "suppressed" and _RESET in str(record.fields.get("rule")):
            self._resets.add(key)
        if record.kind == "connected":
            return self._stream(key, fresh=True).opened()
        if record.kind == "disconnected":
            stream = self._stream(key)
            del self._streams[key]
            return stream.reset() if key in self._resets else stream.closed()
        if record.raw is None or record.fields.get("sent") is False:
            return []
        return self._stream(key).said(record.raw, by_server=record.direction == Direction.IN)

    def _connection(self, one: Seen) -> int:
        """That which the event names, else that of its exchange, else the one on which something was said last."""
        told, exchange = one.record.fields.get("connection"), (one.bench, one.record.fields.get("exchange"))
        if not isinstance(told, int):
            told = self._of_exchange.get(exchange, self._last.get(one.bench, 0))
        if exchange[1] is not None:
            self._of_exchange.setdefault(exchange, told)
        self._last[one.bench] = told
        return told

    def _stream(self, key: tuple[str, int], *, fresh: bool = False) -> Stream:
        if fresh or key not in self._streams:
            bench = self._benches.setdefault(key[0], len(self._benches))
            client = Place(_CLIENT_HARDWARE, _FIRST_CLIENT + bench, _FIRST_PORT + key[1] % _PORTS)
            server = Place(_HOST_HARDWARE, _HOST, HOST_PORT)
            self._streams[key] = Stream(client, server, start=1 + 0x1000 * len(self._streams))
        return self._streams[key]
