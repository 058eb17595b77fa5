"""Private directories of benches: outside run folders, closed to others, removed at close and swept at the next start.

They hold the twins' own databases, which know whole card numbers. Whoever owns one keeps a lock in it, which the kernel
gives back when he dies: so a sweep tells a directory that was left behind from one that is in use.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from protocols.faults import RigFault

OWNER = "owner.lock"
LONGEST_TEMPORARY, SHORT_TEMPORARY = 50, "/tmp"  # noqa: S108
"""A socket's path has 107 bytes at most, and the reader's sockets lie below."""


def private_root() -> Path:
    """Where this user's private directories lie; mode 0700. Raises RigFault when what lies there is not his."""
    temporary = tempfile.gettempdir()
    if len(temporary) > LONGEST_TEMPORARY:
        temporary = SHORT_TEMPORARY
    root = Path(temporary) / f"holdfast-{os.getuid()}"
    with suppress(FileExistsError):
        root.mkdir(mode=0o700)
    found = root.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RigFault(f"{root} is no directory of this user's", advice="remove it")
    if stat.S_IMODE(found.st_mode) != 0o700:
        root.chmod(0o700)
    return root


@contextmanager
def private_directory(root: Path) -> Iterator[Path]:
    """A fresh directory of one's own, removed at the end; those of dead owners are removed first."""
    with _root_lock(root):
        _sweep(root)
        directory = Path(tempfile.mkdtemp(prefix="bench-", dir=root))
        owner = _lock(directory / OWNER, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        os.close(owner)


def _sweep(root: Path) -> None:
    for directory in root.glob("bench-*"):
        with suppress(OSError):  # its owner holds the lock, or it is just going
            lock = _lock(directory / OWNER, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
            os.close(lock)


@contextmanager
def _root_lock(root: Path) -> Iterator[None]:
    """One process at a time makes or sweeps: a directory without its lock is never seen by another."""
    lock = _lock(root / "sweep.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path, how: int) -> int:
    """An open, locked descriptor. Raises BlockingIOError when somebody holds it and `how` does not wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
