"""Builds the IFD handler, once for each state of its source, and says why it cannot where it cannot."""

from __future__ import annotations

import ctypes.util
import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from protocols.faults import RigFault

SOURCE = Path(__file__).parent / "ifdhandler" / "ifdhandler.c"
BUILD = Path(__file__).parents[2] / "build" / "ifdhandler"
HEADERS = Path("/usr/include/PCSC")
FLAGS = ("-O2", "-Wall", "-Wextra", "-shared", "-fPIC")
COMPILE_DEADLINE_S = 60.0
PCSCD = "/usr/sbin/pcscd"
RUN_DIRECTORY = Path("/run/pcscd")


def unavailable() -> str:
    """Why a virtual reader cannot stand behind a real pcscd here; empty when it can."""
    if not Path(PCSCD).exists():
        return "pcscd is not installed"
    if ctypes.util.find_library("pcsclite") is None:
        return "libpcsclite is not installed"
    if importlib.util.find_spec("smartcard") is None:
        return "pyscard is not installed"
    if not _library().exists() and (shutil.which("gcc") is None or not (HEADERS / "ifdhandler.h").exists()):
        return "there is no compiler, or no libpcsclite headers, to build the IFD handler with"
    if not os.access(RUN_DIRECTORY if RUN_DIRECTORY.exists() else RUN_DIRECTORY.parent, os.W_OK):
        return f"{RUN_DIRECTORY} cannot be written by this user"
    return ""


def _library() -> Path:
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    return BUILD / digest / "libholdfast-ifd.so"


def build() -> Path:
    """The shared library, built when it is not there yet. Raises RigFault with what the compiler said."""
    library = _library()
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    part = library.with_suffix(f".{os.getpid()}.part")
    command = ["gcc", *FLAGS, f"-I{HEADERS}", str(SOURCE), "-o", str(part), "-lpthread"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_DEADLINE_S, check=False)  # noqa: S603
    if done.returncode:
        raise RigFault(f"the IFD handler does not compile: {done.stderr.strip()[:400]}", component="reader")
    part.replace(library)
    return library
