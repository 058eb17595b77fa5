"""What is watched in every case, whatever its scenario says. None: there was nothing to judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from reports.judge.finding import Finding
from reports.judge.registry import View


@dataclass(frozen=True, slots=True)
class Audit:
    """One rule of an auditor. `component` is what it judges.

    `needs_again`: a failure counts only when the case, run again, shows it again. Design 1.
    """

    id: str
    title: str
    rule: str
    component: str
    evaluate: Callable[[View], Finding | None]
    needs_again: bool = False


@cache
def auditors() -> tuple[Audit, ...]:
    """All rules of all auditors, in the order in which reports show them."""
    from reports.judge.auditors import (
        agreement,
        cards,
        chip,
        chip_completion,
        chip_data,
        chip_entry,
        chip_numbers,
        chip_tvr,
        ledger,
        privacy,
        reader,
        receipt,
        reversal_duty,
        settlement,
        store_and_forward,
        wire,
    )

    parts = (
        ledger, wire, reversal_duty, store_and_forward, settlement, agreement, receipt, privacy, cards, chip, chip_data,
        chip_tvr, chip_completion, chip_entry, chip_numbers, reader,
    )  # fmt: skip
    return tuple(audit for part in parts for audit in part.AUDITS)
