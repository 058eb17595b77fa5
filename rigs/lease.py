"""One user a device: a lease by file lock, which the kernel gives back when its holder dies.

What is leased is what two runs could fight over: a serial port, a reader, a bench with either. A twin is made for its
run and is nobody else's, so an all-virtual bench leases nothing and may run as often as one likes.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
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
        readable = re.sub(r"[^A-Za-z0-9.-]+", "-", what).strip("-")[:80]
        self.path = directory / f"{readable}-{hashlib.sha256(what.encode()).hexdigest()[:8]}.lease"
        self._fd: int | None = None

    def __enter__(self) -> Lease:
        try:
            _shared_directory(self.path.parent)
            fd = _open(self.path)
        except OSError as error:
            raise RigFault(
                f"the {self.what} cannot be leased: {self.path}: {error.strerror}", advice="remove what lies there"
            ) from None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.read(fd, 64).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise RigFault(
                f"the {self.what} is in use by process {holder}", advice="wait for that run, or take another rig"
            ) from None
        except OSError as error:
            os.close(fd)
            raise RigFault(
                f"the {self.what} cannot be leased: {self.path}: {error.strerror}", advice="see to its file system"
            ) from None
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


def _open(path: Path) -> int:
    """The lease file, whoever made it: the kernel lets nobody create over another's file in a shared directory."""
    how = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, how)
        with suppress(FileExistsError):
            fd = os.open(path, how | os.O_CREAT | os.O_EXCL, 0o666)
            with suppress(OSError):
                os.fchmod(fd, 0o666)  # whatever the umask says: the next user may be another
            return fd


def _shared_directory(path: Path) -> None:
    """Open to every user of the machine, as a lab's bench is; each may remove his own files only."""
    if path.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "it is a link")
    if not path.exists():
        path.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            path.chmod(0o1777)
