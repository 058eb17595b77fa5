"""Requests for servers that speak another dialect: iso8583sim's own packing, and anything at all for an echo.

iso8583sim packs a pre-authorisation's fields in its own way (F22 and F35 padded left, F39 and F49 as BCD, F60 as
text) and has neither TPDU nor header. Written from what it takes and answers on the wire.
"""

from __future__ import annotations

import struct
from pathlib import Path

from benchmarks.load.sampling import Answers

FIELDS = (2, 3, 4, 11, 14, 22, 23, 25, 26, 35, 41, 42, 49, 52, 53, 55, 60)
TRACE_AT = 30
SIMULATOR_ANSWERS = Answers("0110", 2, 39, (TRACE_AT, TRACE_AT, 3), code=b"\0")
"""Its response code is one BCD byte."""
BEFORE = "16 6250947000000014 030000 000000010000"
BEHIND = (
    "3012 0051 0001 06 12 37 06250947000000014D30122010000000000000 3530303830303031 333039333130303833393835303038"
    " 0156 A0A0A0A0A0A0A0A0 2600000000000000"
)
CHIP_BYTES = 150
TYPE = b"1000000100050"


def simulator_request(trace: int) -> bytes:
    """A frame of iso8583sim's, with its length."""
    bitmap = sum(1 << (64 - field) for field in FIELDS).to_bytes(8, "big")
    chip = bytes.fromhex("9F1081") + bytes([CHIP_BYTES - 4]) + bytes(CHIP_BYTES - 4)
    body = (
        bytes.fromhex("0100") + bitmap + bytes.fromhex(BEFORE) + bytes.fromhex(f"{trace:06d}") + bytes.fromhex(BEHIND)
        + bytes.fromhex(f"{CHIP_BYTES:04d}") + chip + bytes.fromhex(f"{len(TYPE):04d}") + TYPE
    )  # fmt: skip
    return len(body).to_bytes(2, "big") + body


def write_foreign(path: Path, lines: int, each: int) -> Path:
    """The generator's file, traces counting up on each line."""
    with path.open("wb") as file:
        file.write(b"HFL1" + struct.pack("<I", lines))
        for place in range(lines):
            file.write(struct.pack("<I", each))
            for number in range(each):
                file.write(b"\0" + simulator_request((place * each + number) % 999_999 + 1))
    return path
