"""Host messages as a reader compares them: request and replies side by side, field by field, with their timing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reports.events import milliseconds
from reports.runfolder import Record

_FIELD = re.compile(r"F(\d+)(?:\.([0-9A-F]+))?(?: (.*))?", re.DOTALL)
_TOLD = {"checks": "checks", "decision": "decision"}
NOT_SENT = {"suppressed": "the answer was suppressed", "held back": "the answer was held back"}


def exchanges_of(records: Sequence[Record], scale: float) -> list[dict[str, Any]]:
    """Each request to the host with what came of it. `scale` divides the market's durations on this rig."""
    groups: dict[Any, list[Record]] = {}
    for record in records:
        if record.channel == "host" and "exchange" in record.fields:
            groups.setdefault(str(record.fields["exchange"]), []).append(record)
    start = records[0].t_ns if records else 0
    return [_exchange(name, group, start, scale) for name, group in groups.items()]


def _exchange(name: str, group: Sequence[Record], start: int, scale: float) -> dict[str, Any]:
    first = group[0]
    messages = [record for record in group if isinstance(record.fields.get("message"), Mapping)]
    told = {record.kind: record for record in group if record.kind in _TOLD}
    request = next((r for r in group if r.kind == "request"), first)
    return {
        "name": name,
        "title": _title(first.fields),
        "sent": {"number": request.number, "ms": milliseconds(request.t_ns - start)},
        "replies": [_reply(r, request, scale) for r in group if r.kind == "response"],
        "silence": _silence(group),
        "columns": [{"number": r.number, "kind": "request" if r.kind == "request" else "reply"} for r in messages],
        "fields": _fields([r.fields["message"] for r in messages]),
        "checks": _checks(told.get("checks")),
        "decision": _decision(told.get("decision")),
        "undecoded": [str(r.fields["undecoded"]) for r in group if r.fields.get("undecoded")],
    }


def _title(fields: Mapping[str, Any]) -> str:
    reversal = " reversal" if fields.get("reversal") else ""
    return f"{fields.get('mti', '')} {fields.get('transaction', '')}{reversal}, trace {fields.get('trace', '')}".strip()


def _reply(record: Record, request: Record, scale: float) -> dict[str, Any]:
    waited = record.t_ns - request.t_ns
    message = record.fields.get("message")
    code = message.get("F39 response code", "") if isinstance(message, Mapping) else ""
    return {
        "number": record.number,
        "code": code,
        "ms": milliseconds(waited),
        "market_s": f"{waited * scale / 1e9:.2f}",
        "rule": str(record.fields.get("rule") or ""),
        "late": bool(record.fields.get("late")),
        "sent": record.fields.get("sent") is not False,
    }


def _silence(group: Sequence[Record]) -> str:
    """Why nothing came back; empty when something did."""
    if any(record.kind == "response" for record in group):
        return ""
    for record in group:
        if record.kind in NOT_SENT:
            return f"{NOT_SENT[record.kind]} (rule: {record.fields.get('rule', '')})"
    return "no answer was seen"


def _checks(record: Record | None) -> str:
    if record is None:
        return ""
    shown = (f"{label} {record.fields.get(key, 'unknown')}" for key, label in _CHECKED)
    return ", ".join(shown)


_CHECKED = (("mac", "MAC"), ("pin", "PIN"), ("cryptogram", "cryptogram"))


def _decision(record: Record | None) -> str:
    return f"{record.fields.get('code', '')} {record.fields.get('reason', '')}".strip() if record else ""


def _fields(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each field that any of the messages has, in the order of field numbers."""
    names = sorted({name: None for message in messages for name in message}, key=_position)
    return [_field(name, [str(message.get(name, "")) for message in messages]) for name in names]


def _position(name: str) -> tuple[int, bool]:
    found = _FIELD.fullmatch(name)
    return (int(found[1]), bool(found[2])) if found else (-1 if name != "MTI" else 0, False)


def _field(name: str, values: Sequence[str]) -> dict[str, Any]:
    found = _FIELD.fullmatch(name)
    number, tag, title = (found[1], found[2], found[3]) if found else ("", None, name)
    return {
        "id": tag or (f"F{number}" if number else ""),
        "name": title or "",
        "chip": bool(tag),
        "values": list(values),
    }
