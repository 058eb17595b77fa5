"""Fuzzing of codec, TLV, frames and the issuer host: atheris mutates by coverage, each target in a process of its own.

`python benchmarks/fuzz.py [--minutes N] [--target T] [--jobs N]` prints executions, edges, corpus and processor time of
each target, and ends with status 1 when one has crashed: the smallest input that still does is printed in hex.
`--plant` looks for bugs that are planted in memory instead, and says after how many executions each was found.
`--keep` adds what was found worth keeping to `tests/fuzz/corpus`. Without atheris, Hypothesis drives the same targets.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
GUIDED = importlib.util.find_spec("atheris") is not None
MOST_KEPT, MOST_BYTES = 200, 40_000
"""Inputs of one target that are kept, and bytes of them all."""
_PROGRESS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")


@dataclass
class Result:
    """What one target did. Seconds by the clock, and of the processor."""

    name: str
    executions: int = 0
    edges: int = 0
    features: int = 0
    inputs: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    crashes: list[bytes] = field(default_factory=list)
    log: str = ""


def guided(name: str, seconds: float, folder: Path, *, plant: str = "", options: tuple[str, ...] = ()) -> Result:
    """Under atheris; the corpus is in the folder afterwards."""
    from tests.fuzz.harness import corpus
    from tests.fuzz.targets import target_of

    (folder / "corpus").mkdir(parents=True)
    for number, data in enumerate(corpus(target_of(name))):
        (folder / "corpus" / f"seed-{number:04d}").write_bytes(data)
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(folder), plant, f"-max_total_time={int(seconds)}"]
    start = time.perf_counter()
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log)
        processor = _processor(child)
    result = Result(name, seconds=time.perf_counter() - start, processor=processor)
    result.log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    _read(result)
    result.crashes = [path.read_bytes() for kind in ("crash", "timeout", "oom") for path in folder.glob(f"{kind}-*")]
    if child.returncode and not result.crashes:
        raise SystemExit(f"{name} did not run:\n{result.log[-2000:]}")
    return result


def _processor(child: subprocess.Popen[bytes]) -> float:
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime


def _read(result: Result) -> None:
    rows = _PROGRESS.findall(result.log)
    if rows:
        result.executions, result.edges, result.features, result.inputs = map(int, rows[-1])
    executed = _EXECUTED.findall(result.log)
    if executed:
        result.executions = int(executed[-1])


def unguided(name: str, seconds: float) -> Result:
    """By Hypothesis, in this process."""
    from hypothesis import HealthCheck, given, settings

    from tests.fuzz.harness import corpus
    from tests.fuzz.targets import inputs, target_of

    target, start, used = target_of(name), time.perf_counter(), time.process_time()
    result = Result(name, inputs=len(corpus(target)))
    last = b""

    @settings(max_examples=100, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(inputs(target))
    def some(data: bytes) -> None:
        nonlocal last
        result.executions, last = result.executions + 1, data
        target.run(data)

    while time.perf_counter() - start < seconds and not result.crashes:
        try:
            some()
        except Exception as error:
            result.crashes, result.log = [last], repr(error)
    result.seconds, result.processor = time.perf_counter() - start, time.process_time() - used
    return result


# ── what came of it ───────────────────────────────────────────────────────────────────────────────────────────────


def table(results: list[Result]) -> Table:
    shown = Table("target", title=None if GUIDED else "without atheris: Hypothesis, no coverage")
    for head in ("executions", "a second", "edges", "features", "corpus", "seconds", "of processor", "crashes"):
        shown.add_column(head, justify="right")
    for one in results:
        shown.add_row(
            one.name, f"{one.executions:,}", f"{one.executions / max(one.seconds, 1e-9):,.0f}", f"{one.edges:,}",
            f"{one.features:,}", f"{one.inputs:,}", f"{one.seconds:,.0f}", f"{one.processor:,.0f}",
            str(len(one.crashes)),
        )  # fmt: skip
    return shown


def print_table(made: Table) -> None:
    Console(width=110).print(made)


def tell_crashes(results: list[Result]) -> None:
    """Each crash with the smallest input that still makes it, and how to see it again."""
    from tests.fuzz.harness import failure, smallest
    from tests.fuzz.targets import target_of

    for one in results:
        target = target_of(one.name)
        for data in one.crashes:
            less = smallest(target, data)
            print(f"\n{one.name}: {failure(target, less) or 'it does not fail when it is run again'}")
            print(f"  python benchmarks/fuzz.py --target {one.name} --again {less.hex()}")


def again(name: str, data: bytes) -> int:
    """Run one input; its error is shown whole."""
    from tests.fuzz.targets import target_of

    target_of(name).run(data)
    print("nothing is wrong with it")
    return 0


def plants(names: list[str], jobs: int) -> int:
    """Exit status: 1 when a planted bug stays hidden."""
    rows, hidden = Table("target", "planted bug", "found after"), 0
    rows.columns[2].justify = "right"
    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(_found, [(name, plant) for name in names for plant in _plants(name)]))
    for name, plant, executions in found:
        rows.add_row(name, plant, f"{executions:,}" if executions else "not found")
        hidden += not executions
    print_table(rows)
    return 1 if hidden else 0


def _plants(name: str) -> Iterator[str]:
    from tests.fuzz.targets import target_of

    return (plant.name for plant in target_of(name).plants)


def _found(wanted: tuple[str, str]) -> tuple[str, str, int]:
    """Executions until it was found; 0 when it was not, within as many as the plant allows."""
    from tests.fuzz.harness import corpus, found_after
    from tests.fuzz.targets import target_of

    name, planted = wanted
    target = target_of(name)
    plant = next(plant for plant in target.plants if plant.name == planted)
    if not GUIDED:
        found = found_after(target, plant, corpus(target))
        return name, planted, found[0] if found else 0
    with tempfile.TemporaryDirectory(prefix="holdfast-fuzz-") as folder:
        options = (f"-runs={plant.within}", "-seed=1")
        result = guided(name, 3600, Path(folder) / "run", plant=planted, options=options)
    return name, planted, max(result.executions, 1) if result.crashes else 0


def keep(name: str, folder: Path) -> int:
    """The least of a corpus that covers the same, smallest first, as one file of hex lines. Returns how many."""
    from tests.fuzz.harness import CORPUS

    least = folder / "least"
    (least / "corpus").mkdir(parents=True)
    command = [sys.executable, "-m", "tests.fuzz.guided", name, str(least), "", "-merge=1", str(folder / "corpus")]
    with (least / "log").open("wb") as log:
        subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, check=True)
    kept, size = [], 0
    for data in sorted(
        (path.read_bytes() for path in (least / "corpus").iterdir()), key=lambda data: (len(data), data)
    ):
        size += len(data)
        if len(kept) == MOST_KEPT or size > MOST_BYTES:
            break
        kept.append(data.hex())
    CORPUS.mkdir(exist_ok=True)
    (CORPUS / f"{name}.txt").write_text("".join(f"{line}\n" for line in kept if line), encoding="ascii")
    return len(kept)


def main() -> int:
    from tests.fuzz.targets import NAMES, target_of

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="of each target")
    parser.add_argument("--target", choices=NAMES, action="append", help="one of them; may be said again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="targets at the same time")
    parser.add_argument("--plant", action="store_true", help="look for planted bugs instead")
    parser.add_argument("--keep", action="store_true", help="keep what was found in tests/fuzz/corpus")
    parser.add_argument("--folder", type=Path, help="where corpora, logs and crashes go; they stay there")
    parser.add_argument("--again", metavar="HEX", help="run one input of a target")
    parser.add_argument("--seed", type=int, default=0, help="of the mutations; by the clock when not given")
    wanted = parser.parse_args()
    names = wanted.target or list(NAMES)
    for name in names:
        target_of(name)  # imported once, before threads ask for it
    if wanted.again is not None:
        return again(names[0], bytes.fromhex(wanted.again))
    if wanted.plant:
        return plants(names, wanted.jobs)
    with tempfile.TemporaryDirectory(prefix="holdfast-fuzz-") as temporary:
        folder: Path = wanted.folder or Path(temporary)
        seed = wanted.seed or random.randrange(1, 2**31)

        def one(name: str) -> Result:
            return guided(name, 60 * wanted.minutes, folder / name, options=(f"-seed={seed}",))

        if GUIDED:
            with ThreadPoolExecutor(wanted.jobs) as pool:
                results = list(pool.map(one, names))
        else:
            results = [unguided(name, 60 * wanted.minutes) for name in names]
        print_table(table(results))
        print(f"seed {seed}")
        tell_crashes(results)
        for name in names if wanted.keep and GUIDED else ():
            print(f"{name}: {keep(name, folder / name)} inputs kept")
    return 1 if any(one.crashes for one in results) else 0


if __name__ == "__main__":
    sys.exit(main())
