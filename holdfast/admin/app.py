"""The admin API of an issuer host: HTTP and JSON, described at `/openapi.json`; a walk is `docs/issuer-admin.md`.

Nothing that it offers destroys evidence: journal, holds and accounts are read and changed as a bank would, never wiped.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer

from holdfast import __version__
from holdfast.admin import books, control, events
from holdfast.admin.desk import Desk, Given
from holdfast.admin.feed import Feed
from holdfast.admin.problems import RESPONSES, add_handlers
from holdfast.traffic import Traffic
from protocols.events import discard
from rigs.marketfile import load_market
from simulators.issuer import IssuerHost

TITLE = "Holdfast: issuer host"
ABOUT = (
    "What a lab asks of, and tells, a running issuer host. Everything behind it is simulated. Amounts are integers of "
    "minor units; card numbers are masked; keys are never shown. Every error has the shape of `Problem`."
)


def make_app(desk: Desk) -> FastAPI:
    """The app without its guard."""
    app = FastAPI(
        title=TITLE, description=ABOUT, version=__version__, docs_url=None, redoc_url=None, responses=RESPONSES,
        dependencies=[Depends(HTTPBearer(auto_error=False, description="needed where the host was given a token"))],
    )  # fmt: skip
    add_handlers(app, desk.masked)
    app.include_router(control.routes(desk))
    app.include_router(books.routes(desk))
    app.include_router(events.routes(desk))
    return app


def description() -> dict[str, Any]:
    """What the server gives as `/openapi.json`, without a host that runs."""
    market = load_market("unionpay-cn")
    with TemporaryDirectory() as directory:
        host = IssuerHost(market=market, emit=discard, directory=Path(directory))
        given = Given(host, market, {}, Traffic(()), Feed(), ("", 0), lambda pan: None, lambda text: text)
        try:
            return make_app(Desk(given)).openapi()
        finally:
            host.stop()
