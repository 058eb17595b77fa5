"""Markets by name or path; and the figures of China, held against facts/unionpay-pos."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.faults import ConfigurationError
from protocols.market import Market
from protocols.money import Money
from protocols.transactions import TRANSACTIONS, Transaction
from rigs.marketfile import MARKETS, load_market, market_digest, market_path

SHIPPED = sorted(path.stem for path in MARKETS.glob("*.yaml"))
OF_A_HOLD = {
    Transaction.PREAUTH.value, Transaction.CANCEL.value, Transaction.COMPLETION.value,
    Transaction.COMPLETION_VOID.value, Transaction.INCREMENT.value, Transaction.ADVICE.value,
}  # fmt: skip


@pytest.fixture
def cn() -> Market:
    return load_market("unionpay-cn")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_market_loads_under_its_own_name(name: str) -> None:
    assert load_market(name).name == name


def test_a_market_is_found_by_name_and_by_path(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    copy.write_bytes(market_path("unionpay-cn").read_bytes())
    assert load_market(str(copy)) == load_market("unionpay-cn")
    assert market_path("unionpay-cn").parent == MARKETS


def test_a_mistyped_market_names_the_near_miss() -> None:
    with pytest.raises(ConfigurationError, match=r"did you mean unionpay-cn\.yaml"):
        load_market("unionpay-ch")


def test_the_digest_is_of_the_file_as_it_lies_there(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_bytes(b"name: x\n")
    assert market_digest(str(tmp_path / "m.yaml")) == hashlib.sha256(b"name: x\n").hexdigest()


def test_completion_ends_at_115_per_cent_and_above_it_comes_64(cn: Market) -> None:
    """facts/unionpay-pos 5.1."""
    hold = Money(1000_00, cn.money)
    assert cn.completion_limit(hold) == Money(1150_00, cn.money)
    assert cn.completion_allowed(hold, Money(1150_00, cn.money))
    assert not cn.completion_allowed(hold, Money(1150_01, cn.money))
    assert cn.completion.over_limit_code == "64"


def test_the_odd_amount_has_a_limit_that_is_no_whole_fen(cn: Market) -> None:
    hold = cn.amount("odd")
    assert hold.minor * 115 % 100
    assert cn.completion_limit(hold) == Money(38_32, cn.money)


def test_codes_of_refusals_are_those_of_the_facts(cn: Market) -> None:
    assert cn.completion.too_old_code == "22"  # 5.2
    assert cn.completion.validity_days == 30  # 5.2, bank practice
    assert cn.completion.second_code == "25"  # 5.7 (BP)
    assert (cn.cancel.amount_differs_code, cn.cancel.not_open_code) == ("64", "25")  # 5.6
    assert (cn.completion_void.same_day_only, cn.completion_void.not_normal_code) == (True, "25")  # 5.8
    assert cn.security.pin_tries_exceeded_code == "75"  # 5.21


def test_a_supervisor_is_asked_for_cancel_and_completion_void(cn: Market) -> None:
    """facts/unionpay-pos 5.11."""
    assert cn.cancel.supervisor
    assert cn.completion_void.supervisor


def test_reversals_are_repeated_and_stopped_as_in_the_facts(cn: Market) -> None:
    """facts/unionpay-pos 5.19."""
    rule = cn.reversal
    assert set(rule.stop_codes) == {"00", "25", "12"}
    assert rule.repeats == 3
    reasons = (rule.reason_no_reply, rule.reason_cannot_finish, rule.reason_mac, rule.reason_other)
    assert reasons == ("98", "96", "A0", "06")


def test_approvals_are_those_that_terminals_take_for_one(cn: Market) -> None:
    """facts/unionpay-pos 5.21: TRM; 10 is for a sale alone."""
    assert set(cn.success_codes) == {"00", "11", "A2", "A4", "A5", "A6"}


def test_sign_on_is_asked_for_by_77_99_and_a0(cn: Market) -> None:
    """facts/unionpay-pos 5.21."""
    assert set(cn.sign_on_codes) == {"77", "99", "A0"}


def named_codes(part: object, name: str = "") -> Iterator[str]:
    """Every response code that a rule of a market names, wherever it stands."""
    if isinstance(part, dict):
        for key, value in part.items():
            yield from named_codes(value, key)
    elif name.endswith("_code"):
        yield str(part)
    elif name == "accepted_codes":
        assert isinstance(part, tuple)
        yield from part


@pytest.mark.parametrize("name", SHIPPED)
def test_every_code_that_a_rule_names_has_its_words(name: str) -> None:
    market = load_market(name)
    named = {*named_codes(market.model_dump()), *market.actions}
    assert len(named) > 20
    assert named <= set(market.codes)


def test_the_codes_of_the_facts_all_have_words(cn: Market) -> None:
    """facts/unionpay-pos 5.21, but for one host's own."""
    table = (
        "00 01 02 03 04 05 06 10 11 12 13 14 15 19 21 22 25 30 34 38 40 41 43 45 51 54 55 57 58 59 61 62 64 65 68 75 "
        "77 90 91 92 94 96 97 98 99 A0 A1 A2 A3 A4 A5 A6 A7"
    )
    assert set(table.split()) == set(cn.codes)


def test_the_strict_host_answers_as_the_stricter_one_of_the_facts() -> None:
    """facts/unionpay-pos 4.3, 5.1a, 5.2, 5.6, 5.7, 5.19, 5.20: POSP."""
    strict = load_market("unionpay-cn-strict")
    assert (strict.completion.limit_percent, strict.completion.over_limit_code) == (100, "C8")
    assert (strict.completion.too_old_code, strict.completion.second_code) == ("96", "94")
    assert strict.cancel.completed_code == "96"
    assert (strict.completion_void.voided_code, strict.completion_void.not_normal_code) == ("C9", "CA")
    assert (strict.reversal.declined_code, strict.reversal.repeated_code) == ("12", "00")
    assert strict.completion_void.amount_differs_code == strict.cancel.amount_differs_code == "13"
    assert not strict.matching.by_batch
    assert strict.security.mac == "fold-3des"


def test_only_what_is_booked_enters_the_totals_of_a_batch(cn: Market) -> None:
    """facts/unionpay-pos 3.3 (BP): debit is 60.1 of 20, 22, 24 and, offline, 30; credit is 21, 23, 25."""
    debit = {TRANSACTIONS[Transaction(name)].f60_1 for name in cn.settlement.debit}
    credit = {TRANSACTIONS[Transaction(name)].f60_1 for name in cn.settlement.credit}
    assert (debit, credit) == ({"20", "22", "24", "30"}, {"21", "23", "25"})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_market_file_names_the_source_of_its_figures(name: str) -> None:
    """Every section with a figure or a code cites the facts, or says that none was found."""
    text = market_path(name).read_text("utf-8")
    sections = re.split(r"\n(?=[a-z_]+:)", text)
    for section in sections:
        if re.match(
            r"(preauth|completion|advice|increment|cancel|\w+_void|refund|matching|reversal|security|settlement):",
            section,
        ):
            assert re.search(r"facts/unionpay-pos|no figure found|itindex", section), section


@pytest.mark.parametrize("name", SHIPPED)
def test_success_is_not_called_a_failure(name: str) -> None:
    market = load_market(name)
    assert all("成功" in market.codes[code] for code in market.success_codes)
    assert not [code for code, words in market.codes.items() if "成功" in words and code not in market.success_codes]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_transaction_of_a_hold_has_its_words_and_labels_on_the_slip(name: str) -> None:
    receipt = load_market(name).receipt
    assert set(receipt.type_names) == {*receipt.mandatory, Transaction.SETTLEMENT.value}
    assert set(receipt.mandatory) >= OF_A_HOLD
    assert all(receipt.mandatory.values())


def test_the_slip_is_that_of_the_facts(cn: Market) -> None:
    """facts/unionpay-pos 6."""
    receipt = cn.receipt
    assert receipt.title == "中国银联POS签购单"
    assert (receipt.merchant_copy, receipt.cardholder_copy) == ("商户存根", "持卡人存根")
    assert receipt.signature_line == "持卡人签名:"
    assert receipt.type_names["completion"] == "预授权完成(联机)"
    assert "原授权码" in receipt.mandatory["completion"]
    assert "原凭证号" in receipt.mandatory["completion void"]


@pytest.mark.parametrize("name", SHIPPED)
def test_amounts_of_scenarios_are_money_and_in_order(name: str) -> None:
    market = load_market(name)
    amounts = {amount: market.amount(amount).minor for amount in market.amounts}
    assert 0 < amounts["smallest"] < amounts["less"] < amounts["usual"]
