"""Becomes pcscd: `launch.py PARENT SOCKET CONFIG [pcscd arguments]`, run as a program of its own.

Binds the socket that pcscd takes over by socket activation, and sees to it that the daemon dies with the process that
wanted it and leaves no memory behind. pcscd keeps its pid in /run/pcscd: where this user may not write there, the
daemon gets a /run/pcscd of its own in a user namespace; `launch.py probe` says whether it could. facts/pcsc-emv 1.2.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1
FIRST_PASSED_FD = 3
RUN_DIRECTORY = "/run/pcscd"
NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
PRIVATE, RECURSIVE, NO_SUID, NO_DEVICES = 1 << 18, 1 << 14, 2, 4
NO_CORE = 1
"""Bytes: no core file is that small, and of exactly this limit the kernel gives none to a program either. core(5)."""

libc = ctypes.CDLL(None, use_errno=True)


def main(parent: int, path: str, config: str, *arguments: str) -> None:
    """Does not return."""
    if not may_write_run_directory():
        own_run_directory()
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # after the namespace: new credentials clear it
    if os.getppid() != parent:
        raise SystemExit("the parent has gone")
    most = resource.getrlimit(resource.RLIMIT_CORE)[1]
    core = NO_CORE if most == resource.RLIM_INFINITY else min(NO_CORE, most)
    resource.setrlimit(resource.RLIMIT_CORE, (core, core))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    os.chmod(path + ".new", 0o600)
    listener.listen(16)
    os.rename(path + ".new", path)  # whoever sees the path can connect to it
    os.dup2(listener.fileno(), FIRST_PASSED_FD)
    os.set_inheritable(FIRST_PASSED_FD, True)
    environment = {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execve("/usr/sbin/pcscd", ["pcscd", "--foreground", "--config", config, *arguments], environment)  # noqa: S606


def may_write_run_directory() -> bool:
    """Whether pcscd can keep its pid where it wants to."""
    return os.access(RUN_DIRECTORY if os.path.exists(RUN_DIRECTORY) else os.path.dirname(RUN_DIRECTORY), os.W_OK)


def own_run_directory() -> None:
    """A /run/pcscd that only this process and its children see. Raises OSError where the kernel refuses it."""
    user, group = os.geteuid(), os.getegid()
    _succeeds(libc.unshare(NEW_USER | NEW_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    _succeeds(libc.mount(b"none", b"/", None, ctypes.c_ulong(RECURSIVE | PRIVATE), None))
    there = os.path.exists(RUN_DIRECTORY)
    place = RUN_DIRECTORY if there else os.path.dirname(RUN_DIRECTORY)
    flags = ctypes.c_ulong(NO_SUID | NO_DEVICES)
    _succeeds(libc.mount(b"tmpfs", place.encode(), b"tmpfs", flags, b"size=64k,mode=0700"))
    if not there:
        os.mkdir(RUN_DIRECTORY)


def _succeeds(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    if sys.argv[1] == "probe":
        own_run_directory()
    else:
        main(int(sys.argv[1]), *sys.argv[2:])
