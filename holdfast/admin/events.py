"""`GET /events`: the records as the recorder makes them, as server-sent events.

All read from the one ring, so a follower costs nothing. Whom the ring has overtaken is told so, by an event `dropped`,
and let go; so is, without a word, whoever takes nothing at all. Who comes back with what he saw last hears what he
missed as an event `gap`.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response, StreamingResponse

from holdfast.admin.desk import Desk
from holdfast.admin.feed import Feed
from holdfast.admin.problems import ApiError

MOST = 32
"""So many follow at a time."""
HEARTBEAT_S = 10.0
SLOW_S = 10.0
"""Whoever takes nothing for so long is dropped."""
AT_ONCE = 100
_ID = re.compile(r"([0-9a-f]{8})-([0-9]{1,15})")
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"description": "Server-sent events. `event` is the kind of the record, `data` the record, `id` its place.",
          "content": {"text/event-stream": {"schema": {
              "type": "object", "properties": {name: {"type": "string"} for name in ("id", "event", "data")}}}}},
}  # fmt: skip


class Stream(Response):
    """Sends the feed from a place on, for as long as there is somebody who takes it."""

    media_type = "text/event-stream"

    def __init__(self, feed: Feed, last_id: str, *, follow: bool) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})
        self._feed = feed
        self._last_id = last_id
        self._follow = follow

    def init_headers(self, headers: Any = None) -> None:
        super().init_headers(headers)
        self.raw_headers = [pair for pair in self.raw_headers if pair[0] != b"content-length"]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._feed.followers += 1
        both = {asyncio.ensure_future(self._all(send)), asyncio.ensure_future(_gone(receive))}
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in both:
                task.cancel()
            self._feed.followers -= 1

    async def _all(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for text in self._texts():
            if not await _sent(send, text):
                return  # the server closes what was left unfinished
        await _sent(send, "", more=False)

    async def _texts(self) -> AsyncIterator[str]:
        """Events as they are written, comments between them when nothing comes."""
        feed = self._feed
        at, notice = self._begin()
        start = at
        yield notice
        while not feed.closed:
            items, gone = feed.after(at, AT_ONCE)
            if gone and at:  # those are no longer kept; whoever begins at the beginning has missed nothing
                yield _event("gap" if at == start else "dropped", json.dumps({"lost": gone, "reason": "too slow"}))
                if at != start:
                    return
            if items:
                at = items[-1].number
                yield "".join(_event(item.kind, item.data, f"{feed.boot}-{item.number}") for item in items)
            elif not self._follow:
                return
            else:
                await feed.more(at, HEARTBEAT_S)
                if feed.last == at and not feed.closed:
                    yield ": nothing new\n\n"

    def _begin(self) -> tuple[int, str]:
        """The number behind which to begin: the one that was seen last, or of another host's numbers the very first."""
        seen = _ID.fullmatch(self._last_id)
        if seen and seen[1] == self._feed.boot:
            return int(seen[2]), ": here it goes on\n\n"
        if seen:
            return 0, _event("gap", json.dumps({"lost": None, "reason": "the host was started anew"}))
        return self._feed.last if self._follow else 0, ": from now on\n\n"


def routes(desk: Desk) -> APIRouter:
    router = APIRouter()

    @router.get("/events", tags=["events"], operation_id="follow_events", response_class=StreamingResponse,
                responses=_STREAM)  # fmt: skip
    async def follow_events(
        follow: Annotated[bool, Query(description="false: what is kept, and no more")] = True,
        last_event_id: Annotated[str, Header(max_length=64, description="go on behind this one")] = "",
    ) -> Response:
        """The masked records of the timeline as they come. The newest 2000 can be had again by `Last-Event-ID`."""
        if desk.feed.followers >= MOST:
            raise ApiError(503, f"{MOST} follow already", advice="let one of them go")
        return Stream(desk.feed, last_event_id, follow=follow)

    return router


def _event(kind: str, data: str, number: str = "") -> str:
    place = f"id: {number}\n" if number else ""
    return f"{place}event: {kind}\ndata: {data}\n\n"


async def _gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _sent(send: Any, text: str, *, more: bool = True) -> bool:
    """False when it was not taken in time."""
    try:
        message = {"type": "http.response.body", "body": text.encode(), "more_body": more}
        await asyncio.wait_for(send(message), SLOW_S)
    except TimeoutError:
        return False
    return True
