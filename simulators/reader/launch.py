"""Becomes pcscd: `launch.py PARENT SOCKET CONFIG [pcscd arguments]`, run as a program of its own.

Binds the socket that pcscd takes over by socket activation (facts/pcsc-emv 1.2), and sees to it that the daemon dies
with the process that wanted it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

PR_SET_PDEATHSIG = 1
FIRST_PASSED_FD = 3


def main(parent: int, path: str, config: str, *arguments: str) -> None:
    """Does not return."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("the parent has gone")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    os.chmod(path + ".new", 0o600)
    listener.listen(16)
    os.rename(path + ".new", path)  # whoever sees the path can connect to it
    os.dup2(listener.fileno(), FIRST_PASSED_FD)
    os.set_inheritable(FIRST_PASSED_FD, True)
    environment = {**os.environ, "LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execve("/usr/sbin/pcscd", ["pcscd", "--foreground", "--config", config, *arguments], environment)  # noqa: S606


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
