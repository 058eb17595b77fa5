"""Whether a virtual reader can stand behind a real pcscd on this machine, for this user. facts/pcsc-emv 1.2."""

from __future__ import annotations

import ctypes.util
import functools
import importlib.util
import subprocess
import sys
from pathlib import Path

from simulators.reader import build, launch

PCSCD = "/usr/sbin/pcscd"
LAUNCHER = Path(launch.__file__)
PROBE_DEADLINE_S = 10.0


def unavailable(*, pyscard: bool = True) -> str:
    """Why a virtual reader cannot stand behind a real pcscd here; empty when it can.

    `pyscard`: this process wants to talk to it, too; other programs need none.
    """
    if not Path(PCSCD).exists():
        return "pcscd is not installed"
    if ctypes.util.find_library("pcsclite") is None:
        return "libpcsclite is not installed"
    if pyscard and importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed"
    if reason := build.missing():
        return reason
    if not launch.may_write_run_directory() and (reason := no_namespace()):
        return f"{launch.RUN_DIRECTORY} cannot be written by this user, nor can he have one of his own: {reason}"
    return ""


@functools.cache
def no_namespace() -> str:
    """Why this user can have no /run/pcscd of his own; empty when he can. Tried in a process that ends at once."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-S", str(LAUNCHER), "probe"],
            capture_output=True, text=True, timeout=PROBE_DEADLINE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return error.__class__.__name__
    last = done.stderr.strip().rpartition("\n")[2]
    return (last or f"it ended with {done.returncode}") if done.returncode else ""
