"""Every host frame of a run is decoded again by a library that is not ours, under a specification of its own. Design 4.

Terminal, issuer and auditors share one codec: an error in it on both sides would pass everything else.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.independent import decode_frame


def frames(run: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every event of the host channel with bytes, and where it stands."""
    for path in sorted([*run.glob("cases/*/*.jsonl"), *run.glob("workers/*.jsonl")]):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["ch"] == "host" and "raw" in record:
                yield f"{path.parent.name}, event {record['n']}", record


UNREADABLE = re.compile(r"length|F\d+")
"""What a behaviour rule may have spoiled so that nobody can read it: the frame's length, or a field."""


def unreadable_on_purpose(record: dict[str, Any]) -> bool:
    """A frame that the host could not read and said so, or that a rule spoiled so far that we describe none of it."""
    if record["kind"] == "undecodable":
        return True
    spoiled = record["f"].get("spoiled", [])
    return "MTI" not in record["f"].get("message", {}) and any(UNREADABLE.fullmatch(part) for part in spoiled)


def shown(value: str) -> str:
    """A value as our description shows it: a hidden digit of a PAN is an asterisk."""
    return value.rstrip().replace("F", "*") if re.fullmatch(r"\d{6}F+\d{4}", value) else value.rstrip()


def test_every_frame_of_the_run_says_the_same_to_both(default_run: Path) -> None:
    seen: Counter[str] = Counter()
    for place, record in frames((default_run / "latest").resolve()):
        if unreadable_on_purpose(record):
            seen["unreadable on purpose"] += 1
            continue
        independent = decode_frame(bytes.fromhex(record["raw"]))
        message = record["f"]["message"]
        ours = {key.split()[0][1:]: value for key, value in message.items() if re.match(r"F\d+ (?!error$)", key)}
        assert message["MTI"] == independent["t"], place
        assert (message["TPDU"], message["header"]) == (independent["tpdu"], independent["header"]), place
        theirs = {number: value for number, value in independent.items() if number.isdigit() and number != "1"}
        assert set(ours) == set(theirs), place
        for number, value in ours.items():
            if "hidden" in value:
                assert value.startswith(f"({_size(number, theirs[number])} "), f"{place}, F{number}"
            elif number == "55":
                assert value == f"{len(theirs[number]) // 2} bytes", place
            elif number == "64":
                mac = bytes.fromhex(theirs[number])  # a MAC that was spoiled on purpose may be no text
                assert value == (mac.decode("ascii") if mac.isalnum() else mac.hex().upper()), place
            else:
                assert shown(theirs[number]) == value.rstrip(), f"{place}, F{number}"
            seen[f"F{number}"] += 1
        seen[message["MTI"]] += 1
    assert {"0100", "0110", "0200", "0210", "0400", "0410", "0800", "0810"} <= set(seen)
    assert seen["F4"] > 100
    assert 0 < seen["unreadable on purpose"] < 60  # cases.md 128, 129: all others are read by both
    assert {"F2", "F38", "F39", "F52", "F55", "F61", "F62"} <= set(seen)


def _size(number: str, value: str) -> int:
    """Digits of a BCD field, bytes of a binary one."""
    return len(value) // 2 if number in ("52", "62") else len(value)
