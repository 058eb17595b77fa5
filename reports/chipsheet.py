"""What documents show of the card in a case: a block for each order that a card was read for.

The application and those that were offered, how the card was read, authentication, verification, results in words,
cryptograms, scripts. All from the timeline, by the same reading that is judged; what nobody told is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from protocols.emv.cvm import CvmResults
from protocols.emv.verification import Tsi, Tvr
from protocols.prompts import asks_for
from protocols.transactions import Transaction
from reports.judge.case import Terms
from reports.judge.chip.apdus import DONE
from reports.judge.chip.authentication import NONE, method_seen
from reports.judge.chip.demands import Case, case_of
from reports.judge.chip.entry import Mode, swipes
from reports.judge.chip.messages import later_sendings, told
from reports.judge.chip.rounds import Round
from reports.judge.chip.scripts import scripts_of
from reports.judge.chip.walk import EXTERNAL, OPTIONS, Walk, walks
from reports.judge.criteria.selection import CHOICE, CONFIRMATION, CUSTOMER
from reports.judge.registry import View
from reports.judge.timeline import Timeline, moment
from reports.runfolder import Record

WITH_CHIP = (Transaction.PREAUTH.value, Transaction.SALE.value, Transaction.BALANCE.value)
"""facts/unionpay-pos 2.2: the chip is used to its end. For others it gives its number alone."""
RESULT_WORDS = {0: "not run", 1: "failed", 2: "done"}


def chip_of(records: Sequence[Record], terms: Terms) -> list[dict[str, Any]]:
    """The blocks of a case, in the order of its orders."""
    timeline = Timeline(records)
    view = terms.view(timeline, timeline.end)
    orders = list(timeline.of("terminal", "order"))
    found = []
    for order, following in with_next(orders):
        part = timeline.after(order).before(following) if following else timeline.after(order)
        own = [w for w in walks(view) if w.order is not None and w.order.number == order.number]
        block = _Block(view, order, part, own)
        if block.says_something:
            found.append(block.told())
    return found


def with_next(records: Sequence[Record]) -> Iterator[tuple[Record, Record | None]]:
    """Each record with the one after it."""
    for at, record in enumerate(records, 1):
        yield record, records[at] if at < len(records) else None


class _Block:
    """One order, with the walks that were made for it."""

    def __init__(self, view: View, order: Record, part: Timeline, own: list[Walk]) -> None:
        self._view = view
        self._order = order
        self._part = part
        self._walks = own
        begun = [w for w in own if w.rounds] or [w for w in own if w.of(OPTIONS)] or own
        self._walk = begun[-1] if begun else None
        self._case = case_of(view, self._walk) if self._walk else None
        self._read = [s for s in swipes(view) if part.records and moment(order) < s.at <= moment(part.records[-1])]
        self._screens = list(_screens(part))

    @property
    def says_something(self) -> bool:
        used = str(self._order.fields.get("transaction", "")) in WITH_CHIP and bool(self._walks)
        return used or bool(self._screens or self._read or any(w.rounds for w in self._walks))

    def told(self) -> dict[str, Any]:
        fields = self._order.fields
        amount = f" of {int(fields['amount']) / 100:.2f}" if isinstance(fields.get("amount"), int) else ""
        walk = self._walk
        return {
            "title": f"{fields.get('transaction', '')}{amount}",
            "number": self._order.number,
            "application": " / ".join(walk.labels) if walk else "",
            "aid": walk.aid if walk else "",
            "rows": [row for row in self._rows() if row["text"] or row["words"]],
            "screens": self._screens,
            "rounds": [_round(name, made) for name, made in zip(_NAMES, walk.rounds, strict=False)] if walk else [],
            "scripts": self._scripts(),
        }

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _rows(self) -> Iterator[dict[str, Any]]:
        yield self._entry()
        if self._case is not None:
            yield self._authentication(self._case)
            yield self._cardholder(self._case)
            yield from self._results(self._case)
            yield self._status()
            yield self._issuer(self._case.walk)

    def _entry(self) -> dict[str, Any]:
        """How the card was read, how often that was tried, and how the last request says it was."""
        read = self._read[-1] if self._read else None
        mode = read.mode if read else Mode.CHIP if any(w.value("5A") or w.value("57") for w in self._walks) else None
        by = _MODES[mode] if mode else "not read"
        tried = len(self._walks)
        times = f", its chip tried {tried} times" if tried > 1 else ""
        sent = [r for r in self._part.requests() if r.financial and r.message]
        told_as = f"; told as F22 {sent[-1].value(22)}, F60.5 {sent[-1].value(60)[12:13] or 'none'}" if sent else ""
        numbers = [*(w.start.number for w in self._walks), *(read.numbers if read else ())]
        return _row("Read by", f"{by}{times}{told_as}", numbers)

    def _authentication(self, case: Case) -> dict[str, Any]:
        if case.tvr is None:
            return _row("Card authentication", "")
        method, failed = method_seen(case)
        text = "none was performed" if method == NONE else f"{method}, {'failed' if failed else 'right'}"
        return _row("Card authentication", text, case.first.numbers[:1])

    def _cardholder(self, case: Case) -> dict[str, Any]:
        value = case.terminal("9F34")
        if len(value) != 3:
            return _row("Cardholder", "")
        entered = list(self._part.of("operator", "pin"))
        pins = [f"{r.fields.get('form', '')} PIN {r.fields.get('end', '')}".strip() for r in entered]
        text = "; ".join([f"{CvmResults.parse(value).words()} ({_hex(value)})", *pins])
        return _row("Cardholder", text, [case.first.numbers[0], *(r.number for r in entered)])

    def _results(self, case: Case) -> Iterator[dict[str, Any]]:
        """The results, and once more where they were others at last."""
        first, second = case.tvr, case.walk.second
        if first is not None:
            yield _bits("Results (TVR)", first, case.first.numbers[:1])
        if second is not None and second.tvr is not None and second.tvr != first:
            yield _bits("Results at last", second.tvr, second.numbers[:1])

    def _status(self) -> dict[str, Any]:
        """TSI goes neither to card nor to host: it is the terminal's own word."""
        said = [r for r in self._part.of("terminal", "chip") if r.fields.get("tsi")]
        try:
            status = Tsi.parse(bytes.fromhex(str(said[-1].fields["tsi"]))) if said else None
        except ValueError:
            status = None
        if status is None:
            return _row("Performed (TSI)", "")
        return _bits("Performed (TSI)", status, [said[-1].number])

    def _issuer(self, walk: Walk) -> dict[str, Any]:
        asked = walk.of(EXTERNAL)
        if asked:
            how = "right" if asked[-1].sw == DONE else f"refused with {asked[-1].sw or 'no answer'}"
            return _row("Issuer's proof", f"EXTERNAL AUTHENTICATE, {how}", asked[-1].numbers)
        if walk.second is None or not any(walk.second.data.get("91", b"")):
            return _row("Issuer's proof", "")
        facts = walk.told("issuer authentication")
        found = f", {facts[-1].fields.get('result')}" if facts else ""
        return _row("Issuer's proof", f"with the second cryptogram{found}", walk.second.numbers[:1])

    # ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────

    def _scripts(self) -> list[dict[str, Any]]:
        if self._walk is None or self._walk.first is None:
            return []
        word = told(self._view, self._walk)
        scripts = scripts_of(self._view, self._walk, word)
        results = self._told_results()
        return [
            {
                "template": script.template, "identifier": _hex(script.identifier),
                "commands": [f"{s.name} {s.sw or 'no answer'}" for s in script.sent]
                or [f"{len(script.commands)} commands, none sent"],
                "result": results[at] if at < len(results) else "not told",
                "numbers": list(script.numbers),
            }
            for at, script in enumerate(scripts)
        ]  # fmt: skip

    def _told_results(self) -> list[str]:
        """DF31 of a notice or a reversal, script by script."""
        for sending in later_sendings(self._view):
            value = sending.chip.get("DF31", b"") if sending.walk is self._walk else b""
            if value:
                return [
                    f"{RESULT_WORDS.get(value[at] >> 4, 'unknown')}{f' at {value[at] & 15}' if value[at] & 15 else ''}"
                    for at in range(0, len(value), 5)
                ]
        return []


_NAMES = ("first", "second", "third")
_MODES = {
    Mode.CHIP: "its chip", Mode.STRIPE: "its stripe", Mode.FALLBACK: "its stripe in the chip's place",
    Mode.KEYED: "hand",
}  # fmt: skip


def _row(label: str, text: str, numbers: Iterable[int] = ()) -> dict[str, Any]:
    return {"label": label, "text": text, "words": [], "numbers": [n for n in dict.fromkeys(numbers) if n]}


def _bits(label: str, value: Tvr | Tsi, numbers: Iterable[int]) -> dict[str, Any]:
    words = [word.removesuffix(" was performed") if isinstance(value, Tsi) else word for word in value.words()]
    return {**_row(label, _hex(value.pack()), numbers), "words": words or ["nothing set"]}


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _round(name: str, made: Round) -> dict[str, Any]:
    return {
        "name": name,
        "asked": made.asked or "?",
        "given": made.given or made.sent.sw or "no answer",
        "cryptogram": _hex(made.cryptogram) or "–",
        "counter": str(int.from_bytes(made.counter)) if made.counter else "–",
        "unpredictable": _hex(made.data.get("9F37", b"")) or "–",
        "signed": bool(made.answer.get("9F4B")),
        "numbers": list(made.numbers),
    }


def _screens(part: Timeline) -> Iterator[dict[str, Any]]:
    """The customer's display where it asked for a choice, line by line, with what he chose."""
    shown = [r for r in part.of("terminal", "display") if r.fields.get("audience") == CUSTOMER]
    asking = [r for r in shown if any(asks_for(str(r.fields.get("text", "")), w) for w in (CHOICE, CONFIRMATION))]
    for record, following in with_next(asking):
        later = part.after(record).before(following) if following else part.after(record)
        answer = later.first("operator", "application")
        chosen = str(answer.fields.get("label") or "") if answer else ""
        lines = _lines(record)
        yield {
            "lines": [{"text": text, "chosen": bool(chosen) and label == chosen} for text, label in lines],
            "answer": f"chosen: {chosen}" if chosen else "nothing was chosen" if answer else "nobody answered",
            "numbers": [record.number, *([answer.number] if answer else [])],
        }


def _lines(record: Record) -> list[tuple[str, str]]:
    """Each line, and the label that it offers; a text whose choices nobody told stands as it was."""
    text = str(record.fields.get("text", ""))
    choices = [str(choice) for choice in record.fields.get("choices") or []]
    if not choices or any(choice not in text for choice in choices):
        return [(text, "")]
    head = text[: text.find(choices[0])].rstrip(" 0123456789.")
    return [(head, ""), *((f"{at} {choice}", choice) for at, choice in enumerate(choices, 1))]
