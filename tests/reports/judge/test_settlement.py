"""Settlements: the auditor, and what scenarios demand of totals, uploads and batches."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import BATCH, HOLD, TIMEOUT_MS, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

ADVICE, NEXT, OTHER = "completion advice", "000002", "000078"
TOTALS = {"debit": 100000, "debit_count": 1, "credit": 0, "credit_count": 0}
NONE = {"debit": 0, "debit_count": 0, "credit": 0, "credit_count": 0}


def fresh(**more: object) -> Tale:
    """A batch that begins in this case: the one before was settled and closed."""
    tale = Tale(**more).order("settlement", 0).settle(batch="000000").settled()  # type: ignore[arg-type]
    return tale.tell("terminal", "batch", closed="000000", opened=BATCH)


def sale(tale: Tale, amount: int = 100000, trace: str = TRACE, kind: str = "sale") -> Tale:
    return tale.order(kind, amount).request(trace=trace).reply().slips().outcome("approved")


def settle(tale: Tale, debit: int, debits: int, credit: int = 0, given: int = 0, flag: str = "1") -> Tale:
    return tale.order("settlement", 0).settle(debit, debits, credit, given).settled(flag)


# ── totals ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_totals_that_add_up_pass() -> None:
    passed(settle(sale(fresh()), 100000, 1).audit("settlement.totals"))
    both = sale(sale(fresh()), 100000, OTHER, "sale void")
    passed(settle(both, 100000, 1, 100000, 1).audit("settlement.totals"))


@pytest.mark.parametrize("totals", [(100001, 1), (100000, 2), (0, 0), (200000, 2), (99999, 1), (100000, 1, 5, 1)])
def test_totals_that_do_not_add_up_fail(totals: tuple[int, ...]) -> None:
    tale = settle(sale(fresh()), *totals, flag="2")
    assert "claimed are" in failed(tale.audit("settlement.totals"), tale["host request"])


def test_a_hold_among_the_totals_fails() -> None:
    tale = settle(fresh().approved(), 100000, 1, flag="2")
    failed(tale.audit("settlement.totals"))
    passed(settle(fresh().approved(), 0, 0).audit("settlement.totals"))


def test_what_was_reversed_or_declined_is_not_counted() -> None:
    undone = fresh().unanswered("sale").reversed()
    passed(settle(undone, 0, 0).audit("settlement.totals"))
    failed(settle(fresh().unanswered("sale").reversed(), 100000, 1, flag="2").audit("settlement.totals"))
    declined = fresh().order("sale").request().reply("51").outcome("declined", code="51")
    failed(settle(declined, 100000, 1, flag="2").audit("settlement.totals"))
    granted = fresh().order("sale").request().reply().outcome("card declined").reversed()
    failed(settle(granted, 100000, 1, flag="2").audit("settlement.totals"))


def test_a_part_counts_as_that_part() -> None:
    def part() -> Tale:
        tale = fresh().order("sale").request(change={60: f"22{BATCH}000501"})
        return tale.reply("10", change={4: "000000060000"}).outcome("approved", amount=60000)

    passed(settle(part(), 60000, 1).audit("settlement.totals"))
    failed(settle(part(), 100000, 1, flag="2").audit("settlement.totals"))


def test_what_cannot_be_told_may_be_counted_or_not() -> None:
    untold = fresh().order("sale").request().reply()
    passed(settle(untold, 0, 0).audit("settlement.totals"))
    untold = fresh().order("sale").request().reply()
    passed(settle(untold, 100000, 1).audit("settlement.totals"))
    untold = fresh().order("sale").request().reply()
    failed(settle(untold, 100001, 1, flag="2").audit("settlement.totals"))


def test_an_advice_counts_once_it_is_acknowledged() -> None:
    tale = fresh().order(ADVICE).request().request().reply().outcome("approved")
    passed(settle(tale, 100000, 1).audit("settlement.totals"))
    tale = fresh().order(ADVICE).request().request().reply().outcome("approved")
    failed(settle(tale, 0, 0, flag="2").audit("settlement.totals"))
    for claimed in (0, 100000):
        refused = fresh().order(ADVICE).request().reply("25").outcome("stored")
        passed(settle(refused, claimed, claimed // 100000).audit("settlement.totals"))


def test_a_batch_that_began_earlier_is_judged_by_what_is_known_of_it() -> None:
    assert settle(sale(Tale()), 500000, 7).audit("settlement.totals") is None  # whatever cases before have left
    tale = sale(Tale()).order("settlement", 0).settle(500000, 7).settled("2", (400000, 6, 0, 0))
    assert tale.audit("settlement.totals") is None
    short = sale(Tale()).order("settlement", 0).settle(99999, 1).settled("2", (500000, 7, 0, 0))
    failed(short.audit("settlement.totals"))
    assert Tale().approved().audit("settlement.totals") is None


def test_a_batch_begins_when_another_one_was_settled_before() -> None:
    tale = sale(Tale().order("settlement", 0).settle(batch="000000").settled())
    failed(settle(tale, 200000, 2, flag="2").audit("settlement.totals"))
    unanswered = sale(Tale().order("settlement", 0).settle(batch="000000"))
    assert settle(unanswered, 200000, 2).audit("settlement.totals") is None  # nobody knows whether it was closed


def test_totals_that_nobody_recorded_are_not_judged() -> None:
    assert Tale().order("settlement", 0).request("settlement").reply().audit("settlement.totals") is None


# ── upload ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def unbalanced() -> Tale:
    return sale(fresh()).order("settlement", 0).settle(100000, 1).settled("2", (0, 0, 0, 0))


def test_an_unbalanced_batch_is_uploaded_and_ended() -> None:
    passed(unbalanced().upload("201").upload("202").audit("settlement.uploaded"))
    passed(unbalanced().upload("205").upload("202").audit("settlement.uploaded"))
    assert "not ended" in failed(unbalanced().upload("201").audit("settlement.uploaded"))
    assert "not ended" in failed(unbalanced().upload("201").upload("207").audit("settlement.uploaded"))
    assert "no detail" in failed(unbalanced().upload("202").audit("settlement.uploaded"))
    assert "after the end" in failed(
        unbalanced().upload("201").upload("202").upload("201").audit("settlement.uploaded")
    )
    empty = fresh().order("settlement", 0).settle().settled("2", (5, 1, 0, 0)).upload("202")
    passed(empty.audit("settlement.uploaded"))


def test_a_balanced_batch_is_not_uploaded() -> None:
    for ends in ((), ("207",), ("203", "207")):
        tale = settle(sale(fresh()), 100000, 1)
        for end in ends:
            tale.upload(end)
        passed(tale.audit("settlement.uploaded"))
    for end in ("201", "202"):
        assert f"F60.3 {end}" in failed(settle(sale(fresh()), 100000, 1).upload(end).audit("settlement.uploaded"))


def test_without_an_answer_or_in_error_nothing_is_uploaded_or_judged() -> None:
    assert Tale().order("settlement", 0).settle().audit("settlement.uploaded") is None
    assert Tale().order("settlement", 0).settle().settled("3").audit("settlement.uploaded") is None


def test_foreign_cards_may_be_what_differs() -> None:
    tale = Tale().order("settlement", 0).settle().settled("1")
    message = tale.records[-2].fields["message"]
    message["F48.5 domestic flag"], message["F48.10 foreign flag"] = "1 balanced", "2 unbalanced"
    assert "not ended" in failed(tale.audit("settlement.uploaded"))


# ── nothing pends ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_settlement_with_nothing_pending_passes() -> None:
    passed(settle(sale(Tale()), 100000, 1).audit("settlement.flushed-first"))
    passed(settle(Tale().unanswered().reversed(), 0, 0).audit("settlement.flushed-first"))
    assert Tale().approved().audit("settlement.flushed-first") is None


def test_a_settlement_before_a_reversal_fails() -> None:
    tale = settle(Tale().unanswered(), 0, 0)
    assert "before the reversal of 000077" in failed(tale.audit("settlement.flushed-first"), tale["host request"])
    tried = settle(Tale().unanswered().reversal(), 0, 0)  # once, in vain, and not again when the settlement was ordered
    failed(tried.audit("settlement.flushed-first"))
    late = Tale().unanswered().order("settlement", 0).settle().settled().reversed()
    failed(late.audit("settlement.flushed-first"))


def test_a_reversal_that_is_tried_first_or_given_up_does_not_hold_up_a_settlement() -> None:
    tale = Tale().unanswered().order("settlement", 0).reversal(HOLD).settle().settled()
    passed(tale.audit("settlement.flushed-first"))
    given_up = Tale().unanswered()
    for _ in range(4):
        given_up.reversal()
    passed(settle(given_up, 0, 0).audit("settlement.flushed-first"))


def test_a_settlement_before_a_stored_message_fails() -> None:
    def stored() -> Tale:
        return Tale().order(ADVICE).kept("written").outcome("stored", trace=TRACE)

    assert "before the completion advice 000077" in failed(settle(stored(), 0, 0).audit("settlement.flushed-first"))
    failed(settle(stored(), 0, 0).request(ADVICE).reply().audit("settlement.flushed-first"))
    failed(settle(stored().request(ADVICE), 0, 0).audit("settlement.flushed-first"))
    first = stored().order("settlement", 0).request(ADVICE).settle().settled()
    passed(first.audit("settlement.flushed-first"))
    passed(settle(stored().request(ADVICE).reply(), 0, 0).audit("settlement.flushed-first"))
    tried_out = stored()
    for _ in range(4):
        tried_out.request(ADVICE)
    passed(settle(tried_out, 0, 0).audit("settlement.flushed-first"))


# ── what scenarios demand ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_balanced_settlement() -> None:
    name = "settlement.balanced"
    passed(settle(fresh(), 0, 0).upload("207").criterion(name))
    passed(settle(fresh(), 0, 0).tell("terminal", "batch", closed=BATCH, opened=NEXT).criterion(name))
    passed(
        settle(fresh(), 0, 0).tell("ledger", "batch", terminal="50080001", batch=BATCH, state="closed").criterion(name)
    )
    assert "not closed" in failed(settle(fresh(), 0, 0).criterion(name))
    assert "flag is 2" in failed(settle(fresh(), 0, 0, flag="2").upload("207").criterion(name))
    wrong = fresh().order("settlement", 0).settle().settled(reported=False)
    wrong.tell("terminal", "settlement", batch=BATCH, flag="2").upload("207")
    assert "reports flag 2" in failed(wrong.criterion(name))
    undecided(Tale().approved().criterion(name))
    undecided(Tale().order("settlement", 0).settle().criterion(name))


def test_the_flag_is_reported() -> None:
    name = "settlement.reported"
    for flag in ("1", "2", "3"):
        passed(settle(fresh(), 0, 0, flag=flag).criterion(name, flag=flag))
    undecided(settle(fresh(), 0, 0).criterion(name, flag="2"))
    undecided(Tale().criterion(name, flag="1"))
    undecided(Tale().order("settlement", 0).settle().criterion(name, flag="1"))
    untold = fresh().order("settlement", 0).settle().settled("2", reported=False)
    undecided(untold.criterion(name, flag="2"))
    failed(untold.tell("terminal", "settlement", batch=BATCH, flag="1").criterion(name, flag="2"))


def test_differences_are_uploaded_and_the_batch_is_ended() -> None:
    name = "settlement.uploaded-and-ended"
    passed(unbalanced().upload("201").upload("202").criterion(name))
    failed(unbalanced().upload("202").criterion(name))
    failed(unbalanced().upload("201").criterion(name))
    undecided(settle(fresh(), 0, 0).criterion(name))
    undecided(Tale().criterion(name))


def test_a_hold_is_not_counted() -> None:
    name = "settlement.preauth-not-counted"
    passed(settle(sale(fresh().approved(), trace=OTHER), 100000, 1).criterion(name))
    assert "claimed are" in failed(settle(sale(fresh().approved(), trace=OTHER), 200000, 2, flag="2").criterion(name))
    failed(settle(fresh().approved(), 100000, 1, flag="2").criterion(name))
    undecided(settle(sale(fresh()), 100000, 1).criterion(name))
    undecided(Tale().criterion(name))
    passed(settle(Tale().approved(), 700000, 7).criterion(name))
    earlier = Tale().approved().order("settlement", 0).settle(700000, 7).settled("2", (0, 0, 0, 0))
    undecided(earlier.criterion(name))


def test_the_totals_are_these() -> None:
    passed(settle(fresh(), 100000, 1).criterion("settlement.counted", **TOTALS))
    failed(settle(fresh(), 100000, 1).criterion("settlement.counted", **NONE))
    undecided(Tale().criterion("settlement.counted", **TOTALS))
    undecided(Tale().order("settlement", 0).request("settlement").criterion("settlement.counted", **TOTALS))


def test_the_last_settlement_so_far_is_meant() -> None:
    tale = settle(fresh(), 100000, 1).expect("settlement.counted", **TOTALS)
    place = tale["expect settlement.counted"]
    settle(tale, 7, 7)
    passed(tale.criterion("settlement.counted", position=place, **TOTALS))
    failed(tale.criterion("settlement.counted", **TOTALS))


def test_a_settlement_that_was_ordered_and_not_made_is_not_the_one_before() -> None:
    tale = settle(fresh(), 100000, 1).order("settlement", 0).outcome("no reply", trace="")
    undecided(tale.criterion("settlement.counted", **TOTALS))


def test_host_terminal_and_slip_agree() -> None:
    name = "settlement.agreed"
    slip = ["结算单", "借记 1 笔  RMB 1,000.00", "贷记 0 笔  RMB 0.00"]
    passed(settle(fresh(), 100000, 1).criterion(name))
    passed(settle(fresh(), 100000, 1).slip(lines=slip).criterion(name))
    assert "not on the slip" in failed(settle(fresh(), 100001, 1).slip(lines=slip).criterion(name))
    differ = fresh().order("settlement", 0).settle(100000, 1).settled("2", (90000, 1, 0, 0))
    assert "the host has" in failed(differ.criterion(name))
    told = fresh().order("settlement", 0).settle(100000, 1).settled(reported=False)
    told.tell("terminal", "settlement", debit_total=1, debit_count=1, credit_total=0, credit_count=0)
    assert "the terminal reports" in failed(told.criterion(name))
    undecided(Tale().criterion(name))


def test_a_settlement_without_an_answer_is_resumed() -> None:
    name = "settlement.resumed"

    def silent() -> Tale:
        return sale(fresh()).order("settlement", 0).settle(100000, 1).order("settlement", 0)

    passed(silent().settle(100000, 1).settled().criterion(name))
    assert "not sent again" in failed(silent().criterion(name))
    assert "claimed are" in failed(silent().settle(0, 0).settled("2").criterion(name))
    assert "batch is" in failed(silent().settle(100000, 1, batch=NEXT).settled().criterion(name))
    undecided(silent().settle(100000, 1).criterion(name))
    undecided(settle(fresh(), 0, 0).criterion(name))


def test_what_pends_is_flushed() -> None:
    name = "settlement.flushed"
    passed(Tale().unanswered().order("settlement", 0).reversal(HOLD).settle().settled().criterion(name))
    stored = Tale().order(ADVICE).kept("written").outcome("stored", trace=TRACE)
    passed(stored.order("settlement", 0).request(ADVICE).reply().settle().settled().criterion(name))
    failed(settle(Tale().unanswered(), 0, 0).criterion(name))
    undecided(settle(fresh(), 0, 0).criterion(name))
    undecided(Tale().criterion(name))


def test_the_record_that_is_wrong_is_named_by_the_host() -> None:
    name, at = "settlement.record-named", {"terminal": "50080001", "batch": BATCH, "amount": 1, "card": "credit-0014"}
    tale = unbalanced().tell("ledger", "upload", trace=TRACE, matched=False, reason="no such trace", **at)
    passed(tale.criterion(name, trace=TRACE))
    failed(tale.criterion(name, trace=OTHER))
    tale = unbalanced().tell("ledger", "upload", trace=TRACE, matched=True, reason="", **at)
    assert "all matched" in failed(tale.criterion(name, trace=TRACE))
    failed(
        unbalanced().tell("ledger", "upload", trace=TRACE, matched=False, reason="", **at).criterion(name, trace=TRACE)
    )
    undecided(Tale().criterion(name, trace=TRACE))


def test_a_new_batch_begins_after_a_settlement() -> None:
    name = "batch.new-number"
    tale = settle(fresh(), 0, 0).order().request(change={60: f"10{NEXT}00050"})
    passed(tale.criterion(name))
    failed(settle(fresh(), 0, 0).order().request().criterion(name))
    undecided(settle(fresh(), 0, 0).criterion(name))
    undecided(Tale().approved().criterion(name))


def test_a_full_batch_is_settled_or_business_is_refused() -> None:
    name = "batch.forced"
    forced = fresh().order().settle().settled().request().reply().outcome("approved")
    passed(forced.criterion(name))
    passed(fresh().order().outcome("refused", trace="").criterion(name))
    assert "not settled" in failed(fresh().approved().criterion(name))
    lost = fresh().order().settle().settled().request().outcome("no reply", after=TIMEOUT_MS)
    assert "ended as no reply" in failed(lost.criterion(name))
    undecided(Tale().criterion(name))
