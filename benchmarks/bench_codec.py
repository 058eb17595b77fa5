"""What the codec and the cryptography of one request cost, against pyiso8583 and py8583 on the same message.

`python benchmarks/bench_codec.py [--rounds N] [--json FILE]` prints two tables. All rows are measured in every round,
each round from another row on, in processor time, and the median of the rounds counts: what else the machine does then
hits all alike.
The message is a chip pre-authorisation of 18 fields with a PIN and 145 bytes of chip data.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import timeit
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import iso8583
from rich.table import Table

from benchmarks.load.results import Goal, console, keep, result
from benchmarks.peers import py8583_codec
from protocols.emv import (
    CardKey,
    build,
    cryptogram,
    derive_udk,
    flatten,
    objects,
    parse,
    response_cryptogram,
    select,
    session_key,
)
from protocols.iso8583 import (
    MAC_SCHEMES,
    UNIONPAY,
    Frame,
    Message,
    PinKey,
    compile_spec,
    decrypt_pin,
    mac_of,
    mask_frame,
    pack_frame,
    unpack_frame,
)
from protocols.iso8583.stepwise import Stepwise
from protocols.presence import breaches, presence
from protocols.transactions import Transaction
from tests.support.independent import SPEC

PAN = "6250947000000014"
SIZES = {
    "9F26": 8, "9F27": 1, "9F10": 19, "9F37": 4, "9F36": 2, "95": 5, "9A": 3, "9C": 1, "9F02": 6, "5F2A": 2, "82": 2,
    "9F1A": 2, "9F03": 6, "9F33": 3, "9F34": 3, "9F35": 1, "9F1E": 8, "84": 8, "9F09": 2, "9F41": 4,
}  # fmt: skip
"""Tags of the chip data and the lengths of their values. facts/unionpay-pos 2.2."""
CHIP = build([(tag, bytes(range(size))) for tag, size in SIZES.items()])
WANTED = frozenset(("9F26", "9F10", "9F37", "9F36", "95", "9A", "9C", "9F02", "5F2A", "82", "9F1A", "9F03"))
MESSAGE: Message = {
    0: "0100", 2: f"{PAN}003", 3: "030000", 4: "000000010000", 11: "000001", 14: "3012", 22: "051", 23: "001", 25: "06",
    26: "12", 35: f"{PAN}003D30122010000012345"[:37], 41: "12345678", 42: "123456789012345", 49: "156",
    52: bytes(range(8)), 53: "2600000000000000", 55: CHIP, 60: "1000000100060", 64: bytes(8),
}  # fmt: skip
KEY, UNDER_CRYPTOGRAM = bytes(range(16)), bytes(37)
SAMPLE_S = 0.01
"""How long one row is measured in one round."""
BASE, GOAL = "pyiso8583 4.0.1", 5.0

Work = Callable[[], object]


@dataclass(frozen=True)
class Codec:
    """A row of the first table. `bytes` tells whether what it packs is the message."""

    name: str
    pack: Work
    unpack: Work
    bytes: str


@dataclass(frozen=True)
class Part:
    """A row of the second table; `instead` is the same done the plain way."""

    name: str
    work: Work
    instead: Work | None = None
    plainly: str = ""


def codecs() -> tuple[list[Codec], str]:
    """The codecs, each checked, and what is missing."""
    ours, plain = compile_spec(UNIONPAY), Stepwise(UNIONPAY)
    body = ours.pack(MESSAGE)
    assert ours.unpack(body) == MESSAGE
    assert (plain.pack(MESSAGE), plain.read(body)[0]) == (body, MESSAGE)
    decoded = iso8583.decode(body, SPEC)[0]
    assert bytes(iso8583.encode(dict(decoded), SPEC)[0]) == body
    rows = [
        Codec("Holdfast", lambda: ours.pack(MESSAGE), lambda: ours.unpack(body), "yes"),
        Codec("  field by field", lambda: plain.pack(MESSAGE), lambda: plain.read(body), "yes"),
        Codec(BASE, lambda: iso8583.encode(decoded, SPEC), lambda: iso8583.decode(body, SPEC), "yes"),
    ]
    missing = py8583_codec.missing()
    if not missing:
        peer = py8583_codec.Peer(UNIONPAY)
        rows.append(
            Codec("py8583 1.3", lambda: peer.pack(MESSAGE), lambda: peer.unpack(body), peer.differences(ours, MESSAGE))
        )
    return rows, missing


def parts() -> list[Part]:
    """What else of a request and its answer is computed from bytes alone."""
    codec = compile_spec(UNIONPAY)
    body = codec.pack(MESSAGE)
    block = body[:-8]
    raw = pack_frame(Frame("6000060000", "603100311003", body))
    frame = unpack_frame(raw)
    macs = {scheme: mac_of(scheme, KEY) for scheme in MAC_SCHEMES}
    pin_key, card = PinKey(KEY), CardKey.derived(KEY, PAN, "01")
    f52 = pin_key.encrypt("123456", PAN)
    row, carried = presence(Transaction.PREAUTH, "request"), {n: str(v) for n, v in MESSAGE.items() if n}
    assert breaches(carried, row) == []

    def both_cryptograms() -> bytes:
        session = card.session(b"\x00\x01")
        return session.response(session.cryptogram(UNDER_CRYPTOGRAM), b"00")

    def both_from_new_keys() -> bytes:
        key = session_key(derive_udk(KEY, PAN, "01"), b"\x00\x01")
        return response_cryptogram(key, cryptogram(key, UNDER_CRYPTOGRAM), b"00")

    assert both_cryptograms() == both_from_new_keys()
    assert select(CHIP, WANTED) == {node.tag: node.value for node in flatten(parse(CHIP)) if node.tag in WANTED}

    def mac_row(scheme: str) -> Part:
        mac = macs[scheme]
        anew = "new key"
        return Part(f"MAC {scheme}", lambda: mac.over(block), lambda: mac_of(scheme, KEY).over(block), anew)

    return [
        *map(mac_row, macs),
        Part("PIN block read", lambda: pin_key.decrypt(f52, PAN), lambda: decrypt_pin(KEY, f52, PAN), "new key"),
        Part("ARQC and ARPC", both_cryptograms, both_from_new_keys, "from the master key"),
        Part("chip data, 12 of 20 tags", lambda: select(CHIP, WANTED), lambda: parse(CHIP), "parse alone"),
        Part("chip data, all tags", lambda: objects(CHIP), lambda: list(flatten(parse(CHIP))), "parse and flatten"),
        Part("presence of fields", lambda: breaches(carried, row, unsealed=(64,))),
        Part("frame read and written", lambda: pack_frame(unpack_frame(raw))),
        Part("reply frame made", lambda: frame.reply(body)),
        Part("places of fields", lambda: codec.spans(body), lambda: codec.unpack(body), "unpack"),
        Part("frame hidden for keeping", lambda: mask_frame(raw)),
    ]  # fmt: skip


def measured(works: list[Work], rounds: int) -> list[list[float]]:
    """Microseconds of processor time of each work in each round."""
    timers = [timeit.Timer(work, timer=time.process_time) for work in works]
    counts = [max(1, int(SAMPLE_S * 50 / timer.timeit(50))) for timer in timers]
    times: list[list[float]] = [[] for _ in works]
    for turn in range(rounds):
        for step in range(len(works)):
            place = (turn + step) % len(works)
            times[place].append(timers[place].timeit(counts[place]) / counts[place] * 1e6)
    return times


def measure_codecs(rows: list[Codec], rounds: int) -> list[dict[str, Any]]:
    """Ratios are those of the same round, and their median."""
    times = measured([work for row in rows for work in (row.pack, row.unpack)], rounds)
    both = [[p + u for p, u in zip(times[2 * n], times[2 * n + 1], strict=True)] for n in range(len(rows))]
    base = both[[row.name for row in rows].index(BASE)]
    figures = []
    for place, row in enumerate(rows):
        ratios = [theirs / own for theirs, own in zip(base, both[place], strict=True)]
        figures.append({
            "codec": row.name, "same_bytes": row.bytes, "pack_us": statistics.median(times[2 * place]),
            "unpack_us": statistics.median(times[2 * place + 1]), "both_us": statistics.median(both[place]),
            "messages_per_s": 1e6 / statistics.median(both[place]), "ratio": statistics.median(ratios),
            "ratio_least": min(ratios), "ratio_most": max(ratios),
        })  # fmt: skip
    return figures


def measure_parts(rows: list[Part], rounds: int) -> list[dict[str, Any]]:
    plain = [row for row in rows if row.instead]
    times = [statistics.median(t) for t in measured([row.work for row in rows] + [p.instead for p in plain], rounds)]  # type: ignore[misc]
    instead = dict(zip([row.name for row in plain], times[len(rows) :], strict=True))
    return [
        {"part": row.name, "us": time, "instead_us": instead.get(row.name), "instead": row.plainly}
        for row, time in zip(rows, times, strict=False)
    ]


def codec_table(figures: list[dict[str, Any]]) -> Table:
    table = Table("codec", "same bytes", title="Pack and unpack", title_justify="left", box=None)
    for head in ("pack µs", "unpack µs", "both µs", "per s", "ratio"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in figures:
        table.add_row(
            row["codec"], row["same_bytes"], f"{row['pack_us']:.2f}", f"{row['unpack_us']:.2f}",
            f"{row['both_us']:.2f}", f"{row['messages_per_s']:,.0f}", f"{row['ratio']:.2f}",
        )  # fmt: skip
    return table


def part_table(figures: list[dict[str, Any]]) -> Table:
    table = Table("part", title="Parts of a request", title_justify="left", box=None)
    for head in ("µs", "instead µs", "ratio"):
        table.add_column(head, justify="right")
    table.add_column("instead")
    for row in figures:
        plain = row["instead_us"]
        shown = (f"{plain:.2f}", f"{plain / row['us']:.1f}", row["instead"]) if plain else ("", "", "")
        table.add_row(row["part"], f"{row['us']:.2f}", *shown)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    wanted = parser.parse_args()
    before = os.getloadavg()[0]
    rows, missing = codecs()
    of_codecs, of_parts = measure_codecs(rows, wanted.rounds), measure_parts(parts(), wanted.rounds)
    ours = of_codecs[0]
    goal = Goal(f"pack and unpack, times as fast as {BASE}", ours["ratio"], "at least", GOAL)
    size = len(compile_spec(UNIONPAY).pack(MESSAGE))
    shown = console()
    shown.print(codec_table(of_codecs), "", part_table(of_parts), "", sep="\n")
    shown.print(
        f"The ratio is to {BASE} in the same round, {ours['ratio_least']:.2f} to {ours['ratio_most']:.2f} for the "
        "first row; field by field is how a message that does not fit is explained.\n"
        f"{size} bytes, medians of {wanted.rounds} rounds of processor time, load average {before:.2f} before.\n{goal}"
    )
    shown.print(missing or py8583_codec.NOTE)
    told = result(
        "codec", [goal], {"load_average": round(before, 2)}, message_bytes=size, rounds=wanted.rounds,
        codecs=of_codecs, parts=of_parts,
    )  # fmt: skip
    keep(told, wanted.json)


if __name__ == "__main__":
    main()
