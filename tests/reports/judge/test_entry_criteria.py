"""What scenarios demand of entry modes, prompts, messages and PINs."""

from __future__ import annotations

import pytest

from protocols.prompts import ASKED_FOR
from reports.judge.finding import Verdict
from tests.reports.judge.builder import HOLD, Tale
from tests.reports.judge.chip_tale import ChipTale, scripted
from tests.reports.judge.findings import met, undecided


def typed(f22: str, condition: str = "0", *, without: tuple[int, ...] = (55, 23), track: str = "") -> ChipTale:
    change = {22: f22, 60: f"10000001000{5}{condition}", 35: track}
    return ChipTale().order().request(change=change, without=without)


@pytest.mark.parametrize(
    ("mode", "tale", "holds"),
    [("chip", ChipTale().opened().pin_entered().first().sent(), True), ("stripe", typed("021", track="x"), True),
     ("stripe", typed("021"), False), ("stripe", typed("021", track="x", without=(55,)), False),
     ("stripe", typed("021", "2", track="x"), False), ("fallback", typed("021", "2", track="x"), True),
     ("fallback", typed("021", "0", track="x"), False), ("keyed", typed("011"), True),
     ("keyed", typed("011", track="x"), False),
     ("chip", typed("021", track="x"), False), ("keyed", typed("012"), False)],
)  # fmt: skip
def test_the_message_says_how_the_card_was_read(mode: str, tale: ChipTale, holds: bool) -> None:
    met(tale, "entry.mode", holds, mode=mode)


def test_the_message_says_whether_there_is_a_pin() -> None:
    tale = typed("021", track="x")
    met(tale, "entry.mode", True, mode="stripe", pin=True)
    met(tale, "entry.mode", False, mode="stripe", pin=False)
    met(typed("022", track="x", without=(55, 23, 52, 26)), "entry.mode", True, mode="stripe", pin=False)
    undecided(ChipTale().order().criterion("entry.mode", mode="chip"))


@pytest.mark.parametrize("what", list(ASKED_FOR))
def test_what_people_are_asked_for(what: str) -> None:
    tale = ChipTale().order().display(ASKED_FOR[what][0])
    met(tale, "terminal.asked-for", True, what=what)
    met(tale, "terminal.asked-for", True, what=what, times=1)
    met(tale, "terminal.asked-for", False, what=what, times=2)
    met(ChipTale().order().display("欢迎使用"), "terminal.asked-for", False, what=what)


def test_what_the_host_got() -> None:
    tale = Tale().order().request().reply().outcome("approved")
    met(tale, "host.messages", True, messages=[HOLD])
    met(tale, "host.messages", False, messages=[])
    met(Tale().order(), "host.messages", True, messages=[])
    met(Tale().order(), "host.messages", False, messages=[HOLD])
    undecided(Tale().criterion("host.messages", messages=[]))


def test_repeats_and_management_are_left_out() -> None:
    tale = Tale().order().management("sign-on").request().reversal().reversal().reply()
    met(tale, "host.messages", True, messages=[HOLD, f"{HOLD} reversal"])
    met(Tale().order().request().request(trace="000078"), "host.messages", True, messages=[HOLD, HOLD])


def test_what_is_sent_for_it_later_belongs_to_it() -> None:
    tale = Tale().order().request().outcome("no reply").expect("host.messages", messages=[])
    at = tale["expect host.messages"]
    tale.order("completion").reversal(HOLD, trace="000077").request("completion", trace="000078")
    assert tale.criterion("host.messages", position=at, messages=[HOLD, f"{HOLD} reversal"]).verdict is Verdict.PASS
    met(tale, "host.messages", True, messages=["completion"])


def test_a_notice_belongs_to_what_it_names() -> None:
    tale = scripted()
    tale.expect("host.messages", messages=[])
    at = tale["expect host.messages"]
    assert tale.criterion("host.messages", position=at, messages=[HOLD, "script notice"]).verdict is Verdict.PASS


# ── PINs ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_how_often_a_pin_was_asked_for() -> None:
    tale = ChipTale().order().pin_entered().pin_entered("bypassed", "plain")
    met(tale, "pin.asked", True, times=2)
    met(tale, "pin.asked", False, times=1)
    met(tale, "pin.asked", True, times=1, form="online")
    met(tale, "pin.asked", True, times=0, form="enciphered")
    met(ChipTale().pin_entered().order(), "pin.asked", True, times=0)


def test_what_the_card_found_of_pins() -> None:
    tale = ChipTale().order().powered().verifies("63C2").verifies()
    met(tale, "pin.results", True, results=["wrong", "right"])
    met(tale, "pin.results", False, results=["right"])
    met(ChipTale().order(), "pin.results", True, results=[])


@pytest.mark.parametrize(
    ("found", "holds"), [("right", True), ("wrong", True), ("clear", False), ("unreadable", False), ("absent", False)]
)
def test_a_pin_that_goes_out(found: str, holds: bool) -> None:
    met(ChipTale().opened().pin_entered().first().sent().checked(found), "pin.enciphered", holds)


def test_a_pin_that_does_not_go_out() -> None:
    without = ChipTale().opened().first().sent(pin=False).checked("absent")
    met(without, "pin.enciphered", False)
    met(without, "pin.not-sent", True)
    met(ChipTale().opened().pin_entered().first().sent(), "pin.not-sent", False)
    undecided(ChipTale().opened().pin_entered().first().sent().criterion("pin.enciphered"))
    undecided(ChipTale().order().criterion("pin.enciphered"))
