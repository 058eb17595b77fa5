"""One default run, shared by all tests that look at what a run leaves, whichever worker they run in."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import holdfast


@pytest.fixture(scope="session")
def default_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The out folder of `holdfast certify` with nothing said. The first who needs it makes it, others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if base.name.startswith("popen-") else base
    out = shared / "default-run"
    with (shared / "default-run.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (out / "ended.json").exists():
            done = holdfast("certify", "--out", out)
            told = {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
            (out / "ended.json").write_text(json.dumps(told), "utf-8")
    return out


@pytest.fixture(scope="session")
def ended(default_run: Path) -> dict[str, Any]:
    """Exit status and output of the default run."""
    loaded: dict[str, Any] = json.loads((default_run / "ended.json").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="session")
def verdicts(default_run: Path) -> dict[str, Any]:
    """verdicts.json of the default run."""
    loaded: dict[str, Any] = json.loads((default_run / "latest" / "verdicts.json").read_text("utf-8"))
    return loaded
