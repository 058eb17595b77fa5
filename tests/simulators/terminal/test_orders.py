"""A merchant's orders to their end, against the issuer host on TCP."""

from __future__ import annotations

import pytest

from protocols.emv import find
from protocols.emv.verification import Tvr
from protocols.faults import ForeignCard, PrinterGone
from protocols.money import Money
from protocols.orders import Result
from protocols.printing import Paper
from protocols.transactions import Transaction
from simulators.issuer import Answer, DropField, Rule
from simulators.terminal.terminal import NEUTRAL
from tests.simulators.kit import credit_profile
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
BOTH = [("merchant", "done"), ("cardholder", "done")]


# ── approvals ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_approved_hold_is_held_printed_twice_and_disarmed(shop: Shop) -> None:
    outcome = shop.preauth()
    assert (outcome.result, outcome.code, outcome.approval) == (Result.APPROVED, "00", "000001")
    assert outcome.masked_pan == "625094******0014"
    assert shop.held() == (100_00, 0)
    assert shop.printing() == BOTH
    assert [slip.cut for slip in shop.printer.written] == [True, True]
    assert shop.terminal._journal.armed() is None
    assert [e["type"] for e in shop.events.of("cryptogram")] == ["ARQC", "TC"]


def test_hold_completion_void_and_cancel_in_a_row(shop: Shop) -> None:
    hold = shop.preauth()
    completion = shop.complete(hold, 60_00)
    assert shop.held() == (0, 60_00)
    assert shop.follow_up(T.COMPLETION_VOID, completion).approved
    assert shop.held() == (100_00, 0)
    assert shop.follow_up(T.CANCEL, hold).approved
    assert shop.held() == (0, 0)


def test_every_request_has_a_trace_of_its_own(shop: Shop) -> None:
    traces = [shop.preauth(1).trace for _ in range(4)]
    assert traces == sorted(set(traces))


def test_the_terminal_signs_on_by_itself_when_it_has_not(shop: Shop) -> None:
    shop.preauth()
    assert [e["mti"] for e in shop.events.of("request")] == ["0800", "0100"]


@pytest.mark.parametrize("form", ["001", "003"])
def test_it_signs_on_in_the_form_of_its_market(open_shop: Open, form: str) -> None:
    shop = open_shop(security={"sign_on": form})
    assert shop.terminal.sign_on().approved
    assert shop.preauth().approved


def test_a_sign_on_under_a_wrong_master_key_leaves_it_signed_off_and_says_why(shop: Shop) -> None:
    """4.4: the check value differs."""
    shop.pad.inject(bytes(16))
    assert not shop.terminal.sign_on().approved
    assert any("check value" in text for text in shop.displays())
    assert shop.preauth().result is Result.NO_REPLY
    assert not shop.requests()


def test_a_sign_on_that_is_refused_is_told_with_its_code(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("97"), T.SIGN_ON))
    outcome = shop.terminal.sign_on()
    assert (outcome.result, outcome.code) == (Result.DECLINED, "97")


def test_a_sign_on_that_brings_no_keys_is_none(shop: Shop) -> None:
    shop.host.add_rule(Rule(DropField(62), T.SIGN_ON, times=None))
    assert not shop.terminal.sign_on().approved
    assert shop.preauth().result is Result.NO_REPLY
    assert not shop.requests()


# ── declines ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_decline_tells_the_customer_nothing_and_the_operator_why(shop: Shop) -> None:
    """cases.md 82."""
    outcome = shop.preauth(5_000_00)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "51")
    assert shop.displays("customer")[-1] == NEUTRAL
    assert shop.displays()[-1] == "51 可用余额不足"
    assert not shop.printer.written
    assert [e["type"] for e in shop.events.of("cryptogram")] == ["ARQC", "AAC"]


def test_a_code_that_nobody_knows_is_a_failed_transaction(shop: Shop) -> None:
    """5.21."""
    shop.host.add_rule(Rule(Answer("ZZ"), T.PREAUTH))
    assert shop.preauth().message == "交易失败"


def test_a_second_completion_is_declined(shop: Shop) -> None:
    hold = shop.preauth()
    shop.complete(hold)
    assert shop.complete(hold).code == "25"


# ── what the terminal refuses by itself ───────────────────────────────────────────────────────────────────────────


def test_a_completion_above_the_limit_is_kept_from_the_host(shop: Shop) -> None:
    hold = shop.preauth()
    outcome = shop.complete(hold, 115_01)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "完成金额超限 最高 115.00")
    assert len(shop.requests()) == 1
    assert shop.complete(hold, 115_00).approved


def test_with_its_limit_lifted_the_host_refuses_in_its_place(shop: Shop) -> None:
    hold = shop.preauth()
    shop.parameters(local_limit=False)
    assert shop.complete(hold, 115_01).code == "64"


@pytest.mark.parametrize("transaction", [T.CANCEL, T.COMPLETION_VOID])
@pytest.mark.parametrize("typed", [None, "000000"])
def test_cancel_and_void_need_the_supervisor(shop: Shop, transaction: T, typed: str | None) -> None:
    """5.11."""
    hold = shop.preauth()
    original = shop.complete(hold) if transaction is T.COMPLETION_VOID else hold
    before = shop.requests()
    shop.keys.supervisor = typed
    assert shop.follow_up(transaction, original).result is Result.REFUSED
    assert shop.requests() == before
    assert shop.events.of("supervisor") == [{"asked": True, "accepted": False}]
    shop.keys.supervisor = "123456"
    assert shop.follow_up(transaction, original).approved


def test_an_amount_of_nothing_is_refused(shop: Shop) -> None:
    assert shop.preauth(0).result is Result.REFUSED


def test_the_date_of_a_chip_that_decides_is_left_to_action_codes_and_issuer(shop: Shop) -> None:
    """EMV Book 3, 10.4.3"""
    hold = shop.preauth()
    shop.slot.insert(type(shop.card)(credit_profile(expiry="2001"), shop.card.pan, name="old"))
    shop.preauth()
    told = find(bytes(shop.messages("0100")[-1][55]), "95")  # type: ignore[arg-type]
    assert told is not None
    assert Tvr.EXPIRED in Tvr.parse(told)
    follow_up = shop.complete(hold)
    assert (follow_up.result, follow_up.message) == (Result.REFUSED, "该卡已过期")


def test_a_card_outside_the_test_ranges_stops_the_run_and_its_number_is_in_no_error(shop: Shop) -> None:
    """Design 7."""
    stranger = "62" + "2" * 14
    shop.slot.insert(type(shop.card)(credit_profile(), stranger, name="stranger"))
    with pytest.raises(ForeignCard) as caught:
        shop.preauth()
    assert stranger not in str(caught.value)
    assert not shop.requests()
    assert stranger not in " ".join(str(e.fields) for e in shop.events.all())


# ── people ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_card_it_gives_up_waiting(shop: Shop) -> None:
    shop.slot.remove()
    assert shop.preauth().message == "等待插卡超时"


def test_a_cardholder_may_cancel_at_the_pin(shop: Shop) -> None:
    shop.keys.pins = [None]
    assert shop.preauth().result is Result.CANCELLED
    assert not shop.requests()


def test_after_a_wrong_pin_it_asks_again_under_a_new_trace(shop: Shop) -> None:
    """5.17."""
    shop.keys.pins = ["000000", "123456"]
    assert shop.preauth().approved
    traces = [trace for _, trace in shop.requests()]
    assert len(set(traces)) == 2
    assert shop.held() == (100_00, 0)
    assert "密码错 请重新输入" in shop.displays("customer")


def test_after_three_wrong_pins_it_stops_asking(shop: Shop) -> None:
    shop.keys.pins = ["000000"]
    outcome = shop.preauth()
    assert outcome.result is Result.DECLINED
    assert shop.keys.asked == 3
    assert not shop.reversals()


def test_the_pin_is_told_by_its_length_alone(shop: Shop) -> None:
    shop.preauth()
    assert shop.events.of("pin") == [{"form": "online", "end": "entered", "digits": 6, "cancelled": False}]


# ── paper ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("paper", [Paper.OUT, Paper.UNKNOWN])
def test_without_paper_the_slips_wait_and_the_approval_stands(shop: Shop, paper: Paper) -> None:
    shop.printer.roll = paper
    assert shop.preauth().approved
    assert shop.printing() == [("merchant", "pending paper")]
    assert "打印机缺纸 请装纸后按确认" in shop.displays()
    shop.printer.roll = Paper.PRESENT
    shop.terminal.paper_loaded()
    assert shop.printing()[1:] == BOTH
    assert len(shop.printer.written) == 2
    assert not shop.reversals()


def test_paper_that_runs_out_in_the_middle_leaves_the_slip_to_be_printed_again_whole(shop: Shop) -> None:
    shop.printer.lasts = 1
    assert shop.preauth().approved
    assert shop.printing() == [("merchant", "done"), ("cardholder", "pending paper")]
    shop.printer.lasts, shop.printer.roll = None, Paper.PRESENT
    shop.terminal.paper_loaded()
    assert [slip.lines[1].text for slip in shop.printer.written] == ["商户存根", "持卡人存根"]


def test_slips_of_the_next_transaction_wait_behind_those_that_wait(shop: Shop) -> None:
    shop.printer.roll = Paper.OUT
    first = shop.preauth(1_00)
    shop.printer.roll = Paper.PRESENT
    second = shop.preauth(2_00)
    shop.terminal.paper_loaded()
    done = [e["trace"] for e in shop.events.of("printing", status="done")]
    assert done == [first.trace, first.trace, second.trace, second.trace]


def test_a_printer_lost_while_it_catches_up_loses_no_slip(shop: Shop) -> None:
    shop.printer.roll = Paper.OUT
    shop.preauth()
    shop.printer.pulled = True
    with pytest.raises(PrinterGone):
        shop.terminal.paper_loaded()
    shop.printer.pulled, shop.printer.roll = False, Paper.PRESENT
    shop.terminal.paper_loaded()
    assert [slip.lines[1].text for slip in shop.printer.written] == ["商户存根", "持卡人存根"]


def test_paper_loaded_without_need_prints_nothing(shop: Shop) -> None:
    shop.terminal.paper_loaded()
    assert not shop.printer.written


def test_to_idle_forgets_slips_lets_the_card_go_and_shows_it(shop: Shop) -> None:
    shop.printer.roll = Paper.OUT
    shop.preauth()
    shop.terminal.to_idle()
    shop.printer.roll = Paper.PRESENT
    shop.terminal.paper_loaded()
    assert not shop.printer.written
    assert shop.events.of("state")[-1] == {"state": "idle"}


# ── seeded defects: each does its one wrong thing ─────────────────────────────────────────────────────────────────


def test_defect_completed_approval_reversed(open_shop: Open) -> None:
    shop = open_shop("completed-approval-reversed")
    assert shop.preauth().approved
    assert [r[39] for r in shop.reversals()] == ["96"]


def test_defect_completion_over_limit_sent(open_shop: Open) -> None:
    shop = open_shop("completion-over-limit-sent")
    assert shop.complete(shop.preauth(), 116_00).code == "64"


def test_defect_full_pan_on_cardholder_copy(open_shop: Open) -> None:
    shop = open_shop("full-pan-on-cardholder-copy")
    shop.preauth()
    assert [shop.card.pan in slip.text for slip in shop.printer.written] == [False, True]


def test_defect_cancel_without_supervisor(open_shop: Open) -> None:
    shop = open_shop("cancel-without-supervisor")
    shop.keys.supervisor = None
    assert shop.follow_up(T.CANCEL, shop.preauth()).approved


def test_defect_slip_amount_of_previous(open_shop: Open) -> None:
    shop = open_shop("slip-amount-of-previous")
    shop.preauth(11_00)
    shop.preauth(22_00)
    assert "11.00" in shop.printer.written[2].text
    assert "22.00" not in shop.printer.written[2].text


def test_without_a_defect_slip_and_order_agree(shop: Shop) -> None:
    outcome = shop.preauth(22_00)
    assert all(str(Money(22_00)) in slip.text and outcome.trace in slip.text for slip in shop.printer.written)
