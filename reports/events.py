"""One row of a case's timeline for each event: what it says in a line, and its decoded and raw form behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reports.chipevents import CHIP_SAYS
from reports.runfolder import Record

QUIET = {
    ("printer", "line"), ("printer", "status asked"), ("printer", "status"), ("step", "end"),
    ("card", "powered"), ("card", "took"), ("card", "gave"), ("card", "selected"), ("terminal", "printing"),
}  # fmt: skip
"""Shown in the timeline's file only, unless a criterion rests on them."""
ARROWS = {"out": "→", "in": "←"}
LONGEST_LINE = 2000

Fields = Mapping[str, Any]


def rows_of(records: Sequence[Record], evidence: Iterable[int]) -> list[dict[str, Any]]:
    """Rows in the order in which things happened; an event that a criterion names is always among them."""
    named = set(evidence)
    start = records[0].t_ns if records else 0
    ends = dict(_step_ends(records))
    return [
        _row(record, start, ends)
        for record in records
        if (record.channel, record.kind) not in QUIET or record.number in named
    ]


def _step_ends(records: Sequence[Record]) -> Iterator[tuple[int, int]]:
    """The number of each step's first event with the time of its end."""
    begun = 0
    for record in records:
        if (record.channel, record.kind) == ("step", "begin"):
            begun = record.number
        elif (record.channel, record.kind) == ("step", "end") and begun:
            yield begun, record.t_ns


def _row(record: Record, start: int, ends: Mapping[int, int]) -> dict[str, Any]:
    end = ends.get(record.number)
    return {
        "number": record.number,
        "ms": milliseconds(record.t_ns - start),
        "channel": record.channel,
        "arrow": ARROWS.get(record.direction, ""),
        "kind": record.kind,
        "evidence": record.evidence,
        "step": (record.channel, record.kind) == ("step", "begin"),
        "text": line_of(record),
        "took": milliseconds(end - record.t_ns) if end is not None else "",
        "exchange": record.fields.get("exchange") if record.channel == "host" else None,
        "parameters": _parameters(record) if record.channel == "card" else {},
        "tlv": [_tag(tag) for tag in record.fields.get("tlv") or [] if isinstance(tag, Mapping)],
        "raw": record.raw.hex(" ").upper() if record.raw else "",
        "exposed": [_exposed(e) for e in record.exposed if e.get("owner") == "dut"],
    }


def milliseconds(nanoseconds: int) -> str:
    """Hundredths of a millisecond: finer than any clock on the bench."""
    return f"{nanoseconds / 1e6:.2f}"


def _tag(tag: Fields) -> dict[str, Any]:
    return {"tag": "", "name": "", "value": "", "depth": 0, **tag}


def _parameters(record: Record) -> dict[str, str]:
    return {key: str(value) for key, value in record.fields.items() if key not in _UNSAID and value not in ("", None)}


_UNSAID = ("tlv", "mark", "taken")
"""Shown in a form of its own, or of use to the judge alone."""


def _exposed(exposure: Fields) -> str:
    return f"{exposure.get('clear_digits', '?')} digits of a {exposure.get('kind', 'secret')} stood here in clear"


def pairs_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with each command to the card and its response in one."""
    paired: list[dict[str, Any]] = []
    for row in rows:
        last = paired[-1] if paired else None
        if last and (last["channel"], last["kind"], row["channel"], row["kind"]) == (*_COMMAND, *_RESPONSE):
            last.update(kind="exchange", last=row["number"], arrow="", text=f"{last['text']} → {row['text']}")
        else:
            paired.append({**row, "last": row["number"]})
    return paired


_COMMAND, _RESPONSE = ("card", "command"), ("card", "response")


# ── what an event says ────────────────────────────────────────────────────────────────────────────────────────────


def line_of(record: Record) -> str:
    """An event in a line. One whose fields are not what its kind promises is told by whatever it holds."""
    says = _SAYS.get((record.channel, record.kind), _plain)
    try:
        line = says(record.fields)
    except (KeyError, TypeError, ValueError, AttributeError):
        line = _plain(record.fields)
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}… ({len(line)} characters)"


_STRUCTURED = ("message", "tlv", "lines", "exchange", "currency", "mark", "taken")


def _plain(fields: Fields) -> str:
    shown = {key: value for key, value in fields.items() if key not in _STRUCTURED and value not in ("", None)}
    return ", ".join(f"{key} {value}" for key, value in shown.items() if not isinstance(value, (dict, list)))


def _money(fields: Fields, key: str = "amount") -> str:
    return f"{int(fields.get(key, 0)) / 100:.2f}"


def _command(fields: Fields) -> str:
    return " ".join(str(fields[key]) for key in ("name", "file", "record", "asks") if fields.get(key))


def _request(fields: Fields) -> str:
    reversal = " reversal" if fields["reversal"] else ""
    return f"{fields['mti']} {fields['transaction']}{reversal}, trace {fields['trace']}"


def _response(fields: Fields) -> str:
    code = fields.get("message", {}).get("F39 response code", "")
    marks = [mark for mark, holds in (("late", fields.get("late")), ("not sent", fields.get("sent") is False)) if holds]
    rule = [f"rule: {fields['rule']}"] if fields.get("rule") else []
    spoiled = [f"changed by it: {', '.join(fields['spoiled'])}"] if fields.get("spoiled") else []
    return ", ".join([f"answer {code}".strip(), *marks, *rule, *spoiled])


def _settlement(fields: Fields, claimed: str = "") -> str:
    """The totals of a batch, with what the terminal claimed where that is told beside them."""
    sums = (
        f"{side} {_money(fields, f'{prefix}{side}_total')} in {fields[f'{prefix}{side}_count']}"
        for prefix in dict.fromkeys(("", claimed))
        for side in ("debit", "credit")
    )
    debit, credit, *others = sums
    beside = f"; claimed {', '.join(others)}" if others else ""
    return f"batch {fields['batch']}, flag {fields['flag']}: {debit}, {credit}{beside}"


def _stored(fields: Fields) -> str:
    return f"{fields['transaction']} {fields['trace']} of {_money(fields)}: {fields['status']}"


def _upload(fields: Fields) -> str:
    found = "matches" if fields["matched"] else f"matches nothing: {fields['reason']}"
    return f"batch {fields['batch']}, trace {fields['trace']} of {_money(fields)} {found}"


def _outcome(fields: Fields) -> str:
    return " ".join(str(fields[key]) for key in ("transaction", "result", "code", "message") if fields[key])


def _tried(fields: Fields) -> str:
    """What the terminal says of a gateway that it went to."""
    under = f" under {fields['tls']}" if fields["tls"] else ""
    why = f": {fields['reason']}" if fields["reason"] else ""
    return f"{fields['gateway']} gateway {fields['status']}{under}{why}"


def _gateway(fields: Fields) -> str:
    """What a gateway of the bench says of itself, and of what came to it."""
    told = [f"{fields['gateway']} gateway {fields['status']}"]
    told += [str(fields[key]) for key in ("what", "mti") if fields.get(key)]
    under = [f"under {fields['tls'] or 'no TLS'}"] if "tls" in fields else []
    trace = [f"trace {fields['trace']}"] if fields.get("trace") else []
    why = f": {fields['reason']}" if fields.get("reason") else ""
    return " ".join([*told, *trace, *under]) + why


def _posting(fields: Fields) -> str:
    return f"{fields['kind']} {_money(fields)} (held {_money(fields, 'held')}, booked {_money(fields, 'booked')})"


def _account(fields: Fields) -> str:
    sums = ", ".join(f"{_money(fields, key)} {key}" for key in ("available", "held", "booked"))
    return f"{fields['card']}: {sums}"


def _presence(fields: Fields) -> str:
    return "a card is there" if fields["present"] else "no card is there"


def _identity(fields: Fields) -> str:
    """What differs from what the reader said when the bench came up."""
    was, now = fields["was"], fields["is"]
    changed = (key for key in {**was, **now} if was.get(key) != now.get(key))
    other = [f"its {key} was {was.get(key, 'not told')}, is {now.get(key, 'not told')}" for key in changed]
    return f"asked who it is: {'; '.join(other) or 'as when the bench came up'}"


_SAYS: dict[tuple[str, str], Callable[[Fields], str]] = {
    **CHIP_SAYS,
    ("step", "begin"): lambda f: f"{f['keyword']} {f['text']}",
    ("case", "open"): lambda f: str(f["name"]),
    ("terminal", "display"): lambda f: f"{f['audience']}: {f['text']}",
    ("terminal", "order"): lambda f: f"{f['transaction']} of {_money(f)}",
    ("terminal", "outcome"): _outcome,
    ("terminal", "state"): lambda f: str(f["state"]),
    ("card", "atr"): lambda f: str(f["atr"]),
    ("card", "command"): _command,
    ("card", "response"): lambda f: f"{f.get('sw', '')} {f.get('meaning', '')}",
    ("card", "powered"): lambda f: f"{f['card']} itself answers its reset: {f['atr'] or 'nothing'}",
    ("card", "took"): lambda f: f"{f['card']} itself took {f['took']} bytes, and gave nothing",
    ("card", "gave"): lambda f: f"{f['card']} itself took {f['took']} bytes and gave {f['length']}, {f['sw']}",
    ("reader", "looked"): lambda f: f"asked: {_presence(f)}",
    ("reader", "seen"): lambda f: f"sees: {_presence(f)}",
    ("reader", "found"): lambda f: f"there again: {_presence(f)}",
    ("reader", "identity"): _identity,
    ("reader", "told"): lambda f: f"its driver tells {f['error']}: {f['message']}",
    ("reader", "walk"): lambda f: f"a card in the {f['where']} is read through",
    ("reader", "walked"): lambda f: f"read through, {f['commands']} commands",
    ("rig", "handled"): lambda f: f"on purpose: {f['device']} {f['what']}",
    ("host", "request"): _request,
    ("host", "response"): _response,
    ("host", "checks"): lambda f: f"MAC {f['mac']}, PIN {f['pin']}, cryptogram {f['cryptogram']}",
    ("host", "decision"): lambda f: f"{f['code']}: {f['reason']}",
    ("host", "rule"): lambda f: f"{f['rule']!r} acts: {f['action']}",
    ("host", "explanation"): lambda f: str(f["text"]),
    ("host", "format"): lambda f: str(f["reason"]),
    ("ledger", "posting"): _posting,
    ("ledger", "account"): _account,
    ("ledger", "hold"): lambda f: f"hold {f['state']}, {_money(f)}, authorisation {f['approval']}",
    ("ledger", "settlement"): lambda f: _settlement(f, "claimed_"),
    ("ledger", "upload"): _upload,
    ("terminal", "settlement"): _settlement,
    ("terminal", "stored"): _stored,
    ("terminal", "gateway"): _tried,
    ("rig", "gateway"): _gateway,
    ("terminal", "batch"): lambda f: f"{f['closed']} closed, {f['opened']} opened",
    ("printer", "line"): lambda f: str(f["text"]),
    ("printer", "slip"): lambda f: f"{len(f['lines'])} lines, {'cut' if f.get('cut') else 'not cut'}",
    ("criterion", "expect"): lambda f: f"{f['id']} ({f['weight']}, {f['component']})",
}
