"""Run folders for tests: written as the recorder and the run write them, from stories."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from protocols.chain import FIRST_HASH, seal_line
from reports.runfolder import Record
from tests.reports.judge.builder import Tale, market

RUN: dict[str, Any] = {
    "schema_version": 1, "id": "20260101T000000Z", "title": "A run", "started": "2026-01-01T00:00:00.000000Z",
    "plan": {"name": "default", "features": []},
    "rig": {
        "name": "virtual-bench", "title": "Bench", "model": {"response_timeout_s": 10}, "dut": ["terminal"],
        "evidence": {"host": "simulated"},
    },
    "dut": {"maker": "Holdfast", "simulated": False}, "versions": {"holdfast": "0"}, "qualification": None,
    "seed": 0, "defect": "", "time_scale": 20,
}  # fmt: skip
END = {"finished": "2026-01-01T00:00:10.000000Z", "duration_s": 10.0, "status": "complete", "environment": {}}


def line_of(record: Record) -> dict[str, Any]:
    """The JSON form of a record."""
    line: dict[str, Any] = {
        "n": record.number, "t": record.t_ns, "utc": record.utc, "ch": record.channel, "dir": record.direction,
        "kind": record.kind, "ev": record.evidence, "f": dict(record.fields),
    }  # fmt: skip
    if record.raw is not None:
        line["raw"] = record.raw.hex().upper()
    if record.exposed:
        line["exposed"] = [dict(exposure) for exposure in record.exposed]
    if record.attachments:
        line["att"] = dict(record.attachments)
    return line


def sealed(lines: Sequence[Mapping[str, Any]]) -> bytes:
    """Lines as one chained timeline."""
    out, last = b"", FIRST_HASH
    for line in lines:
        data, last = seal_line(last, json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        out += data
    return out


class Folder:
    """A run folder that grows: `Folder(tmp_path).case("a", tale).end()`."""

    def __init__(self, path: Path, **run: Any) -> None:
        self.path = path / "run"
        self.path.mkdir()
        data = market().model_dump(mode="json")
        named = {"name": "unionpay-cn", "title": "China", "sha256": "0", "data": data}
        self.write("run.json", {**RUN, "market": named, **run})
        self._plan: list[dict[str, Any]] = []

    def write(self, name: str, content: object) -> Folder:
        (self.path / name).write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
        return self

    def bytes(self, name: str, data: bytes) -> Folder:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return self

    def case(self, folder: str, *attempts: Tale, planned: bool = True) -> Folder:
        """A case with its attempts; with none it was selected and did not run."""
        for number, tale in enumerate(attempts, 1):
            data = sealed([line_of(record) for record in tale.records])
            self.bytes(f"cases/{folder}/attempt-{number}.jsonl", data)
        if planned:
            self._plan.append({"id": folder, "folder": folder, "name": folder, "numbers": [1]})
        return self

    def end(self, status: str = "complete", **plan: Any) -> Folder:
        self.write("plan.json", {"cases": self._plan, "subset": False, "not_selected": [], **plan})
        return self.write("end.json", {**END, "status": status})
