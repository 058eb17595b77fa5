"""What documents show of a run: the verdicts joined with timelines and slips, once for HTML and PDF."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reports.runfolder import Record, RunFolder
from reports.slips import draw_slip, find_cjk_font

LANES = ("terminal", "operator", "card", "reader", "host", "ledger", "printer")
QUIET = {("printer", "line"), ("printer", "status asked"), ("printer", "status"), ("step", "end")}
"""Shown in the timeline's file only: slips stand as pictures, steps by their beginning."""


def cases_of(folder: RunFolder, verdicts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every case with its events and its slips."""
    font = find_cjk_font()
    for number, case in enumerate(verdicts["cases"], 1):
        records = folder.records(case["timeline"]) if case["timeline"] else []
        start = min((r.t_ns for r in records), default=0)
        records.sort(key=lambda r: (r.t_ns, r.number))
        yield {
            **case,
            "anchor": f"case-{number}",
            "events": [_event(r, start) for r in records if (r.channel, r.kind) not in QUIET],
            "slips": list(_slips(folder, records, font)),
        }


def _slips(folder: RunFolder, records: list[Record], font: Path | None) -> Iterator[dict[str, Any]]:
    for record in records:
        if "slip" in record.attachments:
            name = record.attachments["slip"]
            png = draw_slip(folder.attachment(name), font)
            yield {
                "number": record.number,
                "name": name,
                "png": png,
                "uri": "data:image/png;base64," + base64.b64encode(png).decode("ascii"),
                "text": "\n".join(str(line) for line in record.fields.get("lines", [])),
            }


def _event(record: Record, start: int) -> dict[str, Any]:
    return {
        "number": record.number,
        "ms": f"{(record.t_ns - start) / 1e6:.2f}",
        "channel": record.channel,
        "arrow": {"out": "→", "in": "←"}.get(record.direction, ""),
        "kind": record.kind,
        "evidence": record.evidence,
        "summary": _SUMMARY.get((record.channel, record.kind), _plain)(record.fields),
        "message": record.fields["message"] if isinstance(record.fields.get("message"), dict) else {},
        "tlv": record.fields.get("tlv") or [],
        "raw": record.raw.hex(" ").upper() if record.raw else "",
    }


def _plain(fields: Mapping[str, Any]) -> str:
    shown = {
        k: v for k, v in fields.items() if k not in ("message", "tlv", "lines", "exchange", "currency") and v != ""
    }
    return ", ".join(f"{key} {value}" for key, value in shown.items() if not isinstance(value, (dict, list)))


def _money(fields: Mapping[str, Any], key: str = "amount") -> str:
    return f"{int(fields.get(key, 0)) / 100:.2f}"


_SUMMARY: dict[tuple[str, str], Callable[[Mapping[str, Any]], str]] = {
    ("step", "begin"): lambda f: f"{f['keyword']} {f['text']}",
    ("case", "open"): lambda f: str(f["name"]),
    ("terminal", "display"): lambda f: f"{f['audience']}: {f['text']}",
    ("terminal", "order"): lambda f: f"{f['transaction']} of {_money(f)}",
    ("terminal", "outcome"): lambda f: f"{f['transaction']} {f['result']} {f['code']} {f['message']}",
    ("card", "command"): lambda f: " ".join(str(f.get(k, "")) for k in ("name", "file", "record", "asks")).strip(),
    ("card", "response"): lambda f: f"{f.get('sw', '')} {f.get('meaning', '')}",
    ("host", "request"): lambda f: (
        f"{f['mti']} {f['transaction']}{' reversal' if f['reversal'] else ''}, trace {f['trace']}"
    ),
    ("host", "response"): lambda f: (
        f"answer {f.get('message', {}).get('F39 response code', '')}"
        + (f", rule: {f['rule']}" if f.get("rule") else "")
    ),
    ("host", "checks"): lambda f: f"MAC {f['mac']}, PIN {f['pin']}, cryptogram {f['cryptogram']}",
    ("host", "decision"): lambda f: f"{f['code']}: {f['reason']}",
    ("ledger", "posting"): lambda f: (
        f"{f['kind']} {_money(f)} (held {_money(f, 'held')}, booked {_money(f, 'booked')})"
    ),
    ("ledger", "account"): lambda f: (
        f"{f['card']}: {_money(f, 'available')} available, {_money(f, 'held')} held, {_money(f, 'booked')} booked"
    ),
    ("ledger", "hold"): lambda f: f"hold {f['state']}, {_money(f)}, authorisation {f['approval']}",
    ("printer", "slip"): lambda f: f"slip of {len(f['lines'])} lines cut",
    ("criterion", "expect"): lambda f: f"{f['id']} ({f['weight']}, {f['component']})",
}
