"""Private directories: closed to others, gone at close, swept when their owner is dead, and only then."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest

from protocols.faults import RigFault
from rigs import private
from rigs.private import private_directory, private_root
from tests.rigs.kit import other_process, said, temporary

OWN = """
import sys
from pathlib import Path
from rigs.private import private_directory
print("ready", flush=True)
sys.stdin.readline()
with private_directory(Path(sys.argv[1])) as directory:
    (directory / "ledger.sqlite").write_text("x")
    print(directory, flush=True)
    sys.stdin.readline()
    print((directory / "ledger.sqlite").exists(), flush=True)
"""


def go_on(process: object) -> None:
    process.stdin.write("\n")  # type: ignore[attr-defined]
    process.stdin.flush()  # type: ignore[attr-defined]


def test_it_is_closed_to_others_and_gone_at_the_end(tmp_path: Path) -> None:
    with private_directory(tmp_path) as directory:
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        (directory / "sub").mkdir()
        (directory / "sub" / "journal.sqlite").write_text("x")
    assert not directory.exists()


def test_it_is_gone_when_its_user_raises(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), private_directory(tmp_path) as directory:
        raise KeyboardInterrupt
    assert not directory.exists()


def test_what_a_killed_owner_left_is_swept_by_the_next(tmp_path: Path) -> None:
    with other_process(OWN, tmp_path) as owner:
        said(owner)
        go_on(owner)
        left = Path(said(owner))
        owner.kill()
        owner.wait()
        assert (left / "ledger.sqlite").exists()
        with private_directory(tmp_path):
            assert not left.exists()


def test_what_was_left_before_its_lock_was_made_is_swept(tmp_path: Path) -> None:
    (tmp_path / "bench-half").mkdir()
    with private_directory(tmp_path):
        assert not (tmp_path / "bench-half").exists()


def test_what_is_no_bench_is_never_swept(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with private_directory(tmp_path):
        assert (tmp_path / "other").exists()


def test_what_another_process_uses_is_never_swept(tmp_path: Path) -> None:
    with other_process(OWN, tmp_path) as owner:
        said(owner)
        go_on(owner)
        used = Path(said(owner))
        with private_directory(tmp_path) as mine:
            assert mine != used
        go_on(owner)
        assert said(owner) == "True"


def test_what_this_process_uses_is_never_swept(tmp_path: Path) -> None:
    with private_directory(tmp_path) as first, private_directory(tmp_path) as second:
        assert first.exists()
        assert second.exists()


def test_eight_processes_that_start_at_once_each_keep_their_own(tmp_path: Path) -> None:
    with ExitStack() as stack:
        owners = [stack.enter_context(other_process(OWN, tmp_path)) for _ in range(8)]
        for owner in owners:
            assert said(owner) == "ready"
        for owner in owners:
            go_on(owner)
        directories = {said(owner) for owner in owners}
        assert len(directories) == 8
        for owner in owners:
            go_on(owner)
        assert [said(owner) for owner in owners] == ["True"] * 8
        for owner in owners:
            owner.wait()
    assert not list(tmp_path.glob("bench-*"))


def test_the_root_is_this_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary(monkeypatch, tmp_path)
    root = private_root()
    assert root == tmp_path / f"holdfast-{os.getuid()}"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    root.chmod(0o755)
    assert stat.S_IMODE(private_root().stat().st_mode) == 0o700


@pytest.mark.parametrize("what", ["link", "file", "link to nothing"])
def test_a_root_that_is_no_directory_of_this_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    temporary(monkeypatch, tmp_path)
    root = tmp_path / f"holdfast-{os.getuid()}"
    if what == "file":
        root.write_text("")
    else:
        root.symlink_to(tmp_path if what == "link" else tmp_path / "nothing")
    with pytest.raises(RigFault, match=r"is no directory of this user's \(remove it\)"):
        private_root()


def test_a_root_of_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary(monkeypatch, tmp_path)
    stranger = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    with pytest.raises(RigFault, match="remove it"):
        private_root()


def test_below_a_long_path_sockets_would_not_fit_so_a_short_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = tmp_path / "short"
    short.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / ("long" * 20)))
    monkeypatch.setattr(private, "SHORT_TEMPORARY", str(short))
    assert private_root().parent == short
