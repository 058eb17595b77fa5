"""`holdfast certify`: pytest in this process with our own progress, and the summary at the end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from holdfast.applicable import features_of
from holdfast.plugin import BUG, VERDICTS
from holdfast.progress import Progress, expected_durations, print_summary
from holdfast.run import ROOT, SETTINGS
from holdfast.status import Exit
from protocols.faults import ConfigurationError
from rigs.model import load_rig
from steps import MODULES as STEPS

PLUGINS = (
    "xdist.plugin", "pytest_bdd.plugin", "allure_pytest.plugin",
    "holdfast.cases", "holdfast.allure_steps", "holdfast.plugin",
    *STEPS,
)  # fmt: skip
"""All that a run needs; other pytest plugins in the environment have no say in it."""
MOST_WORKERS = 2
"""Virtual benches by default: a second one fills the waits of the first; more gain little on the default plan."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the user asked for. `workers` 0 is as many as suit the rig and the machine."""

    rig: Path
    out: Path
    market: str = ""
    tags: str = ""
    features: tuple[Path, ...] = ()
    steps: tuple[str, ...] = ()
    workers: int = 0
    defects: tuple[str, ...] = ()
    shuffle: int = 0
    title: str = ""
    only: str = ""
    verdicts_only: bool = False
    until: str = ""


class _Keeper:
    """Keeps pytest's configuration, whose stash holds the verdicts when pytest has returned."""

    config: pytest.Config | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        self.config = config


def certify(wanted: Wanted, console: Console) -> int:
    """Run, report, print; returns the exit status of design 4."""
    workers = wanted.workers or suited_workers(wanted.rig)
    progress = Progress(console, workers, {} if wanted.only or wanted.tags else expected_durations(wanted.out))
    keeper = _Keeper()
    status = int(pytest.main(arguments(wanted, workers), plugins=[progress, keeper]))
    if keeper.config is None or keeper.config.stash.get(SETTINGS, None) is None:
        return int(Exit.USAGE) if status in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.OK) else status
    verdicts = keeper.config.stash.get(VERDICTS, None)
    if verdicts is None or status == Exit.HOLDFAST_FAULT:
        sys.stderr.write(progress.log)
    if verdicts is None:
        return int(Exit.HOLDFAST_FAULT)
    print_summary(console, verdicts, Path(keeper.config.stash[SETTINGS].folder))
    if keeper.config.stash.get(BUG, ""):
        console.print(Text(keeper.config.stash[BUG], style="magenta"), soft_wrap=True)
    return status


def suited_workers(rig: Path) -> int:
    """One on a rig with real devices; else one a core, up to two. A rig that cannot be read is told of later."""
    try:
        shared = load_rig(rig).shared
    except ConfigurationError:
        return 1
    return 1 if shared else min(MOST_WORKERS, len(os.sched_getaffinity(0)))


def _planned(rig: Path) -> Sequence[Path]:
    """What a whole run of the rig is made of. One that cannot be read is told of later."""
    try:
        model = load_rig(rig)
    except ConfigurationError:
        return (ROOT / "features",)
    return features_of(model)


def arguments(wanted: Wanted, workers: int) -> list[str]:
    """The command line of pytest for it."""
    features: Sequence[Path] = wanted.features or _planned(wanted.rig)
    missing = [str(path) for path in features if not path.exists()]
    if missing:
        raise ConfigurationError(f"there is no {', '.join(missing)}", advice="name feature files or folders of them")
    chosen = {
        "--market": wanted.market, "-m": wanted.tags, "-k": wanted.only, "--title": wanted.title,
        "--shuffle": str(wanted.shuffle or ""), "--until": wanted.until,
    }  # fmt: skip
    return [
        *(str(path.resolve()) for path in features),
        f"--rootdir={ROOT}", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "--assert=plain",
        "-o", "filterwarnings=default",  # strict in Holdfast's own tests; a library's warning says nothing of a device
        "--disable-plugin-autoload",
        *(word for plugin in (*PLUGINS, *wanted.steps) for word in ("-p", plugin)),
        "--rig", str(wanted.rig), "--out", str(wanted.out),
        *(word for option, value in chosen.items() if value for word in (option, value)),
        *(word for defect in wanted.defects for word in ("--defect", defect)),
        *(["-n", str(workers), "--maxschedchunk", "1"] if workers > 1 else []),
        *(["--verdicts-only"] if wanted.verdicts_only else []),
    ]  # fmt: skip
