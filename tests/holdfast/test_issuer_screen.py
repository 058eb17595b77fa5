"""What `holdfast issuer` counts and shows, without a host: traffic, what is shown of too much, and the screen."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
from rich.console import Console

from holdfast.issuer_screen import WAITING, Screen
from holdfast.traffic import CALM, SAMPLE, WINDOW_S, Counts, Throttle, Traffic
from protocols.events import Channel, Event
from tests.support.commands import wait_until


class Clock:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def host(kind: str, **fields: Any) -> Event:
    return Event(Channel.HOST, kind, fields)


def whole(number: int) -> list[Event]:
    """The events of an exchange."""
    return [
        host("request", exchange=number), host("decision", exchange=number, code="00"),
        Event(Channel.LEDGER, "posting", {"amount": 1}), host("response", exchange=number),
    ]  # fmt: skip


# ── counts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_counts_are_those_of_the_events() -> None:
    traffic = Traffic(("00", "11"))
    for event in (
        host("connected", connection=1), host("connected", connection=2), host("disconnected", connection=1),
        host("request"), host("request"), host("response"), host("decision", code="11"), host("decision", code="51"),
        host("explanation", text="no money"), Event(Channel.RIG, "request"),
    ):  # fmt: skip
        traffic.seen(event)
    assert traffic.counts() == Counts(1, 2, 0.0, 1, 1, "no money")


def test_requests_per_second_are_those_of_the_last_whole_seconds() -> None:
    clock = Clock()
    traffic = Traffic((), clock)
    for second in range(8):
        clock.now = 100.0 + second
        for _ in range(10 if second < 6 else 0):
            traffic.seen(host("request"))
    assert traffic.counts().per_second == 10 * 4 / WINDOW_S  # of the seconds 102 to 106 the last was still
    clock.now = 200.0
    assert traffic.counts().per_second == 0


# ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_is_shown_while_it_is_calm() -> None:
    throttle = Throttle(Clock())
    assert all(throttle.shows(event) for number in range(1, CALM + 1) for event in whole(number))
    assert throttle.hidden == 0


def test_of_too_much_a_sample_is_shown_whole_and_the_rest_is_counted() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    shown: dict[int, list[bool]] = {}
    for number in range(1, 201):
        clock.now = 100.0 + number // 101  # two seconds of a hundred each
        shown[number] = [throttle.shows(event) for event in whole(number)]
    assert all(set(each) in ({True}, {False}) for each in shown.values())
    assert [number for number, each in shown.items() if each[0]] == [*range(1, CALM + SAMPLE + 1), 101, 102]
    assert throttle.hidden == 200 - CALM - 2 * SAMPLE


def test_it_is_calm_again_after_a_calm_second() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(1, 60):
        throttle.shows(host("request", exchange=number))
    clock.now = 101.0
    shown = [throttle.shows(host("request", exchange=100 + number)) for number in range(5)]
    clock.now = 102.0
    assert (shown, throttle.shows(host("request", exchange=200))) == ([True, True, False, False, False], True)


# ── the screen ────────────────────────────────────────────────────────────────────────────────────────────────────

COUNTS = Counts(3, 1234, 56.7, 1230, 45, "answered 51: no money, 6250947000000014")


def record(kind: str, **fields: Any) -> dict[str, Any]:
    return {"utc": "2026-11-29T06:58:06.512453Z", "ch": "host", "kind": kind, "f": fields}


def screen(out: io.TextIOBase, *, terminal: bool = False, quiet: bool = False, hidden: int = 0) -> Screen:
    console = Console(file=out, force_terminal=terminal, width=120, legacy_windows=False)  # type: ignore[arg-type]
    return Screen(
        console, lambda: (COUNTS, "87"), lambda: hidden, lambda text: text.replace("947000000", "•"), quiet=quiet
    )


def test_lines_are_plain_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    one = screen(out)
    one.start()
    one.offer(record("request", trace="000001", message={"F2 PAN": "625094••••••0014"}))
    one.offer(record("explanation", text="answered 51: no money"))
    one.offer(record("rule", rule="broke", action="code", transaction="sale", trace="000001"))
    one.offer(record("fault", cause="the disk is full", advice="make room"))
    one.stop()
    assert out.getvalue().splitlines() == [
        "06:58:06.512  request  trace 000001",
        "                F2 PAN: 625094••••••0014",
        "06:58:06.512  why: answered 51: no money",
        "06:58:06.512  rule: broke (code), sale 000001",
        "06:58:06.512  fault: the disk is full: make room",
    ]


def test_on_a_terminal_a_line_of_counts_stays_below() -> None:
    out = io.StringIO()
    one = screen(out, terminal=True)
    one.start()
    one.offer(record("explanation", text="answered 51"))
    wait_until(lambda: "requests/s" in out.getvalue(), 10, "the line is drawn")
    one.stop()
    said = out.getvalue()
    for words in ("3 connected", "56.7 requests/s", "1,234 so far", "87 holds open", "1,230 answered", "45 refused"):
        assert words in said
    assert "6250947000000014" not in said


def test_what_does_not_fit_is_cut() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=40, legacy_windows=False, color_system=None)
    one = Screen(console, lambda: (COUNTS, "87"), lambda: 0, lambda text: text[:12] + 99 * "x", quiet=False)
    one.start()
    wait_until(lambda: out.getvalue().count("…") >= 2, 10, "both lines are cut")
    one.stop()
    assert "xx…" in out.getvalue()
    assert not re.search("[^\\n]{41}", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "\n", out.getvalue()))


def test_what_was_not_shown_is_said() -> None:
    out = io.StringIO()
    one = screen(out, hidden=99)
    one.start()
    wait_until(lambda: "99 more not shown" in out.getvalue(), 10, "it is said")
    one.stop()
    assert out.getvalue().count("more not shown") == 1


def test_quiet_shows_no_message() -> None:
    out = io.StringIO()
    one = screen(out, quiet=True, hidden=99)
    one.start()
    one.offer(record("request", trace="000001"))
    one.stop()
    assert out.getvalue() == ""


def test_a_screen_that_takes_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a terminal does after Ctrl-S."""

    class Stuck(io.StringIO):
        free = threading.Event()

        def write(self, text: str) -> int:
            self.free.wait(10)
            return super().write(text)

    out = Stuck()
    one = screen(out)
    one.start()
    for number in range(3 * WAITING):
        one.offer(record("request", trace=f"{number:06d}"))  # returns, or this test never ends
    out.free.set()
    wait_until(lambda: "the screen was too slow for" in out.getvalue(), 10, "it is said")
    one.stop()
    assert 0 < out.getvalue().count("request  trace") <= WAITING + 2
