"""What the measurements against peers need beside Holdfast's own packages.

`python -m benchmarks.peers.environment [--with iso8583sim]`, or `make bench-setup`, installs the libraries of
`requirements/bench.txt` into Holdfast's environment. iso8583sim (AGPL) goes into one of its own,
`build/bench-iso8583sim`, when it is asked for: it is run there as a command, and imported nowhere.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from protocols.faults import ConfigurationError

ROOT = Path(__file__).parents[2]
SIMULATOR = ROOT / "build" / "bench-iso8583sim"
PEERS = ("iso8583sim",)
"""Those with an environment of their own."""
LIBRARIES = {"iso8583": "pyiso8583", "psec": "psec", "pyemv": "pyemv"}
"""Modules of the host that is built from libraries, and the packages that bring them."""


def missing(*modules: str) -> str:
    """Which of the packages are not installed, and how they come; empty when all are there."""
    absent = [LIBRARIES.get(name, name) for name in modules if importlib.util.find_spec(name) is None]
    return f"{', '.join(absent)} not installed: run make bench-setup" if absent else ""


def simulator_missing() -> str:
    there = (SIMULATOR / "bin" / "iso8583sim").exists()
    return "" if there else "iso8583sim is not installed: run make bench-setup ARGS='--with iso8583sim'"


def install_libraries() -> None:
    _install(Path(sys.executable), "bench.txt")


def install_simulator() -> None:
    if simulator_missing():
        subprocess.run([_uv(), "venv", "-q", "--python", sys.executable, "--clear", str(SIMULATOR)], check=True)
        _install(SIMULATOR / "bin" / "python", "bench-iso8583sim.txt")


def _install(python: Path, locked: str) -> None:
    command = [_uv(), "pip", "install", "-q", "--python", str(python), "--require-hashes", "-r"]
    subprocess.run([*command, str(ROOT / "requirements" / locked)], check=True)


def _uv() -> str:
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        raise ConfigurationError("uv is not in Holdfast's environment", advice="run make setup")
    return str(uv)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with", dest="peers", action="append", choices=PEERS, default=[])
    wanted = parser.parse_args()
    install_libraries()
    if "iso8583sim" in wanted.peers:
        install_simulator()


if __name__ == "__main__":
    main()
