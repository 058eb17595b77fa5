"""Slips as people read them, and the criteria on what was printed."""

from __future__ import annotations

import pytest

from reports.judge.paper import Paper, papers
from tests.reports.judge.builder import APPROVAL, REFERENCE, TRACE, Tale
from tests.reports.judge.findings import failed, passed, undecided

HOLD = "pre-authorisation"


def paper(*lines: str) -> Paper:
    tale = Tale().slip(lines=list(lines))
    return papers(tale.view().timeline, tale.market)[0]


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "lines",
    [
        ["授权号 123456"],
        ["授权号:123456"],
        ["授权号：123456"],
        ["授权号(AUTH NO): 123456"],
        ["授权号 AUTH. NO.:123456"],
        ["AUTH NO: 123456"],
        ["授 权 号      123456"],
        ["授权号", "      123456"],
        ["授权号 １２３４５６"],
        ["批次号 000001  授权号 123456  参考号 112500000068"],
        ["原授权码 654321", "授权号 123456"],
    ],
)
def test_a_value_is_read_whatever_its_spacing_and_wrapping(lines: list[str]) -> None:
    assert paper(*lines).approval == "123456"
    assert paper(*lines).shows("授权号", "123456")


@pytest.mark.parametrize(
    "lines",
    [
        ["授权号"],
        ["授权号:"],
        ["授权号: ------"],
        ["授权号: 000000"],
        ["授权号", "参考号 112500000068"],
        ["授权号", "AID A000000333010102"],
        ["授权号", "TC 123456"],
        ["授权号", "HAVE A NICE DAY"],
        ["授权号", "OPEN 24 HOURS"],
        ["授权号 参考号 123456"],
        ["授权号", "----------"],
        ["授权号", "商户存根"],
        ["原授权码 123456"],
        ["原授权号 123456"],
    ],
)
def test_an_empty_value_stays_empty(lines: list[str]) -> None:
    assert not paper(*lines).approval


def test_a_label_within_other_letters_is_none() -> None:
    assert not paper("BATCH NO. 000001").filled("TC")
    assert not paper("PAID").filled("AID")
    assert not paper("原凭证号 000076").voucher
    assert paper("ARQC: 53F38A17").filled("TC")


def test_a_value_that_is_broken_over_two_lines_is_read_whole() -> None:
    broken = paper("参考号 1125000", "00068")
    assert broken.shows("参考号", REFERENCE)
    assert not broken.shows("参考号", "000068")


def test_part_of_a_value_is_not_the_value() -> None:
    assert not paper("授权号 1234567").shows("授权号", "123456")
    assert not paper("授权号 1234567").approval


def test_words_alone_fill_a_name_and_nothing_else() -> None:
    assert paper("商户名称 保持酒店").filled("商户名称")
    assert not paper("凭证号 请妥善保管").filled("凭证号")
    assert not paper("凭证号", "请妥善保管").filled("凭证号")


# ── receipt.copies ────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_copies_pass_on_two_slips_and_on_one_strip() -> None:
    passed(Tale().order().slips().criterion("receipt.copies"))
    both = Tale()
    passed(both.order().slip(lines=[*both.lines("merchant"), *both.lines("cardholder")]).criterion("receipt.copies"))


def test_a_copy_that_is_missing_fails() -> None:
    tale = Tale().order().slip("merchant").outcome("approved")
    assert "no 持卡人存根" in failed(tale.criterion("receipt.copies"), tale["terminal outcome"])
    failed(Tale().order().criterion("receipt.copies"))
    undecided(Tale().criterion("receipt.copies"))


def test_a_copy_too_many_fails() -> None:
    tale = Tale().order().slip("merchant").slip("merchant").slip("cardholder")
    assert "2 slips say 商户存根" in failed(tale.criterion("receipt.copies"))


def test_copies_in_the_wrong_order_fail() -> None:
    tale = Tale().order().slip("cardholder").slip("merchant")
    assert "before" in failed(tale.criterion("receipt.copies"), tale["printer slip"])


def test_a_slip_that_does_not_say_which_copy_it_is_fails() -> None:
    tale = Tale().order().slips().slip(lines=["金额 RMB 1000.00"])
    assert "neither" in failed(tale.criterion("receipt.copies"), tale["printer slip"])


def test_slips_that_come_after_the_step_count_and_those_of_the_next_order_do_not() -> None:
    tale = Tale().order().outcome("approved").tell("step", "end").slips().order().slips()
    passed(tale.criterion("receipt.copies", position=tale["step end"]))


# ── receipt.mandatory, receipt.not-a-sale ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("transaction", [HOLD, "cancel", "completion", "completion void"])
def test_a_good_slip_has_every_mandatory_line(transaction: str) -> None:
    passed(Tale().order(transaction).slips().criterion("receipt.mandatory", transaction=transaction))


@pytest.mark.parametrize("label", Tale().market.receipt.mandatory[HOLD])
def test_each_mandatory_line_that_is_missing_or_empty_fails(label: str) -> None:
    for line in (None, label, f"{label}:"):
        tale = Tale().order().slip().slip("cardholder", but={label: line})
        said = failed(tale.criterion("receipt.mandatory", transaction=HOLD), tale["printer slip"])
        assert f"{label} is missing or empty" in said


def test_the_original_code_does_not_stand_in_for_the_slips_own() -> None:
    tale = Tale().order("completion").slip(but={"授权号": None})
    assert "授权号 is missing" in failed(tale.criterion("receipt.mandatory", transaction="completion"))


def test_the_name_of_the_transaction_may_be_spaced_and_must_be_right() -> None:
    spaced = Tale().order().slip(but={"交易类型": "交易类型:\n预授权 （AUTH）"})
    passed(spaced.criterion("receipt.mandatory", transaction=HOLD))
    tale = Tale().order().slip(but={"交易类型": "交易类型 消费(SALE)"})
    assert "name" in failed(tale.criterion("receipt.mandatory", transaction=HOLD))


@pytest.mark.parametrize("criterion", ["receipt.mandatory", "receipt.not-a-sale"])
def test_nothing_printed_fails_with_what_was_to_be_printed(criterion: str) -> None:
    tale = Tale().order().outcome("approved")
    failed(tale.criterion(criterion, transaction=HOLD), tale["terminal outcome"])
    undecided(Tale().criterion(criterion, transaction=HOLD))


def test_the_wording_of_no_sale_may_be_wrapped_and_must_be_there() -> None:
    wrapped = ["商户存根", "预授权交易 非消", "费 NOT A", "SALE"]
    passed(Tale().order().slip(lines=wrapped).criterion("receipt.not-a-sale"))
    tale = Tale().order().slips().slip(lines=["商户存根"])
    failed(tale.criterion("receipt.not-a-sale"), tale["printer slip"])


# ── receipt.pan-masked ────────────────────────────────────────────────────────────────────────────────────────────


def card(line: str, **more: object) -> Tale:
    return Tale().order().slip("cardholder", but={"卡号": line}, **more)


@pytest.mark.parametrize(
    "line",
    [
        "卡号 625094******0014 /I",
        "卡号: 6250 94** **** 0014",
        "卡号 ************0014",
        "卡号\n    625094******0014",
        "卡 号 625094xxxxxx0014",
        "卡号 6250-94##-####-0014 (I)",
    ],
)
def test_a_masked_card_number_passes(line: str) -> None:
    passed(card(line).criterion("receipt.pan-masked"))


@pytest.mark.parametrize(
    "line",
    [
        "卡号 62509470****0014",
        "卡号 625094*****00014",
        "卡号 625094••••••0014",
        "卡号 625094      0014",
        "卡号",
        "卡号 6250940014",
    ],
)
def test_a_card_number_that_shows_too_much_or_hides_with_nothing_fails(line: str) -> None:
    tale = card(line)
    failed(tale.criterion("receipt.pan-masked"), tale["printer slip"])


def test_what_the_recorder_hid_was_printed_in_clear() -> None:
    told = ({"kind": "pan", "offset": 0, "clear_digits": 16, "owner": "dut"},)
    failed(card("卡号 625094******0014", exposed=told).criterion("receipt.pan-masked"))


def test_without_a_cardholders_copy_nothing_is_known() -> None:
    undecided(Tale().order().slip("merchant").criterion("receipt.pan-masked"))


# ── receipt.none ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_no_slip_passes() -> None:
    passed(Tale().approved().order().outcome("no reply").criterion("receipt.none"))
    undecided(Tale().criterion("receipt.none"))


def test_a_slip_with_an_authorisation_code_fails() -> None:
    tale = Tale().order().slip()
    assert APPROVAL in failed(tale.criterion("receipt.none"), tale["printer slip"])


def test_a_slip_to_be_signed_without_a_word_of_the_failure_fails() -> None:
    tale = Tale().order().slip(but={"授权号": "授权号"})
    assert "to be signed" in failed(tale.criterion("receipt.none"), tale["printer slip"])


@pytest.mark.parametrize(
    "lines",
    [
        ["交易失败 交易超时", f"凭证号 {TRACE}", "授权号", "TC 53F38A17"],
        ["DECLINED 51", "授权号: ------", "AID A000000333010102"],
        ["交易未成功", "原授权码 123456"],
        ["交易拒绝", "持卡人签名:"],
    ],
)
def test_a_slip_that_tells_of_a_failure_passes(lines: list[str]) -> None:
    passed(Tale().order().slip(lines=lines).criterion("receipt.none"))


# ── receipt.waits-for-paper ───────────────────────────────────────────────────────────────────────────────────────


def test_slips_after_the_reload_pass() -> None:
    tale = Tale().paper("out").order().outcome("approved").paper("present").slips()
    passed(tale.criterion("receipt.waits-for-paper"))


def test_a_slip_that_was_lost_fails() -> None:
    tale = Tale().order().outcome("approved").paper("present").slip("merchant")
    failed(tale.criterion("receipt.waits-for-paper"), tale["printer slip"])


def test_a_slip_before_the_reload_fails() -> None:
    tale = Tale().order().slip(name="early").outcome("approved").paper("present").slip("cardholder")
    assert "before paper" in failed(tale.criterion("receipt.waits-for-paper"))


@pytest.mark.parametrize("result", ["no reply", "approved"])
def test_a_transaction_that_was_not_approved_before_the_reload_fails(result: str) -> None:
    tale = Tale().order()
    if result == "no reply":
        tale.outcome(result).paper("present").slips()
    else:
        tale.paper("present").slips().outcome(result)
    failed(tale.criterion("receipt.waits-for-paper"), tale["terminal outcome"], tale["printer paper"])


def test_without_a_reload_nothing_is_known() -> None:
    undecided(Tale().order().outcome("approved").criterion("receipt.waits-for-paper"))
