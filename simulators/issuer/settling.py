"""The end of a batch: totals, uploads, the end itself; and notices of what a chip did with a script.

facts/unionpay-pos 2.3, 2.6, 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date

from protocols.emv import find
from protocols.iso8583.subfields import F63, BatchEnd, BatchRecords, ChipUpload, TotalsRow
from protocols.iso8583.subfields import Settlement as BothTotals
from protocols.totals import Totals
from protocols.transactions import Transaction
from simulators.issuer.decisions import Decided
from simulators.issuer.exchange import Exchange, Outcome
from simulators.issuer.formats import SCRIPT_RESULT
from simulators.issuer.ledger import Ledger
from simulators.issuer.management import COMPANY
from simulators.issuer.scripting import Result, results
from simulators.issuer.security import CardOnFile
from simulators.issuer.settlement import BALANCED, UNBALANCED, Detail, Settlement

T = Transaction
NO_ORIGINAL = "25"
BALANCED_END = "207"
SCRIPT_RESULTS = {0: "not performed", 1: "failed", 2: "performed"}
"""High nibble of a result's first byte. EMV Book 4, issuer script results."""


class Settling:
    """Answers settlements, uploads and notices over the books of one host."""

    def __init__(self, settlement: Settlement, ledger: Ledger, card_of: Callable[[str], CardOnFile | None]) -> None:
        self._settlement = settlement
        self._ledger = ledger
        self._card_of = card_of

    def handle(self, exchange: Exchange) -> Outcome:
        """Any message of the 03xx and 05xx families."""
        assert exchange.transaction is not None
        return _HANDLERS[exchange.transaction](self, exchange)

    def _totals(self, exchange: Exchange) -> Outcome:
        """Domestic totals are held against the books; there are no foreign cards, so theirs must be nothing."""
        claimed = BothTotals.parse(exchange.text(48))
        domestic = claimed.domestic.totals
        terminal, merchant, batch = exchange.terminal, exchange.merchant, exchange.batch
        found = self._settlement.reconcile(merchant, terminal, batch, domestic)
        foreign = BALANCED if claimed.foreign.totals == Totals() else UNBALANCED
        flags = BothTotals(TotalsRow.of(domestic, found.flag), TotalsRow.of(claimed.foreign.totals, foreign)).pack()
        note = {
            "terminal": terminal, "merchant": merchant, "batch": batch, "flag": found.flag,
            "debit_total": found.own.debit, "debit_count": found.own.debit_count,
            "credit_total": found.own.credit, "credit_count": found.own.credit_count,
            "claimed_debit_total": domestic.debit, "claimed_debit_count": domestic.debit_count,
            "claimed_credit_total": domestic.credit, "claimed_credit_count": domestic.credit_count,
            "reason": found.reason,
        }  # fmt: skip
        return Outcome(
            Decided("00", found.reason), {48: flags, 63: F63(COMPANY).pack()}, ledger_notes=[("settlement", note)],
            explained="" if found.flag == BALANCED else f"flag {found.flag}: {found.reason}",
        )  # fmt: skip

    def _upload(self, exchange: Exchange) -> Outcome:
        """Each record against the books. facts/unionpay-pos 2.3"""
        terminal, batch = exchange.terminal, exchange.batch
        records = [
            Detail(record.trace, record.amount, card.name if (card := self._card_of(record.pan)) else "")
            for record in BatchRecords.parse(exchange.text(48)).records
        ]
        found = self._settlement.upload(exchange.merchant, terminal, batch, records)
        notes = [("upload", {"terminal": terminal, "batch": batch, **asdict(one)}) for one in found]
        wrong = [f"record {note['trace']}: {note['reason']}" for _, note in notes if not note["matched"]]
        said = "; ".join(wrong)
        return Outcome(
            Decided("00", said or f"{len(records)} records agree"), {48: exchange.text(48)}, ledger_notes=list(notes),
            explained=said,
        )  # fmt: skip

    def _end(self, exchange: Exchange) -> Outcome:
        count, balanced = BatchEnd.parse(exchange.text(48)).count, exchange.f60.management == BALANCED_END
        terminal, batch = exchange.terminal, exchange.batch
        decided = self._settlement.end(exchange.merchant, terminal, batch, count, balanced=balanced)
        closed = ("batch", {"terminal": terminal, "batch": batch, "state": "closed"})
        return Outcome(decided, {48: exchange.text(48)}, ledger_notes=[closed] if decided.code == "00" else [])

    def _chip_upload(self, exchange: Exchange) -> Outcome:
        """A transaction certificate, or a chip that refused its issuer: taken down. 2.6.4"""
        told = {"terminal": exchange.terminal, "batch": exchange.batch, "trace": exchange.trace}
        value = exchange.octets(62)
        if value is not None:
            upload = ChipUpload.parse(value)
            told |= {"kind": upload.kind, "amount": str(upload.amount), "code": upload.code}
        return Outcome(Decided("00", "taken down"), host_notes=[(exchange.name, told)])

    def script_notice(self, exchange: Exchange) -> Outcome:
        """What the chip did with the scripts of the transaction that F61 names. facts/unionpay-pos 2.2, 2.5"""
        original = exchange.f61
        entry = self._ledger.journal.used(exchange.merchant, exchange.terminal, original.batch, original.trace)
        told = [_result(result) for result in results(find(exchange.octets(55) or b"", SCRIPT_RESULT) or b"")]
        named = f"trace {original.trace} of batch {original.batch}"
        reason = f"no transaction has {named}" if entry is None else ""
        if entry is not None and original.date and entry.day[5:].replace("-", "") != original.date:
            reason = f"{named} is of {date.fromisoformat(entry.day):%m%d}, not {original.date}"
        note = {
            "terminal": exchange.terminal, "batch": original.batch, "trace": original.trace, "matched": not reason,
            "results": told, "reason": reason,
        }  # fmt: skip
        decided = Decided(NO_ORIGINAL, reason) if reason else Decided("00", f"scripts: {', '.join(told)}")
        return Outcome(decided, host_notes=[("script notice", note)])


def _result(result: Result) -> str:
    """One script: `00000001 performed`."""
    return f"{result.identifier.hex().upper()} {SCRIPT_RESULTS.get(result.outcome, 'unknown')}"


_HANDLERS: Mapping[Transaction, Callable[[Settling, Exchange], Outcome]] = {
    T.SETTLEMENT: Settling._totals,
    T.BATCH_UPLOAD: Settling._upload,
    T.BATCH_END: Settling._end,
    T.TC_UPLOAD: Settling._chip_upload,
    T.CHIP_FAILURE_UPLOAD: Settling._chip_upload,
}
