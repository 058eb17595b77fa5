"""Builds the IFD handler, once for each state of its source, and says why it cannot where it cannot."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from protocols.faults import RigFault

SOURCES = Path(__file__).parent / "ifdhandler"
BUILD = Path(__file__).parents[2] / "build" / "ifdhandler"
HEADERS = Path("/usr/include/PCSC")
WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpointer-arith")
FLAGS = ("-O2", *WARNINGS, "-shared", "-fPIC", "-pthread")
COMPILE_DEADLINE_S = 60.0


def missing() -> str:
    """Why the handler cannot be built here; empty when it can, or has been."""
    if not _library().exists() and (shutil.which("gcc") is None or not (HEADERS / "ifdhandler.h").exists()):
        return "there is no compiler, or no libpcsclite headers, to build the IFD handler with"
    return ""


def _library() -> Path:
    state = hashlib.sha256(repr(FLAGS).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        state.update(source.name.encode() + b"\0" + source.read_bytes())
    return BUILD / state.hexdigest()[:16] / "libholdfast-ifd.so"


def build() -> Path:
    """The shared library, built when it is not there yet. Raises RigFault with what the compiler said."""
    library = _library()
    if library.exists():
        return library
    library.parent.mkdir(parents=True, exist_ok=True)
    part = library.with_suffix(f".{os.getpid()}.part")
    command = ["gcc", *FLAGS, f"-I{HEADERS}", *map(str, sorted(SOURCES.glob("*.c"))), "-o", str(part)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_DEADLINE_S, check=False)  # noqa: S603
    if done.returncode:
        raise RigFault(f"the IFD handler does not compile: {done.stderr.strip()[:400]}", component="reader")
    part.replace(library)
    return library
