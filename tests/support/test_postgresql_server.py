"""The server for tests is real, and ends with who started it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.keep_postgresql import programs

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20.0
START = """
from tests.support.postgresql import Server
server = Server()
with server.connect() as connection:
    connection.execute("SELECT 1")
print(server.directory, server.keeper.pid, (server.directory / "data" / "postmaster.pid").read_text().split()[0],
      flush=True)
input()
"""


def _alive(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(programs() is None, reason="no PostgreSQL server is installed here: apt-get install postgresql")
@pytest.mark.parametrize("killed", ["test", "keeper"])
def test_a_server_ends_with_the_test_process_and_with_its_keeper(killed: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        directory, keeper, server = process.stdout.readline().split()
        assert _alive(server)
        os.kill(process.pid if killed == "test" else int(keeper), signal.SIGKILL)
        until = time.monotonic() + DEADLINE_S
        try:
            while _alive(server) or (killed == "test" and Path(directory).exists()):
                assert time.monotonic() < until, f"process {server} or {directory} is still there"
        finally:
            process.kill()
            if _alive(server):
                os.kill(int(server), signal.SIGQUIT)
            shutil.rmtree(directory, ignore_errors=True)
