"""Server-sent events of the admin API by a client on a real socket: live, again, heartbeat, and too slow."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from holdfast.admin import events, feed
from holdfast.admin.feed import Feed
from holdfast.issuer_command import Served
from tests.simulators.issuer.client import RawClient
from tests.support.admin_api import Api, Follower
from tests.support.commands import wait_until


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {"n": number, "kind": "note", "f": fields}


def test_records_come_as_they_are_made_and_are_masked(api: Api, issuer: Served, terminal: RawClient) -> None:
    follower = Follower(issuer.admin)
    next(follower.events())  # the comment that says that it is there
    terminal.ask(terminal.preauth())
    told = follower.until("response")
    follower.close()
    api.told.append(follower.told)
    kinds = ["request", "checks", "decision", "posting", "account", "hold", "response"]
    assert [event["event"] for event in told] == kinds
    request = json.loads(told[0]["data"])
    assert (request["ev"], request["f"]["transaction"]) == ("simulated", "pre-authorisation")
    assert request["f"]["message"]["F2 PAN"].startswith("625094")


def test_who_comes_back_gets_what_he_missed(issuer: Served, terminal: RawClient) -> None:
    follower = Follower(issuer.admin)
    next(follower.events())
    terminal.ask(terminal.preauth())
    seen = follower.until("request")[-1]["id"]
    follower.close()
    terminal.ask(terminal.preauth())
    again = Follower(issuer.admin, after=seen)
    told = again.until("response") + again.until("response")
    again.close()
    assert [event["event"] for event in told].count("request") == 1
    assert [int(event["id"].partition("-")[2]) for event in told] == list(
        range(int(seen.partition("-")[2]) + 1, int(told[-1]["id"].partition("-")[2]) + 1)
    )


def test_numbers_of_another_host_are_told_apart(issuer: Served) -> None:
    follower = Follower(issuer.admin, after="00000000-7")
    first = next(follower.events())
    follower.close()
    assert (first["event"], json.loads(first["data"])["lost"]) == ("gap", None)


def test_what_is_no_longer_kept_is_counted(issuer: Served) -> None:
    assert issuer.feed is not None
    boot, before = issuer.feed.boot, issuer.feed.last
    for number in range(feed.KEPT + 5):
        issuer.feed.put(record(number))
    follower = Follower(issuer.admin, after=f"{boot}-{before}" if before else f"{boot}-1")
    told = follower.until("gap")
    follower.close()
    assert json.loads(told[0]["data"])["lost"] == 5


def test_a_heartbeat_comes_when_nothing_else_does(issuer: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    follower = Follower(issuer.admin)
    comments = [event["comment"] for event, _ in zip(follower.events(), range(3), strict=False)]
    follower.close()
    assert comments == ["from now on", "nothing new", "nothing new"]


def test_without_following_what_is_kept_is_given_and_no_more(api: Api, terminal: RawClient) -> None:
    terminal.ask(terminal.preauth())
    told = api.ask("GET", "/events?follow=false")
    assert told.headers["content-type"].startswith("text/event-stream")
    assert told.body.count(b"event: request\n") == 2  # the sign-on, too


def test_who_is_overtaken_is_told_and_dropped(issuer: Served) -> None:
    """He takes nothing while megabytes pass: the ring goes on without him, and keeps no more than it always does."""
    assert issuer.feed is not None
    follower = Follower(issuer.admin, receive_buffer=4096)
    next(follower.events())
    for number in range(3 * feed.KEPT):
        issuer.feed.put(record(number, text="x" * 200, more=["y" * 200] * 20))
    last = {}
    for last in follower.events():  # noqa: B007  he reads again: what was on its way, the notice, and the end
        pass
    follower.close()
    assert last["event"] == "dropped"
    assert json.loads(last["data"])["lost"] > 0
    wait_until(lambda: Api(issuer.admin).get("/status"), 10, "the server goes on")


def test_who_takes_nothing_at_all_is_let_go(issuer: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "SLOW_S", 0.1)
    assert issuer.feed is not None
    stuck = Follower(issuer.admin, receive_buffer=4096)
    next(stuck.events())
    for number in range(3 * feed.KEPT):
        issuer.feed.put(record(number, text="x" * 200, more=["y" * 200] * 20))
    wait_until(lambda: issuer.feed is not None and issuer.feed.followers == 0, 10, "his place is free")
    stuck.close()


def test_so_many_follow_and_no_more(issuer: Served) -> None:
    followers = [Follower(issuer.admin) for _ in range(events.MOST)]
    one_more = Api(issuer.admin).ask("GET", "/events")
    assert (one_more.status, "follow already" in one_more.json["error"]) == (503, True)
    followers.pop().close()
    wait_until(lambda: Api(issuer.admin).ask("GET", "/events?follow=false").status == 200, 10, "a place is free")
    for follower in followers:
        follower.close()


def test_a_follower_ends_with_the_host(issuer: Served) -> None:
    follower = Follower(issuer.admin)
    next(follower.events())
    issuer.stack.close()
    assert list(follower.events()) == []
    follower.close()


# ── the ring ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_that_is_too_large_is_cut_and_says_so() -> None:
    ring = Feed()
    told = {"trace": "000001", "message": {"a": "b" * 999}}
    ring.put({"n": 1, "kind": "request", "raw": "00" * feed.LARGEST, "f": told})
    (item,), gone = ring.after(0, 9)
    assert (json.loads(item.data), gone) == ({"n": 1, "kind": "request", "f": {"trace": "000001"}, "cut": True}, 0)


def test_the_ring_gives_what_comes_after_a_number() -> None:
    ring = Feed(kept=3)
    assert ring.after(0, 9) == ([], 0)
    for number in range(1, 6):
        ring.put(record(number))
    assert ([item.number for item in ring.after(0, 9)[0]], ring.after(0, 9)[1]) == ([3, 4, 5], 2)
    assert [item.number for item in ring.after(3, 1)[0]] == [4]
    assert ring.after(5, 9) == ([], 0)
    asyncio.run(ring.more(4, 10.0))  # there is one already: it returns at once
