"""Routes on the host itself: status, terminals, rules, business date."""

from __future__ import annotations

import time
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from holdfast import __version__
from holdfast.admin.desk import Desk
from holdfast.admin.models import (
    LAST_ID,
    BusinessDate,
    ByDays,
    NewRules,
    NewTerminal,
    Rules,
    RuleView,
    ServerStatus,
    Sessions,
    SessionView,
    ToDate,
)
from holdfast.admin.problems import CONFLICT, NOT_FOUND, ApiError, missing

RuleId = Annotated[int, Path(ge=1, le=LAST_ID, alias="rule")]
TerminalInPath = Annotated[str, Path(pattern=r"^[0-9A-Za-z]{8}$")]


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/status", tags=["status"], operation_id="read_status")
    def read_status() -> ServerStatus:
        """How the host stands."""
        counts = desk.traffic.counts()
        address, port = desk.listening
        return ServerStatus(
            version=__version__, market=desk.market.name, business_date=desk.today(),
            uptime_s=round(time.monotonic() - desk.started, 3),
            listening=f"[{address}]:{port}" if ":" in address else f"{address}:{port}",
            connections=counts.connections, requests=counts.requests, requests_per_s=round(counts.per_second, 1),
            answered=counts.answered, refused=counts.refused, holds_open=desk.ask.open_holds(),
            rules=len(desk.rules()), evidence="simulated", database=desk.ask.database,
        )  # fmt: skip

    # ── terminals ─────────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/sessions", tags=["terminals"], operation_id="list_sessions")
    def list_sessions() -> Sessions:
        """Enrolled terminals, and which of them have signed on."""
        return Sessions(sessions=sessions())

    @router.post("/terminals", tags=["terminals"], operation_id="enrol_terminal", status_code=201, responses=CONFLICT)
    def enrol_terminal(new: NewTerminal) -> SessionView:
        """A terminal may sign on from now on. Its key is a test key, and only its check value is ever shown."""
        desk.enrol(new.terminal, new.merchant, bytes.fromhex(new.test_master_key))
        return next(session for session in sessions() if session.terminal == new.terminal)

    @router.delete("/sessions/{terminal}", tags=["terminals"], operation_id="sign_off", status_code=204,
                   responses=NOT_FOUND, response_class=Response)  # fmt: skip
    def sign_off(terminal: TerminalInPath) -> Response:
        """Forget its working keys: the host asks it to sign on again."""
        known = [session.terminal for session in sessions()]
        if terminal not in known:
            raise missing("enrolled terminal", terminal, known)
        desk.ask.sign_off(terminal)
        return Response(status_code=204)

    def sessions() -> list[SessionView]:
        return [
            SessionView(terminal=row.terminal, merchant=row.merchant, mac=row.scheme, check_value=row.check_value,
                        signed_on=row.signed_on)
            for row in desk.ask.sessions()
        ]  # fmt: skip

    # ── rules ─────────────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/rules", tags=["rules"], operation_id="list_rules")
    def list_rules() -> Rules:
        """The behaviour rules in force, in the order in which they are asked, and how often each acted."""
        return Rules(rules=views())

    @router.post("/rules", tags=["rules"], operation_id="add_rules", status_code=201, responses=CONFLICT)
    def add_rules(new: NewRules) -> Rules:
        """Misbehave from now on: all of these rules, or none when one is wrong. Returns those that were added."""
        added = set(desk.add_rules(new.rules))
        return Rules(rules=[view for view in views() if view.id in added])

    @router.delete("/rules", tags=["rules"], operation_id="clear_rules", status_code=204, response_class=Response)
    def clear_rules() -> Response:
        """Behave from now on: no rule is left, answers kept back are dropped, and connects are taken."""
        desk.clear_rules()
        return Response(status_code=204)

    @router.delete("/rules/{rule}", tags=["rules"], operation_id="remove_rule", status_code=204, responses=NOT_FOUND,
                   response_class=Response)  # fmt: skip
    def remove_rule(rule: RuleId) -> Response:
        """Take one rule back."""
        desk.remove_rule(rule)
        return Response(status_code=204)

    def views() -> list[RuleView]:
        return [
            RuleView.model_validate(
                {**masked(one.model.model_dump()), "id": one.id, "matched": matched, "fired": fired, "over": over}
            )
            for one, matched, fired, over in desk.rules()
        ]

    def masked(value: Any) -> Any:
        """What a rule compares with, or sets, may be a card number."""
        if isinstance(value, str):
            return desk.masked(value)
        if isinstance(value, dict):
            return {key: masked(item) for key, item in value.items()}
        return [masked(item) for item in value] if isinstance(value, list) else value

    # ── business date ─────────────────────────────────────────────────────────────────────────────────────────────

    @router.get("/business-date", tags=["business date"], operation_id="read_business_date")
    def read_business_date() -> BusinessDate:
        """The day that the books are at."""
        return BusinessDate(date=desk.today())

    @router.put("/business-date", tags=["business date"], operation_id="move_business_date", responses=CONFLICT)
    def move_business_date(to: ByDays | ToDate) -> BusinessDate:
        """Let days go by, or go to a day; holds whose last day is over expire."""
        if isinstance(to, ByDays):
            return BusinessDate(date=desk.move_date(to.days, None))
        try:
            return BusinessDate(date=desk.move_date(None, date.fromisoformat(to.date)))
        except ValueError:
            raise ApiError(422, f"{to.date} is no day of the calendar") from None

    return router
