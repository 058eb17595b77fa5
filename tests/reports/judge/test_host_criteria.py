"""Criteria of the bench's own host: requests of any terminal are looked at, and a failure is an ERROR."""

from __future__ import annotations

import pytest

from reports.judge.finding import Verdict
from reports.judge.registry import CRITERIA
from tests.reports.judge.builder import HOLD, OTHER_TERMINAL, TERMINAL, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"
ELSEWHERE = {41: OTHER_TERMINAL}


def elsewhere(code: str = "00", **more: object) -> Tale:
    """Another terminal asks for a hold."""
    return Tale(terminal=TERMINAL).request(change=ELSEWHERE, **more).checks().decision(code)  # type: ignore[arg-type]


def refused(field: int = 0) -> Tale:
    tale = elsewhere("30")
    if field:
        tale.tell("host", "format", exchange=tale.exchange["exchange"], field=field, reason=f"F{field} is missing")
    return tale.reply("30")


HOSTS = [c.id for c in CRITERIA if c.id.startswith("host.") and c.component == "host"]


@pytest.mark.parametrize("name", HOSTS)
def test_where_nothing_was_asked_nothing_can_be_said(name: str) -> None:
    undecided(Tale().criterion(name, code="00", contains="x", field=4))


def test_a_host_that_fails_is_an_error_of_ours_unless_it_is_the_device() -> None:
    ours = elsewhere().reply("51").expect("host.answered", code="00").close()
    assert ours.judged("host.answered").verdict is Verdict.ERROR
    theirs = Tale(dut=("host",)).request(change=ELSEWHERE).reply("51").expect("host.answered", code="00").close()
    assert theirs.judged("host.answered").verdict is Verdict.FAIL


def test_the_code_of_the_last_answer() -> None:
    name = "host.answered"
    passed(elsewhere().reply().criterion(name, code="00"))
    failed(elsewhere().reply("94").criterion(name, code="00"))
    assert "not answered" in failed(elsewhere().criterion(name, code="00"))
    failed(elsewhere().reply(sent=False).criterion(name, code="00"))
    two = elsewhere().reply().request("cancel", change=ELSEWHERE).reply("25")
    passed(two.criterion(name, code="25"))
    passed(two.criterion(name, code="00", transaction=HOLD))
    passed(elsewhere("30").reply(unread=True).criterion(name, code="30"))


def test_silence() -> None:
    passed(elsewhere().criterion("host.silent"))
    failed(elsewhere().reply().criterion("host.silent"))
    passed(elsewhere().reply().tell("host", "undecodable", exchange=99, reason="x").criterion("host.silent"))


def test_explanations() -> None:
    name = "host.explained"
    tale = elsewhere()
    exchange = tale.exchange["exchange"]
    passed(
        tale.tell("host", "explanation", exchange=exchange, text="no original: F38 000123").criterion(
            name, contains="F38"
        )
    )
    failed(tale.criterion(name, contains="F37"))
    assert "no explanation" in failed(elsewhere().criterion(name, contains="x"))
    before = Tale().tell("host", "explanation", exchange=7, text="old").request()
    failed(before.criterion(name, contains="old"))
    frame = Tale().tell("host", "explanation", exchange=7, text="ASCII digits").tell("host", "undecodable", exchange=7)
    passed(frame.criterion(name, contains="ASCII"))
    passed(Tale().tell("host", "explanation", exchange=7, text="12594").criterion(name, contains="12594"))


def test_the_same_request_is_held_once() -> None:
    name = "host.one-hold"
    tale = elsewhere().posting("hold", 100000).reply()
    undecided(tale.criterion(name))
    tale.request(change=ELSEWHERE).decision("94").reply("94")
    passed(tale.criterion(name))
    failed(tale.request(change=ELSEWHERE).posting("hold", 100000).criterion(name))
    failed(elsewhere().request(change=ELSEWHERE).criterion(name))
    two = elsewhere().posting("hold", 100000).request(trace=TRACE).posting("hold", 100000)
    undecided(two.criterion(name))  # another terminal's request may have the same trace


def test_the_field_that_is_wrong_is_named() -> None:
    name = "host.format-named"
    passed(refused(4).criterion(name, field=4))
    assert "named is F49" in failed(refused(49).criterion(name, field=4))
    assert "no field" in failed(refused().criterion(name, field=4))
    assert "decided with 00" in failed(elsewhere().reply().criterion(name, field=4))
    tale = refused(4).request(change=ELSEWHERE).decision("30").reply("30")
    failed(tale.criterion(name, field=4))


def test_an_odd_frame_does_the_host_no_harm() -> None:
    name = "host.unharmed"
    odd = Tale().tell("host", "undecodable", exchange=1, reason="x")
    undecided(odd.criterion(name))
    assert "none was answered" in failed(odd.request().criterion(name))
    passed(odd.reply().criterion(name))
    undecided(elsewhere().reply().criterion(name))
    undecided(refused().criterion(name))
    passed(refused().request(change=ELSEWHERE).reply().criterion(name))
    late = Tale().approved().tell("host", "undecodable", exchange=9, reason="x")
    undecided(late.criterion(name))


def test_a_key_that_was_replaced_counts_a_while_longer() -> None:
    name = "host.accepts-previous-key"

    def sealed(mac: str, key: str) -> Tale:
        tale = Tale().management("sign-on").request(change=ELSEWHERE)
        return tale.tell("host", "checks", exchange=tale.exchange["exchange"], mac=mac, key=key)

    passed(sealed("valid", "previous").criterion(name))
    failed(sealed("valid", "current").criterion(name))
    failed(sealed("wrong", "previous").criterion(name))
    undecided(elsewhere().criterion(name))
    undecided(Tale().management("sign-on").criterion(name))


def test_no_money_is_moved() -> None:
    name = "host.nothing-moved"
    passed(elsewhere("30").reply("30").criterion(name))
    failed(elsewhere().posting("hold", 100000).reply().criterion(name))
    passed(elsewhere().posting("hold", 100000).request(change=ELSEWHERE).criterion(name))
    passed(elsewhere().posting("hold", 1).tell("host", "undecodable", exchange=9).criterion(name))


def held_twice(total: int = 200000, state: str = "open") -> Tale:
    tale = Tale(terminal=TERMINAL).account().request().decision("00").held("open", hold="1").reply()
    tale.request(change=ELSEWHERE, trace=OTHER).decision("00").held(state, hold="2")
    return tale.account(800000, total, 0)


def test_holds_of_two_terminals_are_both_counted() -> None:
    name = "host.both-held"
    passed(held_twice().criterion(name))
    failed(held_twice(total=100000).criterion(name))
    failed(held_twice(state="reversed", total=100000).criterion(name))
    undecided(elsewhere().account().criterion(name))


def test_what_an_answer_carries() -> None:
    name = "host.reply-carries"
    tale = elsewhere().reply()
    passed(tale.criterion(name, field=38))
    passed(tale.criterion(name, field=38, value="123"))
    failed(tale.criterion(name, field=38, value="9"))
    failed(tale.criterion(name, field=54))
    passed(tale.criterion(name, field=54, value=""))
    failed(tale.criterion(name, field=38, value=""))
    undecided(elsewhere().criterion(name, field=38))
