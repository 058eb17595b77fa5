"""A small run folder, made as a real one is: timelines by the recorder, verdicts by the judge."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from protocols.escpos.compose import Composer
from protocols.events import Channel, Direction, Event
from protocols.iso8583 import UNIONPAY, Frame, compile_spec, pack_frame
from reports.judge.run import judge_run
from reports.runfolder import RunFolder
from rigs.marketfile import load_market
from rigs.timeline import Recorder

PAN = "6250947000000014"
NASTY = "#set text(red) *bold* _under_ @ref $x^2$ <tag> & [x] ]] \\ ~ `raw` // -- {{ 7*7 }} {% raw %} 预授权"
STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REQUEST: dict[int, str | bytes] = {
    0: "0100", 2: PAN, 3: "030000", 4: "000000100000", 11: "000001", 22: "051", 25: "06", 41: "50080001",
    42: "309310083985008", 49: "156", 60: "1000000100050",
}  # fmt: skip
REPLY: dict[int, str | bytes] = {**REQUEST, 0: "0110", 37: "112500000004", 38: "000003", 39: "00"}
COMMAND, RESPONSE = bytes.fromhex("00A404000E315041592E5359532E444446303100"), bytes.fromhex("6F03840100"
    "9000")  # fmt: skip


class MadeRun:
    """Grows case by case; `finish` judges it."""

    def __init__(self, path: Path, **run: Any) -> None:
        self.path = path
        path.mkdir()
        market = load_market("unionpay-cn")
        self._plan: list[dict[str, Any]] = []
        self._codec = compile_spec(UNIONPAY)
        self._clock = time.monotonic_ns()
        self._write("run.json", {
            "schema_version": 1, "id": "20260102T030405Z", "title": "Pre-authorisation test report",
            "started": "2026-01-02T03:04:05.000000Z", "plan": {"name": "default", "features": []},
            "rig": {"name": "bench", "title": "A bench", "dut": ["terminal"], "evidence": {"host": "simulated"},
                    "model": {"time_scale": 20.0, "response_timeout_s": 10.0}},
            "market": {"name": market.name, "title": market.title, "sha256": "0" * 64,
                       "data": market.model_dump(mode="json")},
            "dut": {"maker": "Holdfast", "model": "reference terminal", "serial": "S1", "simulated": True},
            "versions": {"holdfast": "0.1.0", "commit": "abc", "locks": "def"}, "seed": 0, "defect": "",
            "time_scale": 20.0, **run,
        })  # fmt: skip
        self._recorder = Recorder(
            folder=path, worker="main", started_ns=self._clock, started=STARTED, evidence={},
        )  # fmt: skip
        self._recorder.protect(PAN)

    def _write(self, name: str, content: object) -> None:
        (self.path / name).write_text(json.dumps(content, ensure_ascii=False), "utf-8")

    def _emit(self, channel: Channel, kind: str, direction: Direction = Direction.NONE, raw: bytes | None = None,
              **fields: Any) -> None:  # fmt: skip
        self._clock += 1_500_000
        self._recorder.emit(Event(channel, kind, fields, direction, raw, at_ns=self._clock))

    def planned(self, name: str, **more: Any) -> dict[str, Any]:
        """A case that was selected, whether or not it runs."""
        number = len(self._plan) + 1
        row = {
            "id": f"features/a.feature::{name}", "folder": f"case-{number}", "name": name, "feature": "Holds",
            "numbers": [number], "tags": [], "purpose": f"Why {name}", "parameters": {},
            "gherkin": f"@C{number:03d}\nScenario: {name}\n  Given a card\n  Then the hold is approved", **more,
        }  # fmt: skip
        self._plan.append(row)
        return row

    def case(self, name: str, *, result: str = "approved", closed: bool = True, **more: Any) -> MadeRun:
        """A hold from the order to the slip. It was expected to be approved."""
        row = self.planned(name, **more)
        self._recorder.open_case(self.path / "cases" / row["folder"] / "attempt-1.jsonl")
        self._emit(Channel.CASE, "open", attempt=1, **{k: v for k, v in row.items() if k != "folder"})
        self._emit(Channel.STEP, "begin", keyword="Given", text=f"a card for {name}")
        self._emit(Channel.TERMINAL, "order", transaction="pre-authorisation", amount=100000, currency="CNY")
        self._emit(Channel.CARD, "command", Direction.OUT, COMMAND)
        self._emit(Channel.CARD, "response", Direction.IN, RESPONSE)
        self._message("request", Direction.OUT, REQUEST)
        told = {"exchange": 1, "mti": "0100", "transaction": "pre-authorisation", "trace": "000001", "reversal": False}
        self._emit(Channel.HOST, "checks", mac="valid", pin="right", cryptogram="verified", **told)
        self._emit(Channel.HOST, "decision", code="00", reason="hold", amount=100000, currency="CNY", **told)
        self._message("response", Direction.IN, REPLY, rule="", late=False, sent=True)
        self._emit(Channel.TERMINAL, "display", text="交易成功", audience="customer")
        slip = Composer().text("中国银联POS签购单", align="center", height=2, bold=True).pair("卡号", PAN).rule()
        data = slip.pair("金额", "RMB 1000.00").feed(2).cut().bytes()
        self._emit(Channel.PRINTER, "line", Direction.OUT, b"x\n", text="x")
        self._emit(Channel.PRINTER, "slip", Direction.OUT, data, lines=["中国银联POS签购单", f"卡号 {PAN}"], cut=True)
        self._emit(
            Channel.TERMINAL, "outcome", transaction="pre-authorisation", result=result, code="00", message="",
            amount=100000, currency="CNY", approval="000003", reference="112500000004", trace="000001", batch="000001",
            date="1125", time="080413", masked_pan="625094******0014",
        )  # fmt: skip
        self._emit(
            Channel.CRITERION, "expect", id="outcome.reported", weight="mandatory", component="terminal",
            scope="so far", args={"transaction": "pre-authorisation", "result": "approved", "code": "00"},
        )  # fmt: skip
        self._emit(Channel.STEP, "end", status="done")
        if closed:
            self._emit(Channel.CASE, "close")
        self._recorder.close_case()
        return self

    def _message(self, kind: str, direction: Direction, message: dict[int, str | bytes], **more: Any) -> None:
        frame = pack_frame(Frame("6000060000", "613100311003", self._codec.pack(message)))
        self._emit(
            Channel.HOST, kind, direction, frame, exchange=1, mti="0100", transaction="pre-authorisation",
            trace="000001", reversal=False, **more,
        )  # fmt: skip

    def finish(
        self, *, plan: bool = True, end: Mapping[str, Any] | None = None, not_selected: Any = (),
        ended: bool = True,
    ) -> Path:  # fmt: skip
        """Close, write what a run leaves at its end, judge."""
        self._recorder.close()
        if plan:
            skipped = list(not_selected)
            self._write("plan.json", {"cases": self._plan, "not_selected": skipped, "subset": bool(skipped)})
        if ended:
            environment = {"reader": {"vendor": "Holdfast", "serial": "HF-1"}, "printer": {"model": "P", "paper": ""}}
            self._write("end.json", {
                "finished": "2026-01-02T03:04:15.000000Z", "duration_s": 10.0, "status": "complete",
                "environment": environment, **(end or {}),
            })  # fmt: skip
        self.judge()
        return self.path

    def judge(self) -> None:
        """By the scenario's criteria alone: what the auditors want of a story is tested where they are."""
        with patch("reports.judge.case.auditors", return_value=()):
            verdicts = judge_run(RunFolder(self.path))
        self._write("verdicts.json", verdicts)
