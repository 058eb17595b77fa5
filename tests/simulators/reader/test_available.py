"""Whether the reader twin can stand behind pcscd here, and why not where it cannot."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulators.reader import available as module
from simulators.reader import build, launch
from simulators.reader.available import no_namespace, unavailable


@pytest.fixture(autouse=True)
def everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine where nothing is wanting, whatever this one has."""
    pcscd = tmp_path / "pcscd"
    pcscd.touch()
    monkeypatch.setattr(module, "PCSCD", str(pcscd))
    monkeypatch.setattr("ctypes.util.find_library", lambda name: name)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr(build, "missing", lambda: "")
    monkeypatch.setattr(launch, "may_write_run_directory", lambda: True)
    no_namespace.cache_clear()
    yield
    no_namespace.cache_clear()


def test_it_is_where_nothing_is_wanting() -> None:
    assert unavailable() == ""


def test_what_is_wanting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as here:
        here.setattr(module, "PCSCD", "/nonexistent/pcscd")
        assert unavailable() == "pcscd is not installed"
    with monkeypatch.context() as here:
        here.setattr("ctypes.util.find_library", lambda name: None)
        assert unavailable() == "libpcsclite is not installed"
    with monkeypatch.context() as here:
        here.setattr(build, "missing", lambda: "there is no compiler")
        assert unavailable() == "there is no compiler"


def test_a_process_that_does_not_speak_to_it_itself_needs_no_pyscard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert unavailable() == "pyscard is not installed"
    assert unavailable(pyscard=False) == ""


def played(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[list[str]]:
    """Somebody who may not write to /run/pcscd; what the probe says."""
    monkeypatch.setattr(launch, "may_write_run_directory", lambda: False)
    asked: list[list[str]] = []

    def run(command: list[str], **options: Any) -> Any:
        asked.append(command)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def test_who_may_not_write_needs_a_namespace_and_is_asked_for_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = played(monkeypatch, SimpleNamespace(returncode=0, stderr=""))
    assert [unavailable(), unavailable()] == ["", ""]
    assert [command[-1] for command in asked] == ["probe"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (SimpleNamespace(returncode=1, stderr="Traceback\nOSError: [Errno 28] No space left on device\n"), "Errno 28"),
        (SimpleNamespace(returncode=-9, stderr=""), "it ended with -9"),
        (subprocess.TimeoutExpired("probe", 10), "TimeoutExpired"),
        (OSError(), "OSError"),
    ],
)
def test_who_can_have_no_namespace_is_told_why(monkeypatch: pytest.MonkeyPatch, answer: Any, why: str) -> None:
    played(monkeypatch, answer)
    reason = unavailable()
    assert "/run/pcscd cannot be written" in reason
    assert why in reason
    assert "\n" not in reason
