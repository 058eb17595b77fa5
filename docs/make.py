"""Writes the pages of the manual that are tables of the code: `python docs/make.py`. A test holds them up to date."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from holdfast.admin.app import description
from protocols.emv.cvm import CvmList
from protocols.iso8583 import UNIONPAY
from protocols.iso8583.field import Encoding
from protocols.presence import REPLIES, REQUESTS, REVERSAL_REPLY, REVERSALS, Presence, Wanted
from protocols.transactions import REVERSAL_MTI, REVERSAL_REPLY_MTI, TRANSACTIONS, Layout, Transaction
from rigs.cards.loading import card_names, card_path, load_card_profile
from rigs.schemas import SCHEMAS, schema_text
from simulators.card.application import CONDITIONS, METHODS, ApplicationProfile
from simulators.card.values import cvm_list

_HEAD = """# Messages

What the issuer host takes and gives, and what the reference terminal sends: UnionPay direct POS, from public code and
samples. This page is written by `docs/make.py` from `protocols/transactions.py` and `protocols/presence.py`, the tables
that the host, the terminal and the judge themselves read. A field that a row does not name is tolerated.

MTI, F3, F25 and F60.1 name a transaction; where F3 is absent, F60.3 does. *Reversed*: a request without an authentic
answer is reversed. *Stored*: it is kept and sent again until it is acknowledged, never reversed. Each row is packed,
unpacked, decoded by another library, held for presence and sealed under every MAC scheme in
`tests/protocols/test_message_table.py`.
"""
_CARDS = """# Cards

What a scenario may hold in its hand. Each is a file of `rigs/cards/` by the name that stands here; a rig file says
under `cards:` what scenarios call it. All numbers are of test ranges, all keys are test keys, and certificates are by
a test authority whose keys are made on each machine at set-up (`build/test-ca/`, never checked in) and are handed to
the terminal under test as any scheme's would be.

A card of your own extends one of these, and says no more than what is different:

```yaml
extends: credit-chip
name: a card of mine (test)
application:                 # of each of its applications
  oda: cda
  cvm_list:
    amount_x: 20000
    rules:
      - {method: no CVM, condition: under X, failing: next}
      - {method: online PIN}
```

Mappings are laid over each other key by key; lists and values take each other's place. What stands under `application`
holds for each of `applications` that does not say otherwise. An unknown key is an error that names the near miss, the
file and the place; `docs/schemas/card.schema.json` is for your editor. `holdfast card --profile NAME` (or the path of
a file) puts a card into a virtual reader, for any other program. What can be wrong with a card is apart from it: the
catalogue of faults is `rigs/cards/faults.yaml`.

This page is written by `docs/make.py` from the files themselves.

| card | what it is | applications | authentication | verification |
| --- | --- | --- | --- | --- |
"""


def cards() -> str:
    """The page `cards.md`."""
    return _CARDS + "".join(_card_row(name) for name in card_names())


def _card_row(name: str) -> str:
    profile, path = load_card_profile(card_path(name)), card_path(name)
    comment = [line[1:].strip() for line in path.read_text("utf-8").splitlines() if line.startswith("#")]
    applications = profile.applications if profile.chip else ()
    cells = (
        name, " ".join(comment), "<br>".join(map(_application, applications)) or "none, a stripe alone",
        _once(map(_authentication, applications)), _once(map(_verification, applications)),
    )  # fmt: skip
    return f"| {' | '.join(cell or '–' for cell in cells)} |\n"


def _application(one: ApplicationProfile) -> str:
    return f"{one.label} `{one.aid}`"


def _authentication(one: ApplicationProfile) -> str:
    key = f", PIN key: {one.pin_key}" if one.pin_key != "none" else ""
    return "none" if one.oda == "none" else f"{one.oda.upper()} by CA key {one.ca_index}{key}"


def _verification(one: ApplicationProfile) -> str:
    """The rules of its CVM list in few words, from one to the next."""
    methods = {code: words for words, code in METHODS.items()}
    conditions = {code: words for words, code in CONDITIONS.items()}
    rules = CvmList.parse(cvm_list(one.cvm_list)).rules
    told = (f"{methods[rule.method]} ({conditions[rule.condition]})" for rule in rules)
    return "; ".join(words.removesuffix(" (always)") for words in told)


def _once(words: Iterable[str]) -> str:
    return "<br>".join(dict.fromkeys(words))


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
    return {HERE / "messages.md": messages(), HERE / "cards.md": cards()} | {
        HERE / "schemas" / name: text for name, text in schemas().items()
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
