"""Something is done at the moment that an event is seen, once, and in the thread that saw it."""

from __future__ import annotations

import threading

from protocols.events import Channel, Event
from rigs.moments import Moment, Moments

REQUEST = Event(Channel.HOST, "request", {"transaction": "pre-authorisation"})


def awaiting(done: list[str], *, occurrence: int = 1, **fields: str) -> Moments:
    moments = Moments()
    moments.await_(Moment(Channel.HOST, "request", fields, lambda: done.append("now"), occurrence))
    return moments


def test_it_is_done_once_at_the_event_that_was_meant() -> None:
    done: list[str] = []
    moments = awaiting(done, transaction="pre-authorisation")
    for other in (
        Event(Channel.CARD, "request", REQUEST.fields), Event(Channel.HOST, "response", REQUEST.fields),
        Event(Channel.HOST, "request", {"transaction": "sale"}), Event(Channel.HOST, "request"),
    ):  # fmt: skip
        moments.seen(other)
    assert done == []
    assert moments
    moments.seen(REQUEST)
    moments.seen(REQUEST)
    assert done == ["now"]
    assert not moments


def test_the_second_time_is_the_second_time() -> None:
    done: list[str] = []
    moments = awaiting(done, occurrence=2)
    moments.seen(REQUEST)
    assert done == []
    moments.seen(REQUEST)
    assert done == ["now"]


def test_what_is_forgotten_is_not_done() -> None:
    done: list[str] = []
    moments = awaiting(done)
    moments.forget()
    moments.seen(REQUEST)
    assert done == []
    assert not moments


def test_what_is_done_may_make_events_of_its_own() -> None:
    moments, seen = Moments(), []

    def act() -> None:
        seen.append(threading.current_thread())
        moments.seen(REQUEST)

    moments.await_(Moment(Channel.HOST, "request", {}, act))
    moments.seen(REQUEST)
    assert seen == [threading.current_thread()]
