"""A pcscd of one's own: private directory, private socket, no TCP, gone when its owner is gone. facts/pcsc-emv 1.2."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO

from protocols.faults import ConfigurationError, RigFault
from simulators.reader.available import LAUNCHER, PCSCD
from simulators.reader.build import build
from simulators.reader.model import ReaderModel
from simulators.reader.profile import ReaderProfile

STOP_S = 2.0
START_S = 5.0
POLL_S = 0.005
READER_NAME = ReaderProfile().name
MOST_SLOTS = 16  # PCSCLITE_MAX_READERS_CONTEXTS


class PcscService:
    """Start with `start()`. `socket` is for PCSCLITE_CSOCK_NAME; libpcsclite reads that once in a process."""

    def __init__(self, directory: Path, *models: ReaderModel) -> None:
        """One daemon for all these readers, listed in this order. Raises ConfigurationError for more than it takes."""
        slots = sum(len(model.slots) for model in models)
        if slots > MOST_SLOTS:
            raise ConfigurationError(
                f"one pcscd takes {MOST_SLOTS} slots, not {slots}", advice="leave readers out", component="reader"
            )
        self.directory = directory
        self.socket = directory / "pcscd.sock"
        self._models = models
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()

    @property
    def names(self) -> list[str]:
        """Its readers as PC/SC lists them, a name for each slot: the number of the reader, the number of the slot."""
        return [
            f"{model.profile.name} {number:02X} {slot:02X}"
            for number, model in enumerate(self._models)
            for slot in range(len(model.slots))
        ]

    @property
    def version(self) -> str:
        """The daemon's own version line."""
        return next(iter(_ask("--version").splitlines()), "unknown").strip().rstrip(".")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Raises RigFault with pcscd's own words when it does not come up."""
        library = build()
        config = self.directory / "reader.conf.d"
        config.mkdir(mode=0o700, parents=True, exist_ok=True)
        (config / "reader").write_text(  # one file: pcscd reads a directory in no order
            "".join(
                f'FRIENDLYNAME "{model.profile.name}"\nDEVICENAME {model.path}\nLIBPATH {library}\nCHANNELID {number}\n'
                for number, model in enumerate(self._models, 1)
            )
        )
        self.socket.unlink(missing_ok=True)
        with (self.directory / "pcscd.log").open("ab") as log:
            command = [sys.executable, "-S", str(LAUNCHER), str(os.getpid()), str(self.socket), str(config), *_flags()]
            self._process = self._launch(command, log)
        deadline = time.monotonic() + START_S
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = (self.directory / "pcscd.log").read_text(errors="replace")[-300:]
                self.stop()
                raise RigFault(f"pcscd did not start: {words.strip()}", component="reader")
            time.sleep(POLL_S)  # a bounded wait for the file to appear

    def _launch(self, command: list[str], log: BinaryIO) -> subprocess.Popen[bytes]:
        """Popen in a thread that lives as long as the daemon: PDEATHSIG comes when the creating THREAD ends, not the
        process (prctl(2)), and whoever calls `start` may be a short-lived one."""
        self._ended = ended = threading.Event()
        launched: Future[subprocess.Popen[bytes]] = Future()

        def keep() -> None:
            try:
                launched.set_result(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log))  # noqa: S603
            except OSError as error:
                launched.set_exception(error)
                return
            ended.wait()

        threading.Thread(target=keep, name="pcscd-keeper", daemon=True).start()
        return launched.result()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL: a daemon that hangs is ended too."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_S / 4)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)
        self._ended.set()

    def restart(self) -> None:
        """A fresh daemon behind the same socket path."""
        self.stop()
        self.start()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


def _ask(option: str) -> str:
    """What the daemon says to `--version` or `--help`."""
    done = subprocess.run([PCSCD, option], capture_output=True, text=True, timeout=START_S, check=False)  # noqa: S603
    return done.stdout + done.stderr


def _flags() -> list[str]:
    """`--disable-polkit` exists from pcsc-lite 2.0.0 only, and is needed there. facts/pcsc-emv 1.2."""
    return ["--disable-polkit"] if "--disable-polkit" in _ask("--help") else []
