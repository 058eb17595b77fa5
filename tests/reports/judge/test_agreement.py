"""The auditors of agreement, receipts and privacy."""

from __future__ import annotations

import pytest

from tests.reports.judge.builder import GUARD_MS, HOLD, PAN, TIMEOUT_MS, Tale, market_but
from tests.reports.judge.findings import failed, passed

OTHER = "000078"
RULES = ["amount", "approval", "reference", "voucher", "card", "moment"]


def told(**outcome: object) -> Tale:
    """An approved hold whose report differs."""
    return Tale().order().request().reply().slips().outcome("approved", **outcome)


def printed(label: str, line: str | None, transaction: str = HOLD) -> Tale:
    """An approved transaction whose cardholder's copy differs in one line."""
    tale = Tale().order(transaction).request().reply().slip("merchant")
    return tale.slip("cardholder", but={label: line}).outcome("approved")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("transaction", [HOLD, "cancel", "completion", "completion void"])
def test_a_good_transaction_agrees(rule: str, transaction: str) -> None:
    passed(Tale().approved(transaction).audit(f"agreement.{rule}"))


@pytest.mark.parametrize("rule", RULES)
def test_what_was_not_approved_is_not_compared(rule: str) -> None:
    assert Tale().unanswered().audit(f"agreement.{rule}") is None
    assert Tale().order().outcome("approved").audit(f"agreement.{rule}") is None


# ── amounts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_amount_that_the_merchant_did_not_ask_for_fails() -> None:
    tale = Tale().order(amount=100000).request(amount=200000).reply().outcome("approved", amount=200000)
    said = failed(tale.audit("agreement.amount"), tale["terminal order"], tale["host request"])
    assert "2000.00" in said
    assert "1000.00" in said


def test_an_amount_that_is_reported_otherwise_fails() -> None:
    tale = told(amount=1)
    failed(tale.audit("agreement.amount"), tale["terminal outcome"], tale["host request"])


def test_an_amount_given_to_the_chip_otherwise_fails() -> None:
    tale = Tale().order().request(chip="000000000001").reply().outcome("approved")
    assert "9F02" in failed(tale.audit("agreement.amount"), tale["host request"])


@pytest.mark.parametrize("line", ["金额 RMB 600.00", "金额", None, "金额 RMB 11000.00", "金额 RMB 1000.001"])
def test_an_amount_that_is_printed_otherwise_fails(line: str | None) -> None:
    tale = printed("金额", line)
    failed(tale.audit("agreement.amount"), tale["printer slip"], tale["host request"])


@pytest.mark.parametrize(
    "line",
    ["金额 RMB 1,000.00", "交易金额: RMB1000.00", "金额\n      RMB 1000.00", "金 额 ￥1000.00元", "金额 -1000.00"],
)
def test_an_amount_may_be_printed_in_many_ways(line: str) -> None:
    passed(printed("金额", line).audit("agreement.amount"))


def test_a_currency_without_decimals_is_printed_without() -> None:
    yen = market_but(currency={"alpha": "JPY", "numeric": "392", "exponent": 0})
    tale = Tale(rules=yen).order().request().reply().slips().outcome("approved")
    passed(tale.audit("agreement.amount"))


# ── codes and references ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rule", "label"), [("approval", "授权号"), ("reference", "参考号")])
def test_a_code_that_is_reported_or_printed_otherwise_fails(rule: str, label: str) -> None:
    tale = told(**{rule: "999999"})
    assert "999999" in failed(tale.audit(f"agreement.{rule}"), tale["terminal outcome"], tale["host response"])
    for line in (f"{label} 999999", label, None):
        tale = printed(label, line)
        failed(tale.audit(f"agreement.{rule}"), tale["printer slip"], tale["host response"])


def test_a_code_within_a_longer_one_is_not_the_code() -> None:
    failed(printed("授权号", "授权号 1123456").audit("agreement.approval"))


def test_a_report_without_the_field_is_not_compared() -> None:
    passed(told(without=("approval", "reference", "amount")).audit("agreement.approval"))
    passed(told(without=("approval", "reference", "amount")).audit("agreement.reference"))
    passed(told(without=("approval", "reference", "amount")).audit("agreement.amount"))


def test_a_reply_without_a_code_compares_none() -> None:
    tale = Tale().order().request().reply(without=(38,)).outcome("approved")
    passed(tale.audit("agreement.approval"))


def test_a_voucher_number_that_is_not_the_trace_fails() -> None:
    tale = printed("凭证号", "凭证号 000001")
    failed(tale.audit("agreement.voucher"), tale["printer slip"], tale["host request"])


# ── card ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line", ["卡号 622424******0113", "卡号 625094******0113", "卡号 ************0113", "卡号 6224 24** **** 0014"]
)
def test_another_card_on_the_slip_fails(line: str) -> None:
    tale = printed("卡号", line)
    failed(tale.audit("agreement.card"), tale["printer slip"], tale["host request"])


@pytest.mark.parametrize(
    "line", ["卡号 ************0014", "卡号: 6250 94** **** 0014", "卡号\n  625094******0014/C", None]
)
def test_a_card_shown_in_part_or_not_at_all_agrees(line: str | None) -> None:
    passed(printed("卡号", line).audit("agreement.card"))


# ── times ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [
        "日期/时间 2026/11/25 08:16:57",
        "日期/时间: 2026-11-25  8:16:57",
        "日期/时间\n 2026/11/25 08:16:57",
        "日期/时间 20261125081657",
        "日期/时间 11/25 08:16",
        "日期 2026/11/25\n时间 08:16:57",
        "日期/时间 261125 08:16:57",
    ],
)
def test_the_moment_may_be_printed_in_many_ways(line: str) -> None:
    passed(printed("日期/时间", line).audit("agreement.moment"))


@pytest.mark.parametrize(
    "line",
    [
        "日期/时间 2026/11/25 08:16:58",
        "日期/时间 2026/11/24 08:16:57",
        "日期/时间 2026/10/25 08:16:57",
        "日期/时间",
        None,
    ],
)
def test_another_moment_fails(line: str | None) -> None:
    tale = printed("日期/时间", line)
    failed(tale.audit("agreement.moment"), tale["printer slip"], tale["host response"])


def test_a_reply_without_a_moment_compares_none() -> None:
    passed(Tale().order().request().reply(without=(12,)).slips().outcome("approved").audit("agreement.moment"))


@pytest.mark.parametrize(("rule", "label"), [("amount", "金额"), ("moment", "日期/时间"), ("approval", "授权号")])
def test_a_line_that_the_market_does_not_demand_may_be_missing(rule: str, label: str) -> None:
    lax = market_but(receipt={"mandatory": {}})
    tale = Tale(rules=lax).order().request().reply().slips(but={label: None}).outcome("approved")
    passed(tale.audit(f"agreement.{rule}"))


# ── which slip belongs to what ────────────────────────────────────────────────────────────────────────────────────


def two(second: object = None) -> Tale:
    return Tale().approved(amount=100000).order(amount=60000).request(trace=OTHER).reply()


def test_slips_of_two_transactions_are_not_mixed_up() -> None:
    passed(two().slips().outcome("approved").audit("agreement.amount"))


def test_the_previous_slip_printed_again_is_no_slip_of_this_transaction() -> None:
    tale = Tale().order(amount=100000).request().reply().slips().outcome("approved")
    before = tale.lines("merchant")
    tale.order(amount=60000).request(trace=OTHER).reply().slip(lines=before).slip("cardholder").outcome("approved")
    failed(tale.audit("agreement.amount"))
    failed(tale.audit("agreement.voucher"))


def test_a_slip_that_waited_for_paper_belongs_to_its_own_transaction() -> None:
    tale = Tale().order(amount=100000).request().reply().outcome("approved")
    merchant, cardholder = tale.lines("merchant"), tale.lines("cardholder")
    tale.order(amount=60000).request(trace=OTHER).reply().slip(lines=merchant).slip(lines=cardholder)
    passed(tale.slips().outcome("approved").audit("agreement.amount"))


def test_a_reprint_belongs_to_what_it_reprints() -> None:
    tale = Tale().order(amount=100000).request().reply().slips().outcome("approved")
    again = ["重打印(DUPLICATED)", *tale.lines("merchant")]
    tale.order(amount=60000).request(trace=OTHER).reply().slips().slip(lines=again).outcome("approved")
    passed(tale.audit("agreement.amount"))


def test_a_coupon_and_the_slip_of_a_refused_order_are_no_receipts() -> None:
    tale = Tale().approved().slip(lines=["谢谢惠顾", "优惠券 10 元"])
    passed(tale.audit("agreement.amount"))
    tale.order(amount=5).slip(lines=["交易失败", "金额 RMB 0.05"]).outcome("refused", trace="")
    passed(tale.audit("agreement.amount"))


def test_two_approved_transactions_with_one_trace_are_each_compared_with_their_own_reply() -> None:
    tale = Tale().approved().order(amount=60000).request(change={60: "1000000200050"})
    tale.reply(change={38: "654321", 37: "112500000069"})
    tale.slips(but={"授权号": "授权号 654321", "参考号": "参考号 112500000069"})
    tale.outcome("approved", approval="654321", reference="112500000069")
    for rule in RULES:
        passed(tale.audit(f"agreement.{rule}"))
    passed(tale.audit("wire.traces"))


# ── approvals are the host's ──────────────────────────────────────────────────────────────────────────────────────


def test_an_approval_that_the_host_gave_passes() -> None:
    passed(Tale().approved().audit("agreement.host"))
    assert Tale().unanswered().audit("agreement.host") is None


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ({"after": TIMEOUT_MS + GUARD_MS + 1}, "after the time-out"),
        ({"rule": "wrong MAC"}, "no authentic answer"),
        ({"code": "51"}, "answered with 51"),
        ({"change": {11: OTHER}}, "no authentic answer"),
    ],
)
def test_an_approval_that_the_host_did_not_give_fails(reply: dict[str, object], why: str) -> None:
    tale = Tale().order().request().reply(**reply).outcome("approved")
    said = failed(tale.audit("agreement.host"), tale["terminal outcome"], tale["host request"], tale["host response"])
    assert why in said


def test_an_approval_without_any_answer_or_request_fails() -> None:
    tale = Tale().order().request().outcome("approved")
    assert "not answered" in failed(tale.audit("agreement.host"), tale["terminal outcome"])
    tale = Tale().order().outcome("approved")
    assert "never left" in failed(tale.audit("agreement.host"), tale["terminal outcome"])


def test_an_approval_in_the_guard_band_is_not_blamed() -> None:
    passed(Tale().order().request().reply(after=TIMEOUT_MS + GUARD_MS).outcome("approved").audit("agreement.host"))


def test_an_offline_completion_that_goes_up_as_an_advice_is_not_blamed() -> None:
    tale = Tale().order("completion").outcome("approved", trace="").request("unknown", mti="0220")
    passed(tale.audit("agreement.host"))


# ── receipts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_copies_of_what_was_approved_pass() -> None:
    passed(Tale().approved().audit("receipt.both-copies"))


def test_an_approved_transaction_without_a_copy_fails() -> None:
    tale = Tale().order().request().reply().slip("merchant").outcome("approved")
    assert "持卡人存根" in failed(tale.audit("receipt.both-copies"), tale["terminal outcome"])
    tale = Tale().approved().order().request(trace=OTHER).reply().outcome("approved")
    failed(tale.audit("receipt.both-copies"), tale["terminal outcome"])


def test_without_a_printer_or_without_paper_nobody_is_blamed() -> None:
    assert Tale().order().request().reply().outcome("approved").audit("receipt.both-copies") is None
    dry = Tale().paper("out").order().request().reply().outcome("approved")
    assert dry.audit("receipt.both-copies") is None
    lost = Tale().order().request().reply().tell("printer", "lost", what="slip").outcome("approved")
    assert lost.audit("receipt.both-copies") is None
    assert Tale().unanswered().paper("present").audit("receipt.both-copies") is None


# ── privacy ───────────────────────────────────────────────────────────────────────────────────────────────────────

EXPOSED = ({"kind": "pan", "offset": 3, "clear_digits": 16, "owner": "dut"},)


def test_masked_numbers_on_slips_displays_and_reports_pass() -> None:
    passed(Tale().approved().display("625094******0014").audit("privacy.exposed"))
    assert Tale().account().audit("privacy.exposed") is None


def test_a_number_that_was_printed_or_shown_in_clear_fails() -> None:
    tale = Tale().approved().slip(exposed=EXPOSED)
    assert "16 clear digits of a card number were printed" in failed(
        tale.audit("privacy.exposed"), tale["printer slip"]
    )
    tale = Tale().approved().display("卡号 625094••••••0014")
    assert "were shown" in failed(tale.audit("privacy.exposed"), tale["terminal display"])
    for line in ("卡号 625094••••••0014", "卡号 6250 94•• •••• 0014", "000077 6250-94••-••••-0014/I"):
        tale = Tale().approved().slip(lines=[line])
        assert "were printed" in failed(tale.audit("privacy.exposed"), tale["printer slip"])
    tale = Tale().approved().slip(lines=["卡号 625094••••", "••0014"], exposed=EXPOSED)  # broken over two lines
    assert "were printed" in failed(tale.audit("privacy.exposed"), tale["printer slip"])


@pytest.mark.parametrize("shown", ["62509470****0014", "625094*****00014", "6250 9470 **** 0014"])
def test_more_than_first_six_and_last_four_fails(shown: str) -> None:
    tale = Tale().approved().slip(lines=[f"卡号 {shown}"])
    failed(tale.audit("privacy.exposed"), tale["printer slip"])


def test_a_pin_shown_as_bullets_is_no_card_number() -> None:
    passed(Tale().approved().display("请输入密码 ••••••").display("123456 ••••").audit("privacy.exposed"))


@pytest.mark.parametrize(
    ("line", "digits"), [("TC 412345•••6789ABC", 13), ("TC 412345••••••6789", 16), ("TC 4123456789012ABC", 13)]
)
def test_a_cryptogram_that_looks_like_a_card_number_is_none(line: str, digits: int) -> None:
    told = ({"kind": "pan", "offset": 3, "clear_digits": digits, "owner": "dut"},)
    tale = Tale().order().request().reply().slip("merchant").slip("cardholder", but={"TC": line}, exposed=told)
    passed(tale.outcome("approved").audit("privacy.exposed"))
    passed(tale.criterion("receipt.pan-masked"))


def test_a_track_a_pin_or_a_key_that_was_printed_fails() -> None:
    for kind in ("pin block", "key"):
        tale = Tale().approved().slip(exposed=({"kind": kind, "offset": 0, "clear_digits": 16, "owner": "dut"},))
        assert kind in failed(tale.audit("privacy.exposed"), tale["printer slip"])
    track = {"kind": "track", "offset": 9, "clear_digits": 17, "owner": "dut"}
    failed(Tale().approved().slip(exposed=(EXPOSED[0], track)).audit("privacy.exposed"))
    coincidence = ({**EXPOSED[0], "clear_digits": 13}, track)
    passed(Tale().approved().slip(lines=["TC 412345•••6789D•••"], exposed=coincidence).audit("privacy.exposed"))


def test_a_card_of_the_case_is_known_by_its_ends_whatever_its_range() -> None:
    tale = Tale().order().request(change={2: "411111******1111"}).slip(lines=["卡号 411111••••••1111"])
    failed(tale.audit("privacy.exposed"), tale["printer slip"])


def test_what_holdfast_itself_did_is_not_the_terminals() -> None:
    passed(Tale().slip(exposed=({**EXPOSED[0], "owner": "holdfast"},)).audit("privacy.exposed"))


def test_a_line_that_nobody_cut_counts_and_one_that_a_slip_took_up_does_not_count_twice() -> None:
    tale = Tale().tell("printer", "line", text="x", exposed=EXPOSED)
    failed(tale.audit("privacy.exposed"), tale["printer line"])
    finding = tale.slip(exposed=EXPOSED).audit("privacy.exposed")
    failed(finding)
    assert finding is not None
    assert finding.evidence == (tale["printer slip"],)


def test_no_full_card_number_is_ever_in_these_tests_timelines() -> None:
    assert PAN not in str(Tale().approved().records)


@pytest.mark.parametrize("line", ["日期 1125 时间 08:16:57", "日期/时间 20261125 08:16", "日期/时间 11/25 08:16:57"])
def test_dates_are_read_however_they_are_written(line: str) -> None:
    passed(printed("日期/时间", line).audit("agreement.moment"))
    other = line.replace("1125", "1126").replace("11/25", "11/26")
    failed(printed("日期/时间", other).audit("agreement.moment"))
    other = line.replace("1125", "1225").replace("11/25", "12/25")
    failed(printed("日期/时间", other).audit("agreement.moment"))


def test_what_the_slip_shows_is_said() -> None:
    moment = failed(printed("日期/时间", "日期/时间 2026/11/25 09:16:57").audit("agreement.moment"))
    assert moment == "the slip says 2026/11/25 09:16:57, the reply 11/25 08:16:57"
    other = failed(printed("卡号", "卡号 625094******9999").audit("agreement.card"))
    assert "card 625094…9999, the message 625094******0014" in other
    assert "shows authorisation code none," in failed(printed("授权号", "授权号").audit("agreement.approval"))
    assert "shows authorisation code 999999," in failed(printed("授权号", "授权号 999999").audit("agreement.approval"))


# ── other transactions ────────────────────────────────────────────────────────────────────────────────────────────────

ALL = [HOLD, "cancel", "completion", "completion void", "sale", "sale void", "refund", "incremental pre-authorisation"]
ADVICE = "completion advice"


@pytest.mark.parametrize("rule", [*RULES, "original", "host"])
@pytest.mark.parametrize("transaction", [*ALL, ADVICE])
def test_every_transaction_that_is_right_agrees(rule: str, transaction: str) -> None:
    passed(Tale().approved(transaction).audit(f"agreement.{rule}"))


@pytest.mark.parametrize("transaction", ["sale", "sale void", "refund", "incremental pre-authorisation", ADVICE])
def test_another_amount_on_the_slip_of_any_of_them_fails(transaction: str) -> None:
    assert "slip says" in failed(printed("金额", "金额 RMB 999.99", transaction).audit("agreement.amount"))


def test_a_balance_has_neither_amount_nor_slip() -> None:
    tale = Tale().order("balance", 0).request().reply(change={54: "1002156C000000900000"}).outcome("approved", amount=0)
    passed(tale.audit("agreement.amount"))
    assert tale.tell("printer", "paper", state="present").audit("receipt.both-copies") is None


def stored(*, before: bool = True, code: str = "00") -> Tale:
    """An advice that is printed and reported before it leaves, and acknowledged later."""
    tale = Tale().order(ADVICE).tell("terminal", "stored", status="written", transaction=ADVICE, trace="000077")
    tale._asked = {"trace": "000077"}
    if before:
        tale.slips().outcome("stored")
    return tale.order().request(ADVICE).reply(code)


@pytest.mark.parametrize("rule", ["amount", "voucher", "card", "original"])
def test_a_stored_message_agrees_with_the_slips_from_before_it_left(rule: str) -> None:
    passed(stored().audit(f"agreement.{rule}"))
    assert stored(code="25").audit(f"agreement.{rule}") is None


def test_a_stored_message_whose_slip_says_something_else_fails() -> None:
    tale = Tale().order(ADVICE)
    tale._asked = {"trace": "000077"}
    tale.slip("merchant").slip("cardholder", but={"金额": "金额 RMB 1.00"}).outcome("stored")
    tale.order("sale").request(ADVICE, amount=100000).reply()
    assert "slip says 1.00" in failed(tale.audit("agreement.amount"))


@pytest.mark.parametrize("rule", ["approval", "reference", "moment"])
def test_a_slip_from_before_the_answer_cannot_carry_it(rule: str) -> None:
    tale = stored()
    assert tale.audit(f"agreement.{rule}") is not None
    passed(tale.audit(f"agreement.{rule}"))


def test_an_advice_reported_as_approved_before_it_was_acknowledged_fails() -> None:
    early = Tale().order(ADVICE).request().outcome("approved").reply()
    assert "not acknowledged by then" in failed(early.audit("agreement.host"), early["terminal outcome"])
    refused = Tale().order(ADVICE).request().reply("25").outcome("approved")
    failed(refused.audit("agreement.host"))
    duplicate = Tale().order(ADVICE).request().reply("94").outcome("approved")
    passed(duplicate.audit("agreement.host"))


def test_a_sale_reported_as_approved_that_was_not_fails() -> None:
    failed(Tale().order("sale").request().reply("51").outcome("approved").audit("agreement.host"))
    failed(Tale().order("balance").request().reply("51").outcome("approved").audit("agreement.host"))
    failed(Tale().order("sale").outcome("approved", trace="").audit("agreement.host"))


def part(reported: int, printed: int) -> Tale:
    tale = Tale().order().request(change={60: "10000001000501"}).reply("10", change={4: "000000060000"})
    tale._amount = printed
    return tale.slips().outcome("approved", code="10", amount=reported)


def test_of_a_part_slip_and_report_say_the_part() -> None:
    passed(part(60000, 60000).audit("agreement.amount"))
    assert "the terminal reports 1000.00" in failed(part(100000, 60000).audit("agreement.amount"))
    assert "slip says 1000.00" in failed(part(60000, 100000).audit("agreement.amount"))
    passed(part(60000, 60000).audit("agreement.host"))


def test_an_answer_that_may_be_taken_backs_an_approval() -> None:
    tale = Tale().order().request().reply(spoiled=("F49",), change={49: "840"}).slips().outcome("approved")
    passed(tale.audit("agreement.host"))
    unread = Tale().order().request().decision("00").reply(spoiled=("F44",), unread=True).outcome("approved")
    passed(unread.audit("agreement.host"))
    refused = Tale().order().request().decision("51").reply(spoiled=("F44",), unread=True).outcome("approved")
    assert "answered with 51" in failed(refused.audit("agreement.host"))


@pytest.mark.parametrize(
    ("transaction", "label", "wrong"),
    [
        ("cancel", "原授权码", "999999"), ("completion", "原授权码", "999999"), (ADVICE, "原授权码", "999999"),
        ("completion void", "原凭证号", "000070"), ("sale void", "原凭证号", "000070"),
        ("refund", "原参考号", "112500000099"),
    ],
)  # fmt: skip
def test_another_original_on_the_slip_fails(transaction: str, label: str, wrong: str) -> None:
    tale = printed(label, f"{label} {wrong}", transaction)
    assert f"the slip's {label} is {wrong}" in failed(tale.audit("agreement.original"), tale["printer slip"])
    passed(printed(label, None, transaction).audit("agreement.original"))  # that it is missing is another rule's matter


def test_the_slip_of_a_settlement_is_no_transactions() -> None:
    tale = stored().order("settlement", 0).request(ADVICE, amount=100000, trace=OTHER).reply()
    tale.slip(lines=["结算单", "凭证号 000900", "金额 RMB 12345.00"])
    passed(tale.audit("agreement.amount"))


@pytest.mark.parametrize("transaction", [*ALL, ADVICE])
def test_both_copies_of_every_transaction(transaction: str) -> None:
    passed(Tale().approved(transaction).audit("receipt.both-copies"))
    tale = Tale().order(transaction).request().reply().slip("merchant").outcome("approved")
    assert "no 持卡人存根" in failed(tale.audit("receipt.both-copies"))


def test_both_copies_of_what_is_kept() -> None:
    passed(stored().audit("receipt.both-copies"))
    tale = Tale().order(ADVICE)
    tale._asked = {"trace": "000077"}
    passed(Tale().order(ADVICE).request().slips().outcome("stored").audit("receipt.both-copies"))
    tale.slip("merchant").outcome("stored")
    assert "no 持卡人存根 was printed of the completion advice 000077" in failed(tale.audit("receipt.both-copies"))
    settled = Tale().order("settlement", 0).slip(lines=["结算单"]).outcome("approved", trace="000900")
    assert settled.audit("receipt.both-copies") is None
