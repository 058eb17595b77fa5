"""A run folder, read: what is there is given, what is torn ends it, what is damaged is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from reports.runfolder import RunFolder, record_from
from tests.reports.folders import Folder, line_of, sealed
from tests.reports.judge.builder import Tale


def test_a_folder_without_a_run_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no run folder"):
        RunFolder(tmp_path)


def test_what_was_not_written_is_empty(tmp_path: Path) -> None:
    folder = RunFolder(Folder(tmp_path).path)
    assert folder.run()["id"] == "20260101T000000Z"
    assert folder.plan() == folder.end() == folder.verdicts() == {}
    assert folder.case_folders() == folder.worker_timelines() == folder.attempts("a") == []


@pytest.mark.parametrize("text", ["{", "[]", "\u00e9", ""])
def test_a_damaged_file_is_told_with_its_name(tmp_path: Path, text: str) -> None:
    folder = Folder(tmp_path)
    (folder.path / "plan.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"plan\.json"):
        RunFolder(folder.path).plan()


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    tale = Tale().order().generate_ac("AAC").slip(exposed=({"kind": "pan", "offset": 1, "clear_digits": 16},)).close()
    folder = RunFolder(Folder(tmp_path).case("a", tale).path)
    assert folder.records("cases/a/attempt-1.jsonl") == tale.records
    assert record_from({**line_of(tale.records[0]), "att": {"slip": "x"}}).attachments == {"slip": "x"}


def test_attempts_are_counted_as_numbers(tmp_path: Path) -> None:
    folder = Folder(tmp_path).case("a", *(Tale() for _ in range(11)))
    folder.bytes("cases/a/attempt-x.jsonl", b"").bytes("cases/a/notes.txt", b"").bytes("cases/stray.txt", b"")
    folder.bytes("workers/gw0.jsonl", b"")
    read = RunFolder(folder.path)
    assert [number for number, _ in read.attempts("a")] == list(range(1, 12))
    assert read.attempts("a")[9] == (10, "cases/a/attempt-10.jsonl")
    assert read.case_folders() == ["a"]
    assert read.worker_timelines() == ["workers/gw0.jsonl"]


def test_a_torn_tail_ends_the_timeline_at_every_byte(tmp_path: Path) -> None:
    lines = sealed([line_of(record) for record in Tale().order().close().records])
    last = lines[:-1].rfind(b"\n") + 1
    folder = Folder(tmp_path)
    for cut in range(last, len(lines) - 1):
        folder.bytes("cases/a/attempt-1.jsonl", lines[:cut])
        assert len(RunFolder(folder.path).records("cases/a/attempt-1.jsonl")) == 2
    folder.bytes("cases/a/attempt-1.jsonl", lines)
    assert len(RunFolder(folder.path).records("cases/a/attempt-1.jsonl")) == 3


@pytest.mark.parametrize("line", [b"[]", b"7", b'{"n":1}', b"\xff", b'{"raw":"X"}'])
def test_a_line_that_is_no_record_ends_the_timeline(tmp_path: Path, line: bytes) -> None:
    lines = sealed([line_of(record) for record in Tale().order().records])
    folder = Folder(tmp_path).bytes("cases/a/attempt-1.jsonl", lines + line + b"\n" + lines)
    assert len(RunFolder(folder.path).records("cases/a/attempt-1.jsonl")) == 2


def test_an_attachment_is_given_by_its_own_name_alone(tmp_path: Path) -> None:
    folder = RunFolder(Folder(tmp_path).bytes("attachments/abc.escpos", b"slip").path)
    assert folder.attachment("abc.escpos") == b"slip"
    for name in ("none.escpos", "../run.json", "..", "/etc/hostname"):
        with pytest.raises(ConfigurationError, match="no attachment"):
            folder.attachment(name)
