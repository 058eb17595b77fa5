"""One attempt at one case: its timeline from the first event to its close."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.events import Channel, Event
from rigs.timeline import Recorder, TimelineFile


@dataclass(frozen=True, slots=True)
class CaseId:
    """What a case is, wherever it runs: feature path, scenario name and example row. Never pytest's node id."""

    feature: str
    scenario: str
    parameters: Mapping[str, str]

    @property
    def id(self) -> str:
        row = ",".join(f"{key}={value}" for key, value in self.parameters.items())
        return f"{self.feature}::{self.scenario}" + (f"[{row}]" if row else "")

    @property
    def folder(self) -> str:
        """The id as a folder name, the same wherever it is worked out."""
        return slug(self.id)


def slug(case_id: str) -> str:
    """A case id as a folder name: readable, and without what a file system minds."""
    return re.sub(r"[^\w.-]+", "-", case_id.removeprefix("features/")).strip("-").lower()


class Case:
    """Records a case. `records` is what was written so far."""

    def __init__(self, recorder: Recorder, folder: Path, case: CaseId, description: Mapping[str, Any]) -> None:
        self._recorder = recorder
        attempt = 1 + len(list((folder / "cases" / case.folder).glob("attempt-*.jsonl")))
        self.path = folder / "cases" / case.folder / f"attempt-{attempt}.jsonl"
        self._file: TimelineFile = recorder.open_case(self.path)
        self.id = case
        self.emit(Channel.CASE, "open", id=case.id, attempt=attempt, parameters=dict(case.parameters), **description)

    @property
    def records(self) -> list[dict[str, Any]]:
        return self._file.records

    def emit(self, channel: Channel, kind: str, **fields: Any) -> int:
        """Record one event of the case itself; returns its number."""
        return self._recorder.emit(Event(channel, kind, fields))

    def expect(self, criterion: str, args: Mapping[str, Any], weight: str, component: str, scope: str) -> int:
        """Record a criterion as data: it is judged elsewhere, now and later."""
        return self.emit(
            Channel.CRITERION, "expect", id=criterion, args=dict(args), weight=weight, component=component, scope=scope
        )

    def fault(self, cause: str, component: str, advice: str) -> None:
        """The bench broke."""
        self.emit(Channel.RIG, "fault", cause=cause, component=component, advice=advice)

    def bug(self, cause: str, where: str) -> None:
        """Holdfast broke."""
        self.emit(Channel.RIG, "bug", cause=cause, where=where)

    def close(self) -> None:
        """The last event, then the file is closed."""
        self.emit(Channel.CASE, "close")
        self._recorder.close_case()
