"""One attempt at one case: its timeline from the first event to its close."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocols.events import Channel, Event
from rigs.timeline import Recorder, TimelineFile

DIGEST, LONGEST_SLUG = 8, 160
"""Characters of the digest, and bytes of the readable part, of a folder name: a file system takes 255 bytes."""


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
        """A folder name, the same wherever it is worked out, and no other case's."""
        whole = json.dumps([self.feature, self.scenario, list(self.parameters.items())])
        return f"{slug(self.id)}-{hashlib.sha256(whole.encode()).hexdigest()[:DIGEST]}"


def slug(case_id: str) -> str:
    """A case id as people read it in a folder name: cut to what any file system takes. Two ids may look the same."""
    text = unicodedata.normalize("NFC", case_id.removeprefix("features/")).lower()
    readable = re.sub(r"[^\w.-]+", "-", text).encode()[:LONGEST_SLUG].decode("utf-8", "ignore")
    return readable.strip("-.") or "case"


class Case:
    """Records a case. `records` is what was written so far."""

    def __init__(self, recorder: Recorder, folder: Path, case: CaseId, description: Mapping[str, Any]) -> None:
        self._recorder = recorder
        self.id = case
        attempt, self._file = _first_free(recorder, folder / "cases" / case.folder)
        self.path = self._file.path
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

    def fault(self, cause: str, component: str, advice: str, error: str = "") -> None:
        """The bench broke. `error` is the class of what said so."""
        more = {"error": error} if error else {}
        self.emit(Channel.RIG, "fault", cause=cause, component=component, advice=advice, **more)

    def bug(self, cause: str, where: str) -> None:
        """Holdfast broke."""
        self.emit(Channel.RIG, "bug", cause=cause, where=where)

    def close(self) -> None:
        """The last event, then the file is closed."""
        self.emit(Channel.CASE, "close")
        self._recorder.close_case()


def _first_free(recorder: Recorder, folder: Path) -> tuple[int, TimelineFile]:
    """The next attempt's timeline: every attempt is kept, whoever else is making one."""
    attempt = 1
    while True:
        try:
            return attempt, recorder.open_case(folder / f"attempt-{attempt}.jsonl")
        except FileExistsError:
            attempt += 1
