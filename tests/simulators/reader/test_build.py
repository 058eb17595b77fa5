"""The IFD handler: it compiles without a warning, once a source, and says why where it cannot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from protocols.faults import RigFault
from simulators.reader import build as module
from simulators.reader.build import FLAGS, HEADERS, SOURCE, build, unavailable

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or not (HEADERS / "ifdhandler.h").exists(), reason="no compiler, or no headers"
)


def test_the_handler_compiles_without_a_warning(tmp_path: Path) -> None:
    command = ["gcc", *FLAGS, "-Werror", f"-I{HEADERS}", str(SOURCE), "-o", str(tmp_path / "out.so"), "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"-Wall", "-Wextra"} <= set(FLAGS)


def test_it_is_built_once_for_each_state_of_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "handler.c"
    source.write_text("int one(void) { return 1; }\n")
    monkeypatch.setattr(module, "SOURCE", source)
    monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    first = build()
    made = first.stat().st_mtime_ns
    assert build() == first
    assert first.stat().st_mtime_ns == made
    source.write_text("int two(void) { return 2; }\n")
    assert build() != first
    assert not list((tmp_path / "build").rglob("*.part"))


def test_what_the_compiler_says_is_in_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "handler.c"
    source.write_text("int broken(void) { return nonsense; }\n")
    monkeypatch.setattr(module, "SOURCE", source)
    monkeypatch.setattr(module, "BUILD", tmp_path / "build")
    with pytest.raises(RigFault, match="nonsense"):
        build()


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("PCSCD", "pcscd is not installed"), ("RUN_DIRECTORY", "cannot be written")],
)
def test_why_it_cannot_run_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str, reason: str) -> None:
    pcscd = tmp_path / "pcscd"
    pcscd.touch()
    monkeypatch.setattr(module, "PCSCD", str(pcscd))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(module.os, "access", lambda path, mode: missing != "RUN_DIRECTORY")
    if missing == "PCSCD":
        pcscd.unlink()
    assert reason in unavailable()


@pytest.mark.parametrize(("absent", "reason"), [("libpcsclite", "libpcsclite"), ("pyscard", "pyscard")])
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, absent: str, reason: str) -> None:
    pcscd = tmp_path / "pcscd"
    pcscd.touch()
    monkeypatch.setattr(module, "PCSCD", str(pcscd))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None if absent == "libpcsclite" else name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if absent == "pyscard" else name)
    assert reason in unavailable()


def test_without_a_compiler_a_handler_that_is_built_already_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pcscd = tmp_path / "pcscd"
    pcscd.touch()
    monkeypatch.setattr(module, "PCSCD", str(pcscd))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(module.os, "access", lambda path, mode: True)
    monkeypatch.setattr(module, "BUILD", tmp_path / "none")
    assert "no compiler" in unavailable()
    library = module._library()
    library.parent.mkdir(parents=True)
    library.touch()
    assert unavailable() == ""
