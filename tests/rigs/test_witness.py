"""What a card twin says of its APDUs on the timeline: enough to compare both ends of a reader, and nothing to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from protocols.events import Channel, Event
from rigs.timeline import Recorder
from tests.rigs.kit import PAN, lines_of, recorder_in

COMMAND = bytes.fromhex("00B2011400")
RECORD = bytes.fromhex(f"700E5A08{PAN}5F3401009000")
VERIFY = bytes.fromhex("00200080082412345FFFFFFFFF")


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return recorder_in(tmp_path)


def gave(command: bytes, answer: bytes) -> Event:
    """As the card tells it."""
    return Event(Channel.CARD, "gave", {"card": "one", "took": len(command), "own_ns": 7}, raw=command + answer)


def took(command: bytes) -> Event:
    return Event(Channel.CARD, "took", {"card": "one", "took": len(command), "own_ns": 7}, raw=command)


def told(recorder: Recorder, folder: Path, *events: Event | tuple[str, bytes]) -> list[dict[str, Any]]:
    """The lines of these events; a pair is what the driver tells."""
    for event in events:
        recorder.emit(event if isinstance(event, Event) else Event(Channel.CARD, event[0], {}, raw=event[1]))
    return lines_of(folder / "workers" / "main.jsonl")


def test_the_same_bytes_have_the_same_mark_at_both_ends(recorder: Recorder, tmp_path: Path) -> None:
    command, own, response = told(
        recorder, tmp_path, ("command", COMMAND), gave(COMMAND, RECORD), ("response", RECORD)
    )  # fmt: skip
    assert command["f"]["mark"] == own["f"]["taken"]
    assert response["f"]["mark"] == own["f"]["mark"] != own["f"]["taken"]


@pytest.mark.parametrize("at", [4, 6, 9, 11], ids=["first six", "hidden", "hidden, too", "last four"])
def test_a_byte_that_is_masked_away_still_makes_another_mark(recorder: Recorder, tmp_path: Path, at: int) -> None:
    other = bytearray(RECORD)
    other[at] ^= 0x01
    lines = told(recorder, tmp_path, ("command", COMMAND), gave(COMMAND, RECORD), ("response", bytes(other)))
    assert lines[1]["f"]["mark"] != lines[2]["f"]["mark"]


def test_of_what_a_card_took_and_gave_no_byte_is_kept_beside_its_status(recorder: Recorder, tmp_path: Path) -> None:
    (own,) = told(recorder, tmp_path, gave(COMMAND, RECORD))
    assert {key: value for key, value in own["f"].items() if key not in ("mark", "taken")} == {
        "card": "one", "took": len(COMMAND), "own_ns": 7, "length": len(RECORD), "sw": "9000",
    }  # fmt: skip
    assert not {"raw", "exposed"} & own.keys()


def test_a_card_that_gave_nothing_has_a_mark_of_what_it_took_alone(recorder: Recorder, tmp_path: Path) -> None:
    command, own = told(recorder, tmp_path, ("command", COMMAND), took(COMMAND))
    assert own["f"] == {"card": "one", "took": len(COMMAND), "own_ns": 7, "taken": command["f"]["mark"]}


def test_card_data_is_exposed_once_however_many_see_it_pass(recorder: Recorder, tmp_path: Path) -> None:
    recorder.protect(PAN)
    lines = told(
        recorder, tmp_path, ("command", VERIFY), gave(VERIFY, b"\x90\x00"), ("response", b"\x90\x00"),
        ("command", COMMAND), gave(COMMAND, RECORD), ("response", RECORD),
    )  # fmt: skip
    assert [line["kind"] for line in lines if "exposed" in line] == ["command", "response"]
    assert [line["kind"] for line in lines if "raw" in line] == ["command", "response"] * 2
    written = (tmp_path / "workers" / "main.jsonl").read_text("utf-8")
    assert "12345F" not in written
    assert PAN not in written


def test_marks_cannot_be_worked_out_by_who_has_the_timeline(tmp_path: Path) -> None:
    """Each recorder has a key of its own, which it writes nowhere."""
    marks = set()
    for name in ("a", "b"):
        lines = told(recorder_in(tmp_path / name), tmp_path / name, took(COMMAND))
        marks.add(lines[0]["f"]["taken"])
    assert len(marks) == 2


def test_what_the_card_says_comes_not_between_a_command_and_its_response(recorder: Recorder, tmp_path: Path) -> None:
    """A response is read by the command before it: the driver's."""
    lines = told(recorder, tmp_path, ("command", COMMAND), gave(VERIFY, b"\x90\x00"), ("response", RECORD))
    assert lines[2]["f"]["name"] == "READ RECORD"
