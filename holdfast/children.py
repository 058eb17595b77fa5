"""No process outlives the one that wanted it: design 10."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
DIE_WITH = "HOLDFAST_DIE_WITH"
"""Environment: the process id of who started this command, if it is to end when that one does."""


def die_with(parent: int) -> None:
    """From now on the kernel kills this process when its parent goes; at once, when it has gone already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
