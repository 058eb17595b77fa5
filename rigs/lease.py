"""One user a device: a lease by file lock, which the kernel gives back when its holder dies.

What is leased is what two runs could fight over: a serial port, a reader, a bench with either. A twin is made for its
run and is nobody else's, so an all-virtual bench leases nothing and may run as often as one likes.
"""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from protocols.faults import RigFault


class Lease:
    """Holds a device from `__enter__` to `__exit__`. Raises RigFault with the holder's pid when it is taken."""

    def __init__(self, what: str, directory: Path) -> None:
        self.what = what
        self.path = directory / (re.sub(r"[^A-Za-z0-9.-]+", "-", what).strip("-") + ".lease")
        self._fd: int | None = None

    def __enter__(self) -> Lease:
        _shared_directory(self.path.parent)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 64).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise RigFault(
                f"the {self.what} is in use by process {holder}", advice="wait for that run, or take another rig"
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._fd is not None:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def _shared_directory(path: Path) -> None:
    """Open to every user of the machine, as a lab's bench is; each may remove his own files only."""
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            path.chmod(0o1777)
