"""What requests carry, how reversals end, and over which line the terminal goes on."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import (
    APPROVAL,
    BATCH,
    DAY,
    HOLD,
    OTHER_TERMINAL,
    REFERENCE,
    TERMINAL,
    TIMEOUT_MS,
    TRACE,
    Tale,
)
from tests.reports.judge.findings import failed, passed, undecided

OTHER = "000078"


# ── requests ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_request_carries() -> None:
    name, tale = "request.carries", Tale().order("completion").request()
    passed(tale.criterion(name, transaction="completion", field=22, value="05"))
    failed(tale.criterion(name, transaction="completion", field=22, value="01"))
    passed(tale.criterion(name, transaction="completion", field=35, value=""))
    failed(tale.criterion(name, transaction="completion", field=38, value=""))
    failed(tale.criterion(name, transaction="completion", field=35, value="6"))
    undecided(tale.criterion(name, transaction=HOLD, field=22, value="05"))
    undecided(Tale().order().request(message=False).criterion(name, transaction=HOLD, field=22, value="05"))
    undecided(Tale().order().reversal().criterion(name, transaction=HOLD, field=22, value="05"))
    two = Tale().order().request(change={22: "021"}).request(trace=OTHER)
    passed(two.criterion(name, transaction=HOLD, field=22, value="05"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("approval", APPROVAL), ("date", DAY), ("batch", BATCH), ("trace", TRACE), ("reference", REFERENCE)],
)
def test_the_original_is_named(key: str, value: str) -> None:
    tale = Tale().order("completion void").request(change={38: APPROVAL})
    passed(tale.criterion("original.named", transaction="completion void", **{key: value}))
    wrong = value[:-1] + ("1" if value[-1] != "1" else "2")
    assert f"{key} is" in failed(tale.criterion("original.named", transaction="completion void", **{key: wrong}))
    undecided(tale.criterion("original.named", transaction="cancel", **{key: value}))


def test_a_transaction_is_sent_once() -> None:
    name = "request.sent-once"
    passed(Tale().order().request().criterion(name, transaction=HOLD))
    failed(Tale().order().request().request(trace=OTHER).criterion(name, transaction=HOLD))
    failed(Tale().order().criterion(name, transaction=HOLD))
    undecided(Tale().request().criterion(name, transaction=HOLD))
    passed(Tale().approved().order().request(trace=OTHER).criterion(name, transaction=HOLD))


def test_what_was_stored_before_an_order_is_not_of_it() -> None:
    tale = Tale().order("completion advice").kept("written").outcome("stored", trace=TRACE)
    tale.order().request("completion advice").reply().request(HOLD, trace=OTHER).decision("51").reply("51")
    tale.outcome("declined", code="51", trace=OTHER)
    passed(tale.criterion("host.refused", code="51"))
    kept = Tale().order("refund").kept("written").outcome("stored", trace=TRACE).order("cancel").request("refund")
    passed(kept.posting("refund", 100000).criterion("host.not-asked"))
    passed(kept.criterion("ledger.untouched"))
    failed(Tale().order("refund").request("refund").criterion("host.not-asked"))


def test_trace_numbers_wrap() -> None:
    name = "trace.wrapped"

    def wrapped(to: str) -> Tale:
        return Tale().approved(trace="999998").approved("completion", trace="999999").order("cancel").request(trace=to)

    passed(wrapped("000001").criterion(name))
    passed(wrapped("000002").criterion(name))
    failed(wrapped("000000").criterion(name))
    failed(wrapped("000100").criterion(name))
    undecided(Tale().approved().criterion(name))
    undecided(Tale().approved(trace="999999").criterion(name))
    passed(
        Tale().unanswered(trace="999999").reversed(trace="999999").approved("cancel", trace="000001").criterion(name)
    )


def test_a_dead_line_is_given_up() -> None:
    name = "line.renewed"

    def silent() -> Tale:
        return Tale().unanswered()

    passed(silent().reversal(connection=2).reply().criterion(name))
    assert "gone dead" in failed(silent().reversal(connection=1).reply().criterion(name))
    failed(silent().reversal(connection=1).reversal(connection=2).reply().criterion(name))
    assert "nothing came" in failed(silent().criterion(name))
    undecided(silent().reversal(connection=2).criterion(name))
    undecided(Tale().approved().criterion(name))


# ── reversals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def tried(times: int, *, said: bool = True, shown: bool = True) -> Tale:
    tale = Tale().unanswered()
    for _ in range(times):
        tale.reversal(after=TIMEOUT_MS)
    if said:
        tale.tell("terminal", "reversal", status="given up", trace=TRACE)
    return tale.display("冲正失败 请联系银行", "operator") if shown else tale


def test_a_reversal_that_nobody_answers_is_given_up() -> None:
    name = "reversal.given-up"
    passed(tried(4).criterion(name, transaction=HOLD))
    passed(tried(4, said=False).criterion(name, transaction=HOLD))
    assert "sent 3 times" in failed(tried(3).criterion(name, transaction=HOLD))
    assert "sent 5 times" in failed(tried(5).criterion(name, transaction=HOLD))
    assert "nothing was shown" in failed(tried(4, shown=False).criterion(name, transaction=HOLD))
    silent = tried(4, said=False).tell("terminal", "reversal", status="sent", trace=TRACE)
    assert "did not say" in failed(silent.criterion(name, transaction=HOLD))
    undecided(tried(3).reversed().criterion(name, transaction=HOLD))
    undecided(tried(4).criterion(name, transaction="cancel"))
    assert "sent 0 times" in failed(Tale().unanswered().criterion(name, transaction=HOLD))


def test_the_reversal_says_why() -> None:
    name = "reversal.reason"
    passed(tried(1).criterion(name, transaction=HOLD, code="98"))
    failed(tried(1).criterion(name, transaction=HOLD, code="A0"))
    undecided(Tale().unanswered().criterion(name, transaction=HOLD, code="98"))
    undecided(Tale().criterion(name, transaction=HOLD, code="98"))
    again = tried(1).reversal(change={39: "A0"})
    passed(again.criterion(name, transaction=HOLD, code="98"))


def test_an_answered_reversal_is_over() -> None:
    name = "reversal.ended"
    ended = Tale().unanswered().reversal().reply("25")
    passed(ended.criterion(name, transaction=HOLD, code="25"))
    assert "sent again" in failed(ended.reversal().criterion(name, transaction=HOLD, code="25"))
    undecided(tried(2).criterion(name, transaction=HOLD, code="25"))
    undecided(Tale().unanswered().reversal().reply("96").criterion(name, transaction=HOLD, code="96"))
    undecided(Tale().unanswered().reversal().reply("25", late=True).criterion(name, transaction=HOLD, code="25"))
    slow = Tale().unanswered().reversal().reply("25", after=TIMEOUT_MS - 5)
    assert "too near" in undecided(slow.criterion(name, transaction=HOLD, code="25"))
    undecided(Tale().criterion(name, transaction=HOLD, code="25"))


def test_what_never_left_is_not_reversed() -> None:
    name = "reversal.not-owed"
    passed(Tale().order().outcome("no reply", trace="").criterion(name))
    assert "never left" in failed(Tale().order().outcome("no reply", trace="").reversal().criterion(name))
    failed(Tale().order().outcome("approved").criterion(name))
    undecided(Tale().unanswered().criterion(name))
    undecided(Tale().criterion(name))
    earlier = Tale().unanswered().order("cancel").outcome("no reply", trace="").reversal(HOLD)
    passed(earlier.criterion(name))


def test_the_reversal_is_sent_so_often() -> None:
    name = "reversal.count"
    passed(tried(2).criterion(name, transaction=HOLD, times=2))
    failed(tried(2).criterion(name, transaction=HOLD, times=1))
    failed(tried(2).criterion(name, transaction=HOLD, times=3))
    undecided(Tale().criterion(name, transaction=HOLD, times=3))


def test_a_second_terminals_reversals_are_not_looked_at() -> None:
    tale = Tale(terminal=TERMINAL).order().outcome("no reply", trace="")
    passed(tale.reversal(change={41: OTHER_TERMINAL}).criterion("reversal.not-owed"))
