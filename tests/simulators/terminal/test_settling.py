"""The end of a batch. facts/unionpay-pos 2.3, 3.3; cases.md 195-204."""

from __future__ import annotations

import pytest

from protocols.orders import Result
from protocols.transactions import Transaction
from simulators.issuer import Answer, NoAnswer, Rule, SetField
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
LOST = NoAnswer(decide=False)
UNBALANCED = SetField(48, "000000010000" + "001" + "0" * 15 + "2" + "0" * 30 + "1")
BALANCED = SetField(48, "0" * 30 + "1" + "0" * 30 + "1")


def said(shop: Shop) -> dict[str, object]:
    """What the terminal says of its last settlement."""
    return [e for e in shop.events.of("settlement") if "uploaded" in e][-1]


def settle(shop: Shop) -> Result:
    return shop.order(T.SETTLEMENT).result


def mtis(shop: Shop) -> list[str]:
    """Of all that came since the batch was settled, sign-ons too."""
    return [str(e["mti"]) for e in shop.events.of("request")]


def after_settlement(shop: Shop) -> list[str]:
    return mtis(shop)[mtis(shop).index("0500") :]


# ── totals ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_of_everything_balances_and_holds_are_not_in_it(shop: Shop) -> None:
    """cases.md 195, 196, 204"""
    hold = shop.preauth(100_00)
    shop.order(T.INCREMENT, 20_00, hold)
    completion = shop.complete(hold, 110_00)
    shop.follow_up(T.COMPLETION_VOID, completion)
    shop.follow_up(T.CANCEL, shop.preauth(5_00))
    sale = shop.order(T.SALE, 30_00)
    shop.order(T.SALE_VOID, 30_00, sale)
    shop.order(T.REFUND, 40_00, shop.order(T.SALE, 40_00))
    shop.order(T.ADVICE, 7_00, shop.preauth(7_00))
    assert settle(shop) is Result.APPROVED
    event = said(shop)
    assert (event["debit_total"], event["debit_count"]) == (110_00 + 30_00 + 40_00 + 7_00, 4)
    assert (event["credit_total"], event["credit_count"]) == (110_00 + 30_00 + 40_00, 3)
    assert (event["flag"], event["uploaded"]) == ("1", 0)


def test_an_empty_batch_settles(shop: Shop) -> None:
    assert settle(shop) is Result.APPROVED
    assert said(shop)["debit_count"] == 0


def test_a_balanced_batch_ends_with_207_and_the_terminal_signs_off_and_on(shop: Shop) -> None:
    shop.order(T.SALE, 30_00)
    settle(shop)
    assert after_settlement(shop) == ["0500", "0320", "0820", "0800"]
    assert [e["transaction"] for e in shop.events.of("request", mti="0320")] == ["batch end"]
    assert shop.preauth().approved


def test_a_market_without_sign_off_goes_on_under_the_same_keys(open_shop: Open) -> None:
    shop = open_shop(settlement={"sign_off_after": False})
    shop.order(T.SALE, 30_00)
    settle(shop)
    assert after_settlement(shop) == ["0500", "0320"]
    assert shop.preauth().approved


def test_the_next_request_is_of_a_new_batch_and_an_old_hold_can_be_completed(shop: Shop) -> None:
    """cases.md 39, 199"""
    hold = shop.preauth()
    settle(shop)
    assert shop.events.of("batch", closed="000001") == [{"closed": "000001", "opened": "000002"}]
    completion = shop.complete(hold)
    assert (completion.batch, completion.approved) == ("000002", True)
    assert settle(shop) is Result.APPROVED
    assert (said(shop)["debit_total"], said(shop)["batch"]) == (100_00, "000002")


def test_the_slip_has_totals_and_what_was_found(shop: Shop) -> None:
    shop.order(T.SALE, 30_00)
    outcome = shop.order(T.SETTLEMENT)
    slip = shop.printer.written[-1]
    assert slip.text.startswith("结算单")
    assert all(words in slip.text for words in ("RMB 30.00", "1 对账平", outcome.trace, outcome.batch))
    assert slip.cut
    assert shop.printing()[-1] == ("settlement", "done")


# ── differences ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_unbalanced_batch_is_uploaded_in_blocks_of_eight_and_ended_with_202(shop: Shop) -> None:
    """cases.md 198"""
    for number in range(9):
        assert shop.order(T.SALE, 1_00 + number).approved
    shop.preauth(1_00)
    shop.host.add_rule(Rule(UNBALANCED, T.SETTLEMENT))
    assert settle(shop) is Result.APPROVED
    assert (said(shop)["flag"], said(shop)["uploaded"]) == ("2", 9)
    uploads = shop.events.of("upload")
    assert len(uploads) == 9
    assert all(e["matched"] for e in uploads)
    assert after_settlement(shop)[:4] == ["0500", "0320", "0320", "0320"]
    ends = shop.events.of("request", transaction="batch end")
    assert len(ends) == 1
    assert "2 对账不平" in shop.printer.written[-1].text


def test_a_batch_in_error_is_uploaded_and_reported_and_closed(shop: Shop) -> None:
    shop.order(T.SALE, 30_00)
    shop.host.add_rule(Rule(SetField(48, "0" * 30 + "3" + "0" * 31), T.SETTLEMENT))
    outcome = shop.order(T.SETTLEMENT)
    assert (outcome.result, outcome.message) == (Result.DECLINED, "对账错")
    assert said(shop)["flag"] == "3"
    assert shop.preauth().batch == "000002"


def test_what_the_host_refuses_of_an_upload_is_shown(shop: Shop) -> None:
    shop.order(T.SALE, 30_00)
    shop.host.add_rule(Rule(UNBALANCED, T.SETTLEMENT))
    shop.host.add_rule(Rule(Answer("25"), T.BATCH_UPLOAD))
    assert settle(shop) is Result.APPROVED
    assert any(text.startswith("批上送 25") for text in shop.displays())


# ── what goes before ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pending_reversal_and_a_stored_message_go_first(open_shop: Open) -> None:
    """cases.md 203"""
    shop = open_shop(reversal={"first_try": "before next"})
    shop.host.add_rule(Rule(Answer("96"), T.ADVICE))
    shop.order(T.ADVICE, 10_00, shop.preauth(10_00))
    shop.host.add_rule(Rule(Answer("96"), T.ADVICE))
    shop.host.add_rule(Rule(NoAnswer(), T.SALE))
    shop.impatient = {"request"}
    shop.order(T.SALE, 30_00)
    before = len(mtis(shop))
    shop.impatient = set()
    shop.parameters(response_timeout_s=10.0)
    assert settle(shop) is Result.APPROVED
    assert mtis(shop)[before : before + 3] == ["0400", "0220", "0500"]
    assert (said(shop)["flag"], said(shop)["debit_total"]) == ("1", 10_00)


def test_with_a_reversal_that_cannot_be_sent_nothing_is_settled(shop: Shop) -> None:
    shop.host.add_rule(Rule(NoAnswer(), T.SALE))
    shop.host.add_rule(Rule(LOST, reversal=True))
    shop.impatient = {"request", "reversal"}
    shop.order(T.SALE, 30_00)
    shop.host.stop()
    assert settle(shop) is Result.NO_REPLY
    assert shop.terminal._journal.batch.number == "000001"


# ── interruptions ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("decide", [True, False])
@pytest.mark.parametrize("what", [T.SETTLEMENT, T.BATCH_UPLOAD, T.BATCH_END])
def test_what_is_not_answered_leaves_the_batch_open_and_the_next_settlement_says_the_same(
    shop: Shop, what: Transaction, decide: bool
) -> None:
    """cases.md 201"""
    shop.order(T.SALE, 30_00)
    if what is T.BATCH_UPLOAD:
        shop.host.add_rule(Rule(UNBALANCED, T.SETTLEMENT))
    shop.host.add_rule(Rule(NoAnswer(decide=decide), what))
    shop.parameters(response_timeout_s=0.2)
    assert settle(shop) is Result.NO_REPLY
    assert shop.terminal._journal.batch.number == "000001"
    assert not shop.events.of("batch", closed="000001")
    shop.parameters(response_timeout_s=10.0)
    shop.order(T.SETTLEMENT)
    first, last = shop.messages("0500")
    assert (first[48], first[60]) == (last[48], last[60])
    assert shop.terminal._journal.batch.number == "000002"


def test_a_settlement_that_is_refused_leaves_the_batch_open(shop: Shop) -> None:
    shop.order(T.SALE, 30_00)
    shop.host.add_rule(Rule(Answer("96"), T.SETTLEMENT))
    outcome = shop.order(T.SETTLEMENT)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "96")
    assert shop.terminal._journal.batch.number == "000001"
    assert settle(shop) is Result.APPROVED


def test_an_answer_without_totals_settles_nothing(shop: Shop) -> None:
    shop.host.add_rule(Rule(SetField(48, "0"), T.SETTLEMENT))
    assert settle(shop) is Result.NO_REPLY
    assert shop.terminal._journal.batch.number == "000001"


# ── the limit ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_batch_is_settled_before_the_next_transaction(shop: Shop) -> None:
    """cases.md 200"""
    shop.parameters(batch_limit=2)
    shop.order(T.SALE, 30_00)
    shop.order(T.SALE, 40_00)
    assert not shop.events.of("request", mti="0500")
    third = shop.order(T.SALE, 50_00)
    assert (third.approved, third.batch) == (True, "000002")
    assert said(shop)["debit_total"] == 70_00
    assert shop.held() == (0, 120_00)


def test_a_full_batch_that_cannot_be_settled_takes_nothing(shop: Shop) -> None:
    shop.parameters(batch_limit=1)
    shop.order(T.SALE, 30_00)
    shop.host.add_rule(Rule(Answer("96"), T.SETTLEMENT))
    assert shop.order(T.SALE, 50_00).result is Result.REFUSED
    assert shop.order(T.SALE, 50_00).approved


def test_the_market_has_a_limit_of_its_own(open_shop: Open) -> None:
    shop = open_shop(settlement={"batch_limit": 1})
    shop.order(T.SALE, 30_00)
    assert shop.order(T.SALE, 30_00).batch == "000002"
