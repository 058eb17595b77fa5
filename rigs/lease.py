"""One user a rig: a lease by file lock, which the kernel gives back when its holder dies."""

from __future__ import annotations

import fcntl
import os
import re
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from protocols.faults import RigFault


class Lease:
    """Holds a rig from `__enter__` to `__exit__`. Raises RigFault with the holder's pid when it is taken.

    Workers of one run share the rig's virtual parts by position: worker 2 leases `<rig>.2`.
    """

    def __init__(self, rig: str, directory: Path, position: str = "") -> None:
        safe = re.sub(r"[^A-Za-z0-9.-]", "-", f"{rig}.{position}" if position else rig)
        self.path = directory / f"{safe}.lease"
        self._fd: int | None = None

    def __enter__(self) -> Lease:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 64).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise RigFault(
                f"rig {self.path.stem} is in use by process {holder}", advice="wait for that run, or take another rig"
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
