"""Keeps a PostgreSQL server for tests: `keep_postgresql.py DIRECTORY`, started by `postgresql.Server`.

It makes a cluster there, runs the server on a Unix socket alone, says "ready", and at the end of its input stops the
server and takes the directory away. "crash" in its input ends the server as a crash of it does, and starts it again. A
keeper that is killed takes the server with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

OWNER = "postgres"
"""Whom the package made; PostgreSQL does not run as root."""
USER, DATABASE = "holdfast", "postgres"
SETTINGS = {
    "listen_addresses": "", "fsync": "off", "shared_buffers": "16MB", "max_connections": "20", "autovacuum": "off",
    "wal_level": "minimal", "max_wal_senders": "0", "jit": "off", "max_prepared_transactions": "0",
}  # fmt: skip
"""For speed: what is durable is tested with `fsync` on."""


def programs() -> Path | None:
    """Where the newest installed server's programs are; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


class Keeper:
    """One server, child of this process."""

    def __init__(self, directory: Path) -> None:
        found = programs()
        assert found is not None
        self.programs, self.directory, self.data = found, directory, directory / "data"
        self.log = directory / "log"
        self.as_owner = ["setpriv", "--pdeathsig", "QUIT"]  # its "immediate": it ends its own children, too
        if os.getuid() == 0:
            self.as_owner += [f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
        self.server: subprocess.Popen[bytes] | None = None

    def make(self) -> None:
        command = [
            *self.as_owner, str(self.programs / "initdb"), "-D", str(self.data), "-U", USER, "-A", "trust", "-E",
            "UTF8", "--locale=C", "--no-sync", "--no-instructions",
        ]  # fmt: skip
        subprocess.run(command, cwd=self.directory, check=True, stdout=subprocess.DEVNULL)
        with (self.data / "postgresql.conf").open("a") as conf:  # a test may override it by ALTER SYSTEM
            conf.writelines(f"{name} = '{value}'\n" for name, value in SETTINGS.items())

    def start(self) -> None:
        """Returns when it answers."""
        command = [*self.as_owner, str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.directory)]
        with self.log.open("ab") as log:
            self.server = subprocess.Popen(
                command, cwd=self.directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        ask = [str(self.programs / "pg_isready"), "-q", "-h", str(self.directory), "-t", "5"]
        while subprocess.run(ask, check=False).returncode != 0:
            if self.server.poll() is not None:
                sys.exit(self.log.read_text(errors="replace"))

    def stop(self) -> None:
        """As a crash: nothing is written that was not written before."""
        if self.server is not None:
            self.server.send_signal(signal.SIGQUIT)
            self.server.wait()
            self.server = None

    def crash(self) -> None:
        self.stop()
        self.start()


def main(directory: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end of the input is what ends it
    keeper = Keeper(directory)
    words: dict[str, Callable[[], None]] = {"crash": keeper.crash, "stop": keeper.stop, "start": keeper.start}
    try:
        keeper.make()
        keeper.start()
        print("ready", flush=True)
        for line in sys.stdin:
            words[line.strip()]()
            print("ready", flush=True)
    finally:
        keeper.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
