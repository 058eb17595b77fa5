"""What holds of every timeline, good, bad or broken."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.judge.case import CaseVerdict, judge_case
from reports.judge.finding import Verdict
from reports.judge.registry import CRITERIA
from tests.reports.judge.builder import HOLD, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.reader_tale import CARD, OTHER_CARD, READ, SELECT, SERIAL, ReaderTale

ARGS = {
    "transaction": HOLD, "result": "approved", "code": "51", "hold": 100000, "amount": 115001, "state": "open",
    "held": 0, "booked": 0, "requests": 1, "least": 2, "present": True, "times": 1, "contains": "挂失", "field": 4,
    "value": "0000", "states": ["open"], "flag": "1", "debit": 0, "debit_count": 0, "credit": 0, "credit_count": 0,
    "trace": TRACE, "name": "batch limit", "again": True, "approval": "123456",
    "gateway": "second", "command": "SELECT", "mode": "chip", "pin": True, "what": "PIN", "messages": [HOLD],
    "count": 1, "asked": "ARQC", "given": "ARQC", "exactly": ["SDA failed"], "with": ["new card"], "label": "PBOC",
    "labels": ["PBOC"], "method": "DDA", "how": "PIN", "before": 1, "results": ["done"], "round": "first",
}  # fmt: skip
TRACES = st.sampled_from([TRACE, "000078", "000079"])
TRANSACTIONS = st.sampled_from(
    [HOLD, "cancel", "completion", "completion void", "completion advice", "refund", "balance", "sale", "settlement"]
)
RESULTS = st.sampled_from(["approved", "declined", "no reply", "refused", "card removed", "card declined", "stored"])
WAITS = st.sampled_from([1, 2, TIMEOUT_MS - 31, TIMEOUT_MS, TIMEOUT_MS + 40])
STATES = st.sampled_from(["open", "reversed", "expired", "partly completed"])
COPIES = st.sampled_from(["merchant", "cardholder"])
POSTINGS = st.sampled_from(["hold", "book", "refund", "sale"])
GATEWAYS = st.sampled_from(["primary", "second"])
SEEN = st.sampled_from(["connected", "no handshake", "passed", "shows", "up", "down", "silent", "broke"])
CARDS = st.sampled_from(["卡号 625094******0014", None, "卡号 62509470****0014"])

BOTH = st.sampled_from([CARD, OTHER_CARD])
LATER = st.sampled_from([1, 2000])
PARTS = st.sampled_from(["command", "took", "gave", "response"])
HANDLED = st.sampled_from(["unplugged", "restarted", "in use again"])
DUTS = st.sampled_from([["terminal"], ["reader"], ["terminal", "reader"]])

Deed = Callable[[ReaderTale], object]
DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(lambda t: lambda tale: tale.order(t), TRANSACTIONS),
    st.builds(lambda t, wait: lambda tale: tale.request(trace=t, after=wait), TRACES, WAITS),
    st.builds(lambda t, f: lambda tale: tale.reversal(trace=t, without=(f,)), TRACES, st.sampled_from([0, 4, 39, 60])),
    st.builds(lambda mac: lambda tale: tale.checks(mac), st.sampled_from(["valid", "wrong"])),
    st.builds(lambda code: lambda tale: tale.decision(code), st.sampled_from(["00", "51"])),
    st.builds(
        lambda code, wait, rule: lambda tale: tale.asked and tale.reply(code, after=wait, rule=rule),
        st.sampled_from(["00", "51", "10", "77", "Z9"]), WAITS, st.sampled_from(["", "wrong MAC"]),
    ),
    st.builds(
        lambda what, unread, gone: lambda tale: tale.asked and tale.reply(spoiled=what, unread=unread, without=gone),
        st.lists(st.sampled_from(["MAC", "F4", "F11", "F38", "F44", "F49", "F55", "length", "drip"]), max_size=2),
        st.booleans(), st.lists(st.sampled_from([4, 11, 38, 39, 49, 64]), max_size=2),
    ),
    st.builds(
        lambda status, t, kind: lambda tale: tale.tell("terminal", kind, status=status, transaction="refund", trace=t),
        st.sampled_from(["written", "sent", "done", "given up"]), TRACES, st.sampled_from(["stored", "reversal"]),
    ),
    st.builds(lambda t: lambda tale: tale.management(t), st.sampled_from(["sign-on", "echo", "batch upload"])),
    st.builds(lambda flag: lambda tale: tale.settled(flag), st.sampled_from(["1", "2", "3"])),
    st.builds(lambda opened: lambda tale: tale.tell("terminal", "batch", closed="000001", opened=opened), TRACES),
    st.builds(lambda result, t: lambda tale: tale.outcome(result, trace=t), RESULTS, TRACES),
    st.builds(lambda copy, shown: lambda tale: tale.slip(copy, but={"卡号": shown}), COPIES, CARDS),
    st.builds(lambda state: lambda tale: tale.held(state), STATES),
    st.builds(lambda held: lambda tale: tale.account(1000000 - held, held), st.sampled_from([0, 100000])),
    st.builds(lambda kind: lambda tale: tale.posting(kind, 100000, pots=(1000000, 0, 0)), POSTINGS),
    st.builds(lambda text: lambda tale: tale.display(text), st.sampled_from(["请插卡", "挂失", "625094••••••0014"])),
    st.builds(lambda state: lambda tale: tale.paper(state), st.sampled_from(["out", "present"])),
    st.builds(
        lambda gateway, status, t, what: lambda tale: tale.tell(
            "rig", "gateway", gateway=gateway, status=status, connection=1, mti="0100", trace=t, what=what
        ),
        GATEWAYS, SEEN, TRACES, st.sampled_from(["an expired certificate", "no TLS"]),
    ),
    st.builds(lambda way, card: lambda tale: getattr(tale, way)(card), st.sampled_from(["inserted", "removed"]), BOTH),
    st.builds(lambda p, wait: lambda tale: tale.looked(present=p, after=wait), st.booleans(), LATER),
    st.builds(lambda name, card: lambda tale: tale.passed(name, card=card), st.sampled_from([SELECT, READ]), BOTH),
    st.builds(lambda part: lambda tale: getattr(tale, part)(), PARTS),
    st.builds(lambda error: lambda tale: tale.told(error), st.sampled_from(["CardRemoved", "ReaderGone"])),
    st.builds(lambda what: lambda tale: tale.handled(what), HANDLED),
    st.builds(lambda now: lambda tale: tale.asked_who(now=now), st.sampled_from([SERIAL, {}])),
    st.sampled_from([lambda tale: tale.gone(), lambda tale: tale.powered(), lambda tale: tale.lost()]),
    st.builds(lambda n: lambda tale: tale.tell("reader", "walk" if n else "walked", commands=n), st.integers(0, 1)),
    st.just(lambda tale: tale.supervisor()),
    st.just(lambda tale: tale.pin()),
    st.just(lambda tale: tale.tell("host", "undecodable", reason="x")),
    st.builds(lambda c: lambda tale: tale.expect(c, **ARGS), st.sampled_from([c.id for c in CRITERIA])),
)  # fmt: skip


@st.composite
def tales(draw: st.DrawFn) -> Tale:
    tale = ReaderTale(dut=draw(DUTS))
    for deed in draw(st.lists(DEEDS, min_size=3, max_size=25)):
        deed(tale)
    for criterion in draw(st.lists(st.sampled_from([c.id for c in CRITERIA]), max_size=5)):
        tale.expect(criterion, **ARGS)
    return tale.close()


def verdicts(judged: CaseVerdict) -> list[tuple[str, Verdict]]:
    return [(criterion.id, criterion.verdict) for criterion in judged.criteria]


@given(tales(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_the_lines_says_nothing_the_moments_say_it_all(tale: Tale, chance: random.Random) -> None:
    shuffled = list(tale.records)
    chance.shuffle(shuffled)
    assert judge_case(shuffled, tale.terms) == tale.judge()


@given(tales())
@settings(max_examples=60, deadline=None)
def test_a_failure_always_shows_an_event_of_the_timeline_and_says_what_was_found(tale: Tale) -> None:
    numbers = {record.number for record in tale.records}
    for criterion in tale.judge().criteria:
        assert set(criterion.evidence) <= numbers
        assert "could not evaluate" not in criterion.reason + criterion.actual, criterion
        if criterion.verdict is Verdict.FAIL:
            beside_its_own = [n for n in criterion.evidence if n not in _expects(tale)]
            assert beside_its_own, criterion
            assert criterion.expected
            assert criterion.actual


def _expects(tale: Tale) -> set[int]:
    return {record.number for record in tale.records if record.channel == "criterion"}


@given(tales())
@settings(max_examples=40, deadline=None)
def test_trouble_at_the_end_blames_nobody(tale: Tale) -> None:
    """No criterion that had passed fails by it, and no case."""
    before = tale.judge()
    last = tale.records.pop()
    tale.fault()
    tale.records.append(replace(last, number=last.number + 1, t_ns=last.t_ns + 10_000_000))
    after = tale.judge()
    for (name, was), (_, now) in zip(verdicts(before), verdicts(after), strict=True):
        assert not (now is Verdict.FAIL and was is not Verdict.FAIL), name
    assert not (after.verdict is Verdict.FAIL and before.verdict is not Verdict.FAIL)


@given(tales(), st.data())
@settings(max_examples=40, deadline=None)
def test_a_case_that_was_cut_short_never_fails_a_criterion_for_what_is_missing(tale: Tale, data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(tale.records) - 1))
    cut = judge_case(tale.records[:kept], tale.terms)
    assert cut.verdict in (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.ERROR)
    for criterion in cut.criteria:
        if criterion.verdict is Verdict.FAIL and criterion.source == "auditor":
            assert "never reversed" not in criterion.actual
            assert "stays open" not in criterion.actual


@given(tales())
@settings(max_examples=20, deadline=None)
def test_judging_changes_nothing_and_comes_to_the_same_again(tale: Tale) -> None:
    before = list(tale.records)
    assert tale.judge() == tale.judge()
    assert tale.records == before
