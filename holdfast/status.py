"""Exit status of a run, first that holds (design 4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from reports.judge.finding import Verdict


class Exit(IntEnum):
    """What a shell and CI see."""

    CONFORMS = 0
    DOES_NOT_CONFORM = 1
    INCOMPLETE = 2
    HOLDFAST_FAULT = 3
    USAGE = 4
    CANCELLED = 130


def exit_status(verdicts: Mapping[str, Any], *, cancelled: bool) -> Exit:
    """From the verdicts of a run."""
    if cancelled:
        return Exit.CANCELLED
    counts = verdicts["counts"]
    if verdicts["statement"] == "DOES_NOT_CONFORM":
        return Exit.DOES_NOT_CONFORM
    if counts.get(Verdict.ERROR):
        return Exit.HOLDFAST_FAULT
    return Exit.CONFORMS if verdicts["statement"] == "CONFORMS" else Exit.INCOMPLETE
