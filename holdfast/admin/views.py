"""From the host's rows to what the API shows."""

from __future__ import annotations

from holdfast.admin.models import Account, Amount, HoldView, JournalEntry
from simulators.issuer.holdbook import Hold
from simulators.issuer.inquiry import AccountRow
from simulators.issuer.journal import Entry


def account(row: AccountRow, currency: str) -> Account:
    amounts = {
        name: Amount(minor=getattr(row, name), currency=currency) for name in ("opening", "available", "held", "booked")
    }
    return Account.model_validate(
        {"card": row.card, "kind": row.kind, "pan": row.pan or None, "status": row.status or None,
         "retired": row.retired, **amounts}
    )  # fmt: skip


def hold(row: Hold, currency: str) -> HoldView:
    amounts = {name: Amount(minor=getattr(row, name), currency=currency) for name in ("amount", "held", "booked")}
    return HoldView.model_validate(
        {"id": row.id, "card": row.card, "merchant": row.merchant, "approval": row.approval, "trace": row.trace,
         "opened": row.day, "last_day": row.last_day, "state": row.state, **amounts}
    )  # fmt: skip


def entry(row: Entry, currency: str) -> JournalEntry:
    amounts = {name: Amount(minor=getattr(row, name), currency=currency) for name in ("asked", "amount", "refunded")}
    return JournalEntry.model_validate(
        {"id": row.id, "terminal": row.terminal, "merchant": row.merchant, "batch": row.batch, "trace": row.trace,
         "rrn": row.reference, "kind": row.kind, "card": row.card, "approval": row.approval, "day": row.day,
         "code": row.code, "state": row.state, "original": row.original, **amounts}
    )  # fmt: skip
