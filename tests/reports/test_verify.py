"""Verification: what was changed is found and named, and a run that was killed is never called tampered."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from protocols.chain import FIRST_HASH, seal_line
from reports.manifest import write_manifest
from reports.verify import Verification, verify
from tests.reports.folders import Folder, line_of, sealed
from tests.reports.judge.builder import Tale

CASE = "cases/a/attempt-1.jsonl"
WORKER = [{"n": 1, "t": 1, "utc": "", "ch": "rig", "dir": "", "kind": "close", "ev": "simulated", "f": {}}]


def tale() -> Tale:
    return Tale().order().outcome("approved").state("idle").close()


def run(tmp_path: Path, *, manifest: bool = True) -> Folder:
    folder = Folder(tmp_path).case("a", tale()).bytes("workers/main.jsonl", sealed(WORKER)).end()
    slip = b"slip"
    folder.bytes(f"attachments/{hashlib.sha256(slip).hexdigest()}.escpos", slip)
    if manifest:
        write_manifest(folder.path)
    return folder


def killed(tmp_path: Path, data: bytes) -> Verification:
    """A run that was killed: no end, no manifest, and this is what its timeline holds."""
    folder = Folder(tmp_path).bytes(CASE, data) if not (tmp_path / "run").exists() else None
    if folder is None:
        (tmp_path / "run" / CASE).write_bytes(data)
    return verify(tmp_path / "run")


def lines() -> list[bytes]:
    return sealed([line_of(record) for record in tale().records]).splitlines(keepends=True)


def told(found: Verification) -> list[tuple[str, str]]:
    return [(remark.kind, remark.text) for remark in found.remarks]


def test_a_whole_run_is_intact(tmp_path: Path) -> None:
    found = verify(run(tmp_path).path)
    assert found.remarks == ()
    assert (found.tampered, found.incomplete) == (False, False)
    assert (found.timelines, found.events) == (2, 6)
    assert found.lines()[0].startswith("intact: 2 timelines with 6 events, ")


@pytest.mark.parametrize("spoil", ["nothing", "tail", "byte", "everything"])
def test_the_last_line_always_says_unsigned(tmp_path: Path, spoil: str) -> None:
    folder = run(tmp_path)
    path = folder.path / CASE
    data = path.read_bytes()
    path.write_bytes({"nothing": data, "tail": data[:-9], "byte": b"X" + data[1:], "everything": b""}[spoil])
    assert verify(folder.path).lines()[-1].startswith("UNSIGNED")


# ── torn tails ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_tail_torn_at_any_byte_is_incomplete_and_never_tampered(tmp_path: Path) -> None:
    whole = lines()
    head, last = b"".join(whole[:-1]), whole[-1]
    for cut in range(len(last)):
        found = killed(tmp_path, head + last[:cut])
        assert not found.tampered, cut
        assert ("incomplete", f"it ends after event {len(whole) - 1}") in told(found)
        assert found.events == len(whole) - 1


def test_a_cut_at_a_line_end_is_incomplete(tmp_path: Path) -> None:
    whole = lines()
    for kept in range(len(whole)):
        found = killed(tmp_path, b"".join(whole[:kept]))
        assert not found.tampered
        assert ("incomplete", f"it ends after event {kept}") in told(found)


def test_only_the_cases_or_the_benchs_own_close_closes(tmp_path: Path) -> None:
    closing = Tale().tell("printer", "close")
    found = killed(tmp_path, sealed([line_of(record) for record in closing.records]))
    assert ("incomplete", "it ends after event 2") in told(found)


def test_a_run_without_its_end_is_incomplete(tmp_path: Path) -> None:
    folder = run(tmp_path, manifest=False)
    (folder.path / "end.json").unlink()
    found = verify(folder.path)
    assert told(found) == [("incomplete", "the run did not end")]
    assert found.lines()[-2].startswith("incomplete: ")


def test_an_attachment_that_was_still_being_written_is_incomplete(tmp_path: Path) -> None:
    folder = run(tmp_path, manifest=False).bytes("attachments/abc.1234.part", b"half")
    found = verify(folder.path)
    assert not found.tampered
    assert ("incomplete", "it was being written") in told(found)


def test_a_run_without_its_manifest_is_not_called_intact(tmp_path: Path) -> None:
    found = verify(run(tmp_path, manifest=False).path)
    assert [remark.file for remark in found.remarks] == ["manifest.json"]
    assert found.incomplete
    assert not found.tampered


# ── changed timelines ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_byte_flipped_in_any_line_is_named_by_its_event(tmp_path: Path) -> None:
    whole = lines()
    for number, line in enumerate(whole, 1):
        for place in range(number, len(line) - 1, 9):
            flipped = line[:place] + bytes([line[place] ^ 0x01]) + line[place + 1 :]
            found = killed(tmp_path, b"".join([*whole[: number - 1], flipped, *whole[number:]]))
            assert ("tampered", f"event {number}") in told(found), (number, place)
            assert found.events == number - 1


@pytest.mark.parametrize(
    ("change", "event"),
    [
        (lambda whole: [*whole[:2], *whole[3:]], 3),
        (lambda whole: whole[1:], 1),
        (lambda whole: [*whole[:2], whole[1], *whole[2:]], 3),
        (lambda whole: [whole[0], whole[2], whole[1], *whole[3:]], 2),
        (lambda whole: [*whole[:3], b"\n", *whole[3:]], 4),
        (lambda whole: [*whole[:1], b'{"n":2}\n', *whole[1:]], 2),
    ],
    ids=["removed", "first removed", "inserted again", "swapped", "empty line", "forged"],
)
def test_a_line_removed_inserted_or_moved_is_named(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]], event: int
) -> None:
    assert ("tampered", f"event {event}") in told(killed(tmp_path, b"".join(change(lines()))))


def test_a_chain_made_anew_with_a_wrong_number_is_named(tmp_path: Path) -> None:
    records = [line_of(record) for record in tale().records]
    del records[1]
    assert ("tampered", "event 2") in told(killed(tmp_path, sealed(records)))


@pytest.mark.parametrize("text", ['{"n":1,x}', '{"m":1}'])
def test_a_sealed_line_that_is_no_record_is_named(tmp_path: Path, text: str) -> None:
    assert ("tampered", "event 1") in told(killed(tmp_path, seal_line(FIRST_HASH, text)[0]))


# ── everything else ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["run.json", "plan.json", "end.json", CASE, "workers/main.jsonl"])
def test_a_changed_file_and_a_missing_one_are_named(tmp_path: Path, name: str) -> None:
    folder = run(tmp_path)
    path = folder.path / name
    data = path.read_bytes()
    path.write_bytes(data + b" ")
    assert ("tampered", name) in [(r.kind, r.file) for r in verify(folder.path).remarks]
    path.unlink()
    found = verify(folder.path)
    assert ("missing", name) in [(r.kind, r.file) for r in found.remarks]
    assert found.tampered
    assert found.lines()[-2].startswith("tampered: ")


def test_a_changed_attachment_is_named_without_any_manifest(tmp_path: Path) -> None:
    folder = run(tmp_path, manifest=False)
    path = next((folder.path / "attachments").iterdir())
    path.write_bytes(b"another slip")
    assert ("tampered", "its content is not what its name says") in told(verify(folder.path))


def test_an_attachment_that_an_event_names_must_be_there(tmp_path: Path) -> None:
    records = [line_of(record) for record in tale().records]
    records[1]["att"] = {"slip": "abc.escpos"}
    found = killed(tmp_path, sealed(records))
    assert (found.remarks[0].kind, found.remarks[0].file) == ("missing", "attachments/abc.escpos")
    assert "event 2" in found.remarks[0].text
    assert found.tampered


def test_a_file_that_was_added_is_named(tmp_path: Path) -> None:
    folder = run(tmp_path)
    folder.bytes("cases/a/attempt-2.jsonl", (folder.path / CASE).read_bytes())
    found = verify(folder.path)
    assert told(found) == [("tampered", "the manifest does not name it")]
    assert found.remarks[0].file == "cases/a/attempt-2.jsonl"


def test_the_files_of_other_tools_are_not_minded(tmp_path: Path) -> None:
    folder = run(tmp_path).bytes("allure-results/x.json", b"{}")
    assert verify(folder.path).remarks == ()


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"path":"run.json"}]', "7"])
def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    folder = run(tmp_path)
    (folder.path / "manifest.json").write_text(text)
    assert told(verify(folder.path)) == [("tampered", "it cannot be read")]


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname"])
def test_a_manifest_that_names_what_lies_outside_is_named(tmp_path: Path, name: str) -> None:
    folder = run(tmp_path)
    (tmp_path / "secret").write_text("x")
    path = folder.path / "manifest.json"
    path.write_text(json.dumps([*json.loads(path.read_text()), {"path": name, "sha256": "0"}]))
    found = verify(folder.path)
    assert [(r.kind, r.file) for r in found.remarks] == [("tampered", "manifest.json")]
