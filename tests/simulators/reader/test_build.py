"""The IFD handler: it compiles without a warning, once for each state of its sources, and says why where it cannot."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from protocols.faults import RigFault
from simulators.reader import build as module
from simulators.reader.build import FLAGS, HEADERS, SOURCES, WARNINGS, build, missing

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or not (HEADERS / "ifdhandler.h").exists(), reason="no compiler, or no headers"
)


def test_the_handler_compiles_without_a_warning(tmp_path: Path) -> None:
    sources = map(str, SOURCES.glob("*.c"))
    command = ["gcc", *FLAGS, "-Werror", f"-I{HEADERS}", *sources, "-o", str(tmp_path / "out.so")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"-Wall", "-Wextra", "-Wconversion"} <= set(WARNINGS) < set(FLAGS)


def test_it_shows_pcscd_its_functions_and_nothing_else() -> None:
    """It is loaded into a process that has names of its own."""
    listed = subprocess.run(["nm", "-D", "--defined-only", str(build())], capture_output=True, text=True, check=True)
    names = {line.split()[2] for line in listed.stdout.splitlines()}
    assert "IFDHTransmitToICC" in names
    assert {name for name in names if not name.startswith("IFDH")} == set()


def elsewhere(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> Path:
    """Another handler, built in another place."""
    sources = folder / "sources"
    sources.mkdir()
    (sources / "handler.c").write_text(source)
    monkeypatch.setattr(module, "SOURCES", sources)
    monkeypatch.setattr(module, "BUILD", folder / "build")
    return sources


def test_it_is_built_once_for_each_state_of_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = elsewhere(tmp_path, monkeypatch, "int one(void) { return 1; }\n")
    first = build()
    made = first.stat().st_mtime_ns
    assert build() == first
    assert first.stat().st_mtime_ns == made
    (sources / "handler.h").write_text("/* nothing */\n")
    second = build()
    (sources / "handler.c").write_text("int two(void) { return 2; }\n")
    assert len({first, second, build()}) == 3
    assert not list((tmp_path / "build").rglob("*.part"))


def test_what_the_compiler_says_is_in_the_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere(tmp_path, monkeypatch, "int broken(void) { return nonsense; }\n")
    with pytest.raises(RigFault, match="nonsense"):
        build()


def test_without_a_compiler_a_handler_that_is_built_already_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(module, "BUILD", tmp_path / "none")
    assert "no compiler" in missing()
    library = module._library()
    library.parent.mkdir(parents=True)
    library.touch()
    assert missing() == ""
