"""Writes the pages of the manual that are tables of the code: `python docs/make.py`. A test holds them up to date."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from holdfast.admin.app import description
from protocols.iso8583 import UNIONPAY
from protocols.iso8583.field import Encoding
from protocols.presence import REPLIES, REQUESTS, REVERSAL_REPLY, REVERSALS, Presence, Wanted
from protocols.transactions import REVERSAL_MTI, REVERSAL_REPLY_MTI, TRANSACTIONS, Layout, Transaction
from rigs.schemas import SCHEMAS, schema_text

_HEAD = """# Messages

What the issuer host takes and gives, and what the reference terminal sends: UnionPay direct POS, from public code and
samples. This page is written by `docs/make.py` from `protocols/transactions.py` and `protocols/presence.py`, the tables
that the host, the terminal and the judge themselves read. A field that a row does not name is tolerated.

MTI, F3, F25 and F60.1 name a transaction; where F3 is absent, F60.3 does. *Reversed*: a request without an authentic
answer is reversed. *Stored*: it is kept and sent again until it is acknowledged, never reversed. Each row is packed,
unpacked, decoded by another library, held for presence and sealed under every MAC scheme in
`tests/protocols/test_message_table.py`.
"""


def messages() -> str:
    """The page `messages.md`."""
    lines = [_HEAD, "## The matrix", "", "| transaction | MTI | F3 | F25 | F60.1 | F60.3 | MAC | if unanswered |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for transaction, row in TRANSACTIONS.items():
        management = ", ".join((row.f60_3, *row.also_f60_3))
        cells = (
            transaction.value, f"{row.mti} / {row.reply_mti}", row.f3 or ("any" if row.any_f3 else "–"),
            row.f25 or ("any" if row.any_f3 else "–"), row.f60_1, management, "yes" if row.mac else "no", _fate(row),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "A reversal is 0400 / 0410, with F3, F25 and F60.1 of its original.",
        "",
        "## Fields of a request",
        "",
    ]
    lines += _rows({t.value: REQUESTS[t] for t in Transaction})
    lines += ["", f"## Fields of a reversal ({REVERSAL_MTI})", ""]
    lines += _rows({t.value: row for t, row in REVERSALS.items()})
    lines += ["", "## Fields of a reply", ""]
    lines += _rows(
        {t.value: REPLIES[t] for t in Transaction} | {f"to a reversal ({REVERSAL_REPLY_MTI})": REVERSAL_REPLY}
    )
    lines += ["", "## The fields", "", "| field | name | on the wire |", "| --- | --- | --- |"]
    for field in UNIONPAY.fields:
        lines.append(f"| F{field.number} | {field.name} | {_wire(field.encoding, *_length(field.length))} |")
    return "\n".join(lines) + "\n"


def _fate(row: Layout) -> str:
    return "reversed" if row.reversible else "stored and sent again" if row.stored else "asked again"


def _rows(rows: Mapping[str, Presence]) -> list[str]:
    lines = ["| message | mandatory | on condition | usual beside | forbidden |", "| --- | --- | --- | --- | --- |"]
    for name, row in rows.items():
        conditions = "; ".join(map(_condition, row.conditional))
        lines.append(
            f"| {name} | {_fields(row.mandatory)} | {conditions or '–'} | {_fields(row.optional)} "
            f"| {_fields(row.forbidden)} |"
        )
    return lines


def _fields(numbers: tuple[int, ...]) -> str:
    return " ".join(f"{number}" for number in sorted(numbers)) or "–"


def _condition(rule: Wanted) -> str:
    what = (" or " if rule.one_of else " and ").join(f"F{number}" for number in rule.fields)
    place = f" digit {rule.at + 1}" if rule.at else ""
    starts = f"{place} is {' or '.join(rule.starts)}" if rule.starts else " is there"
    return f"{what} when F{rule.when}{starts}"


def _length(length: Any) -> tuple[int, int]:
    return length.prefix_digits, length.most


def _wire(encoding: Encoding, prefix: int, most: int) -> str:
    unit = {Encoding.BCD: "digits", Encoding.ASCII: "characters", Encoding.BINARY: "bytes"}[encoding]
    size = f"up to {most} {unit}, {'LL' if prefix == 2 else 'LLL'}" if prefix else f"{most} {unit}"
    return f"{encoding.name if encoding is not Encoding.BINARY else 'binary'}, {size}"


def schemas() -> dict[str, str]:
    """JSON Schemas of the files that people write, for their editors, and the admin API's description; by name."""
    return {f"{name}.schema.json": schema_text(name) for name in SCHEMAS} | {
        "issuer-admin.openapi.json": json.dumps(description(), indent=1, ensure_ascii=False) + "\n"
    }


def pages() -> dict[Path, str]:
    """Every page that this script writes, by its path."""
    return {HERE / "messages.md": messages()} | {HERE / "schemas" / name: text for name, text in schemas().items()}


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
