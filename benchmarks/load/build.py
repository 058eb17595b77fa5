"""Compiles the load generator, once for each state of its source, into `build/load/`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from protocols.faults import RigFault

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("load.c")
BUILD = ROOT / "build" / "load"
FLAGS = ("-O2", "-Wall", "-Wextra", "-std=gnu11")


def generator() -> Path:
    """The program, built when it is not there yet. Raises RigFault without a compiler, or with what it said."""
    program = BUILD / hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16] / "load"
    if program.exists():
        return program
    if shutil.which("gcc") is None:
        raise RigFault("there is no gcc to build the load generator with", advice="install gcc and libc6-dev")
    program.parent.mkdir(parents=True, exist_ok=True)
    part = program.with_suffix(f".{os.getpid()}.part")
    done = subprocess.run(["gcc", *FLAGS, str(SOURCE), "-o", str(part)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RigFault(f"the load generator does not compile: {done.stderr.strip()[:400]}")
    part.replace(program)
    return program
