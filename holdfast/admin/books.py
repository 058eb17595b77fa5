"""Routes on the books: accounts, holds, journal."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from holdfast.admin import views
from holdfast.admin.desk import Desk
from holdfast.admin.models import (
    LAST_ID,
    PLAIN_DATE,
    Account,
    Accounts,
    Adjustment,
    After,
    Approval,
    CardName,
    Holds,
    HoldState,
    HoldView,
    Journal,
    JournalEntry,
    Limit,
    NewAccount,
    NewStatus,
)
from holdfast.admin.problems import CONFLICT, NOT_FOUND, ApiError, missing
from protocols.transactions import Transaction
from simulators.issuer.inquiry import HoldQuery, JournalQuery

CardInPath = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^/\x00]+$")]
HoldInPath = Annotated[
    str,
    Path(
        pattern=r"^([0-9]{1,15}|[A-Za-z][A-Za-z0-9 -]{0,31}:[0-9A-Z]{6})$",
        description="the hold's id, or `card:approval` for the newest of that card",
    ),
]  # fmt: skip
Digits6 = Annotated[str | None, Query(pattern=r"^[0-9]{6}$")]
EXPORTED = tuple(JournalEntry.model_fields)
MONEY = ("asked", "amount", "refunded")


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()
    currency = desk.market.currency.alpha

    # ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/accounts", tags=["accounts"], operation_id="list_accounts")
    def list_accounts(
        after: Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$", description="behind this card")] = "",
        limit: Limit = 100,
    ) -> Accounts:
        """Accounts by the names of their cards."""
        rows = desk.ask.accounts(after, limit)
        shown = [views.account(row, currency) for row in rows]
        return Accounts(accounts=shown, after=rows[-1].card if len(rows) == limit else None)

    @router.post("/accounts", tags=["accounts"], operation_id="open_account", status_code=201,
                 responses={**NOT_FOUND, **CONFLICT})  # fmt: skip
    def open_account(new: NewAccount) -> Account:
        """Issue a card. An account that kept books have under its name is taken as it is."""
        money = desk.money(new.available.minor, new.available.currency)
        desk.issue(new.card, new.profile, new.pan, money, new.status)
        return shown_account(new.card)

    @router.get("/accounts/{card}", tags=["accounts"], operation_id="read_account", responses=NOT_FOUND)
    def read_account(card: CardInPath) -> Account:
        """One account."""
        return shown_account(card)

    @router.put("/accounts/{card}/status", tags=["accounts"], operation_id="set_card_status", responses=NOT_FOUND)
    def set_card_status(card: CardInPath, new: NewStatus) -> Account:
        """A card is lost, stolen, expired or restricted from now on, or open again."""
        desk.set_status(card, new.status)
        return shown_account(card)

    def shown_account(card: str) -> Account:
        row = desk.ask.account(card)
        if row is None:
            raise missing("account of card", card, desk.ask.card_names())
        return views.account(row, currency)

    # ── holds ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/holds", tags=["holds"], operation_id="list_holds")
    def list_holds(
        card: CardName | None = None, state: HoldState | None = None, approval: Approval | None = None,
        after: After = 0, limit: Limit = 100,
    ) -> Holds:  # fmt: skip
        """Holds, oldest first."""
        rows = desk.ask.holds(HoldQuery(card or "", state or "", approval or "", after, limit))
        shown = [views.hold(row, currency) for row in rows]
        return Holds(holds=shown, after=rows[-1].id if len(rows) == limit else None)

    @router.get("/holds/{hold}", tags=["holds"], operation_id="read_hold", responses=NOT_FOUND)
    def read_hold(hold: HoldInPath) -> HoldView:
        """One hold."""
        return shown_hold(hold_id(hold))

    @router.patch("/holds/{hold}", tags=["holds"], operation_id="adjust_hold", responses={**NOT_FOUND, **CONFLICT})
    def adjust_hold(hold: HoldInPath, change: Adjustment) -> HoldView:
        """Lower or raise it to an amount, or let it live longer, without a message. The market's rules apply."""
        if change.amount is None and change.days is None:
            raise ApiError(422, "nothing is to be changed", advice="name `amount`, `days` or both")
        amount = None if change.amount is None else desk.money(change.amount.minor, change.amount.currency)
        found = hold_id(hold)
        desk.adjust(found, amount, change.days)
        return shown_hold(found)

    def hold_id(hold: str) -> int:
        if hold.isdigit():
            return int(hold)
        card, _, approval = hold.rpartition(":")
        found = desk.ask.newest_hold(card, approval)
        if found is None:
            names = desk.ask.card_names()
            if card not in names:
                raise missing("card", card, names)
            near = [one.approval for one in desk.ask.holds(HoldQuery(card=card))]
            raise missing(f"hold of {card} with approval", approval, near)
        return found.id

    def shown_hold(number: int) -> HoldView:
        row = desk.ask.hold(number)
        if row is None:
            raise ApiError(404, f"there is no hold {number}", advice="GET /holds lists them")
        return views.hold(row, currency)

    # ── journal ───────────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/journal", tags=["journal"], operation_id="read_journal")
    def read_journal(
        terminal: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z]{8}$")] = None, trace: Digits6 = None,
        rrn: Annotated[str | None, Query(pattern=r"^[0-9]{12}$", description="retrieval reference number")] = None,
        card: CardName | None = None,
        day: Annotated[str | None, Query(pattern=PLAIN_DATE, description="business date")] = None,
        code: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{2}$", description="of the answer")] = None,
        kind: Transaction | None = None, after: Annotated[int, Query(ge=0, le=LAST_ID)] = 0, limit: Limit = 100,
    ) -> Journal:  # fmt: skip
        """Requests that the rules decided, refused ones included, oldest first."""
        query = JournalQuery(
            terminal or "", trace or "", rrn or "", card or "", day or "", code or "", kind.value if kind else "",
            after, limit,
        )  # fmt: skip
        rows = desk.ask.journal(query)
        shown = [views.entry(row, currency) for row in rows]
        return Journal(entries=shown, after=rows[-1].id if len(rows) == limit else None)

    @router.get("/journal/export", tags=["journal"], operation_id="export_journal", response_class=StreamingResponse,
                responses={200: {"description": "All of it, as a stream.",
                                 "content": {"text/csv": {"schema": {"type": "string"}},
                                             "application/x-ndjson": {"schema": {"type": "string"}}}}})  # fmt: skip
    def export_journal(format: Literal["csv", "jsonl"] = "jsonl") -> StreamingResponse:  # noqa: A002
        """The whole journal."""
        kind, lines = {"csv": ("text/csv", as_csv), "jsonl": ("application/x-ndjson", as_jsonl)}[format]
        headers = {"Content-Disposition": f'attachment; filename="journal.{format}"'}
        return StreamingResponse(lines(), media_type=kind, headers=headers)

    def as_jsonl() -> Iterator[str]:
        for page in desk.ask.journal_pages(JournalQuery()):
            yield "".join(views.entry(row, currency).model_dump_json() + "\n" for row in page)

    def as_csv() -> Iterator[str]:
        columns = [*(name for name in EXPORTED if name not in MONEY), *MONEY, "currency"]
        yield ",".join(columns) + "\r\n"
        for page in desk.ask.journal_pages(JournalQuery()):
            text = io.StringIO()
            csv.DictWriter(text, columns).writerows(_flat(views.entry(row, currency)) for row in page)
            yield text.getvalue()

    return router


def _flat(entry: JournalEntry) -> dict[str, Any]:
    values = entry.model_dump()
    return {**values, **{name: values[name]["minor"] for name in MONEY}, "currency": entry.amount.currency}
