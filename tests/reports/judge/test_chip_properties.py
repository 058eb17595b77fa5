"""What holds of every timeline of a chip, however broken: it is judged, with evidence, in whatever order it is read."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv import TlvError
from protocols.emv.verification import Tvr
from reports.chipsheet import chip_of
from reports.judge.auditors import auditors
from reports.judge.case import judge_case
from reports.judge.finding import Verdict
from tests.reports.judge.chip_tale import AID, UNBLOCK, ChipTale

Deed = Callable[[ChipTale], object]
HEX = st.binary(max_size=12).map(lambda data: data.hex().upper())
SW = st.sampled_from(["9000", "6985", "6283", "63C1", "6983", "6110", "6C05", "6F00", ""])
KINDS = st.sampled_from(["AAC", "TC", "ARQC"])
CODES = st.sampled_from(["00", "51", "10"])
HEADS = st.sampled_from(
    ["00A40400", "80A80000", "00B2010C", "80AE8000", "80AE4000", "80CA9F17", "00200080", "00880000"]
)
COUNTERS = st.sampled_from(["9F17", "9F36"])
SERVICES = st.sampled_from(["201", ""])
MOVES = st.sampled_from(["inserted", "removed", "gone"])
TAGS = st.sampled_from(["82", "8C", "8D", "8E", "5A", "9F07", "9F0E", "8F", "9F46", "5F34"])

DEEDS: st.SearchStrategy[Deed] = st.one_of(
    st.builds(lambda t: lambda tale: tale.order(t), st.sampled_from(["pre-authorisation", "sale", "completion"])),
    st.builds(lambda sw: lambda tale: tale.selects(AID, sw=sw), SW),
    st.builds(lambda sw, pdol: lambda tale: tale.options(sw, pdol), SW, HEX),
    st.builds(lambda head, data, answer, sw: lambda tale: tale.apdu(head + data, answer, sw), HEADS, HEX, HEX, SW),
    st.builds(lambda sw, form: lambda tale: tale.verifies(sw, form), SW, st.sampled_from(["plain", "enciphered"])),
    st.builds(lambda right, sw: lambda tale: tale.signs(right=right, sw=sw), st.booleans(), SW),
    st.builds(lambda tag, value, sw: lambda tale: tale.gets(tag, value, sw), COUNTERS, HEX, SW),
    st.builds(lambda g, a, v: lambda tale: tale.first(g, a, tvr=Tvr(v)), KINDS, KINDS, st.integers(0, 2**40 - 1)),
    st.builds(lambda g, a, code: lambda tale: tale.second(a, g, code=code), KINDS, KINDS, CODES),
    st.builds(lambda tag, value: lambda tale: tale.card.update({tag: bytes.fromhex(value)}), TAGS, HEX),
    st.builds(lambda tag: lambda tale: tale.card.pop(tag, None) if tag != "82" else None, TAGS),
    st.builds(lambda tag, value: lambda tale: tale.sent(chip={tag: value}), TAGS, HEX),
    st.builds(lambda code: lambda tale: tale.asked and tale.answered(code, scripts=[]), CODES),
    st.builds(lambda end, form: lambda tale: tale.pin_entered(end, form),
              st.sampled_from(["entered", "bypassed", "broken", "cancelled"]), st.sampled_from(["online", "plain"])),
    st.builds(lambda code: lambda tale: tale.tell("card", "swiped", card="x", service_code=code), SERVICES),
    st.builds(lambda kind: lambda tale: tale.tell("reader", kind, card="x"), MOVES),
    st.builds(lambda result: lambda tale: tale.outcome(result), st.sampled_from(["approved", "declined"])),
    st.sampled_from([
        lambda tale: tale.powered(), lambda tale: tale.reads(), lambda tale: tale.configured(ca_keys=None, revoked="x"),
        lambda tale: tale.personalised(authentic="wrong"), lambda tale: tale.opened(), lambda tale: tale.good(),
        lambda tale: tale.runs(UNBLOCK), lambda tale: tale.authenticates(), lambda tale: tale.checked("clear"),
        lambda tale: tale.tell("card", "personalised", card="credit-0014", applications=["x"], data_wrong=[]),
        lambda tale: tale.tell("operator", "application", label="", of=[]),
    ]),
)  # fmt: skip


@st.composite
def tales(draw: st.DrawFn) -> ChipTale:
    tale = ChipTale()
    if draw(st.booleans()):
        tale.opened()
    for deed in draw(st.lists(DEEDS, min_size=1, max_size=15)):
        with suppress(TlvError, ValueError):  # a list of the card's that nobody can fill
            deed(tale)
    return tale.close()


@given(tales())
@settings(max_examples=120, deadline=None)
def test_whatever_happened_is_judged_and_every_failure_shows_events(tale: ChipTale) -> None:
    numbers = {record.number for record in tale.records}
    for audit in auditors():
        if audit.id.startswith("chip."):
            found = audit.evaluate(tale.view())
            if found is not None:
                assert set(found.evidence) <= numbers
                assert found.evidence or found.verdict is not Verdict.FAIL
                assert all(any(d.numbers) for d in found.deviations)


@given(tales())
@settings(max_examples=40, deadline=None)
def test_whatever_happened_can_be_shown(tale: ChipTale) -> None:
    for block in chip_of(tale.records, tale.terms):
        assert block["title"]
        assert all(row["text"] or row["words"] for row in block["rows"])


@given(tales(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_the_order_of_the_lines_says_nothing(tale: ChipTale, chance: random.Random) -> None:
    shuffled = list(tale.records)
    chance.shuffle(shuffled)
    assert judge_case(shuffled, tale.terms) == tale.judge()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_good_terminal_is_not_blamed_whatever_nobody_told(data: st.DataObject) -> None:
    """What twins, rig and people say of themselves, and what hides behind a mask, may all be missing."""
    tale = ChipTale().opened().pin_entered().first().sent().checked().answered().second()
    tale.outcome("approved")
    facts = [r.number for r in tale.records if r.kind in FACTS]
    gone = set(data.draw(st.lists(st.sampled_from(facts), unique=True)))
    bare = data.draw(st.booleans())
    tale.records = [
        replace(r, fields={k: v for k, v in r.fields.items() if k == "present"}) if bare and r.channel == "card" else r
        for r in tale.records if r.number not in gone
    ]  # fmt: skip
    for audit in auditors():
        if audit.id.startswith("chip."):
            found = audit.evaluate(tale.view())
            assert found is None or found.verdict is Verdict.PASS, (audit.id, found)


FACTS = ("configuration", "personalised", "selected", "signed", "cryptogram", "pin", "checks", "listed")
