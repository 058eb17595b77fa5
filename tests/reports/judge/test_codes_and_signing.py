"""Response codes, parts, signing on, balances: what the terminal makes of what it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.judge.builder import HOLD, TIMEOUT_MS, Tale
from tests.reports.judge.findings import failed, passed, undecided

OTHER, UNKNOWN = "000078", "Z9"


def declined(answer: str, *, shown: str = "", audience: str = "operator", **outcome: Any) -> Tale:
    told = {"result": "declined", "code": answer} | outcome
    tale = Tale().account().order().request().reply(answer).outcome(told.pop("result"), **told)
    return tale.display(shown or answer, audience)


# ── declines ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["outcome.unknown-code-declined", "outcome.declined-by-table"])
def test_a_decline_with_its_code(name: str) -> None:
    passed(declined(UNKNOWN).criterion(name, code=UNKNOWN))
    assert "approved" in failed(declined(UNKNOWN, result="approved").criterion(name, code=UNKNOWN))
    failed(declined(UNKNOWN, code="").criterion(name, code=UNKNOWN))
    assert "neither shown" in failed(declined(UNKNOWN, shown="失败").criterion(name, code=UNKNOWN))
    failed(declined(UNKNOWN, audience="customer").criterion(name, code=UNKNOWN))
    assert "approved slip" in failed(declined(UNKNOWN).slip().criterion(name, code=UNKNOWN))
    assert "held went" in failed(declined(UNKNOWN).account(900000, 100000).criterion(name, code=UNKNOWN))
    assert "booked went" in failed(declined(UNKNOWN).account(900000, 0, 100000).criterion(name, code=UNKNOWN))
    undecided(Tale().approved().criterion(name, code=UNKNOWN))
    undecided(Tale().order().request().reply(UNKNOWN).criterion(name, code=UNKNOWN))


def test_the_code_may_be_printed() -> None:
    tale = declined(UNKNOWN, shown="失败").slip(lines=["交易失败", f"应答码 {UNKNOWN}"])
    passed(tale.criterion("outcome.unknown-code-declined", code=UNKNOWN))


def test_the_markets_words_say_it_too_but_for_a_code_that_has_none() -> None:
    passed(declined("51", shown="可用余额不足").criterion("outcome.declined-by-table", code="51"))
    failed(declined("51", shown="可用余额不足").criterion("outcome.unknown-code-declined", code="51"))


def test_the_operator_reads_what_the_code_means() -> None:
    name = "outcome.explained"
    passed(declined("51", shown="51 可用余额不足").criterion(name, code="51"))
    failed(declined("51", shown="51").criterion(name, code="51"))
    failed(
        declined("51", shown="可用余额不足", audience="customer").display("x", "operator").criterion(name, code="51")
    )
    undecided(declined(UNKNOWN).criterion(name, code=UNKNOWN))
    undecided(Tale().order().request().reply("51").criterion(name, code="51"))


def test_who_is_told_what() -> None:
    tale = Tale().order().display("请联系银行", "operator").display("交易未成功")
    passed(tale.criterion("operator.told", contains="银行"))
    failed(tale.criterion("operator.told", contains="未成功"))
    passed(tale.criterion("customer.told", contains="未成功"))
    failed(tale.criterion("customer.told", contains="银行"))
    passed(Tale().order().request().slip("cardholder").criterion("customer.told", contains="请妥善保管"))
    undecided(Tale().order().request().slip("merchant").criterion("customer.told", contains="签名"))
    undecided(Tale().display("x", "operator").criterion("operator.told", contains="x"))
    before = Tale().order().display("银行", "operator").order().display("x", "operator")
    failed(before.criterion("operator.told", contains="银行"))


# ── approvals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_code_of_success_is_an_approval() -> None:
    name = "outcome.approved-by-table"

    def answered(code: str = "11") -> Tale:
        return Tale().order().request().reply(code)

    passed(answered().slips().outcome("approved", code="11").criterion(name, code="11"))
    failed(answered().outcome("declined", code="11").criterion(name, code="11"))
    assert "code 00" in failed(answered().slips().outcome("approved", code="00").criterion(name, code="11"))
    assert "no 持卡人存根" in failed(answered().slip().outcome("approved", code="11").criterion(name, code="11"))
    assert "reversed" in failed(answered().slips().outcome("approved", code="11").reversal().criterion(name, code="11"))
    passed(answered().outcome("approved", code="11").criterion(name, code="11"))  # no printer in sight
    undecided(answered().criterion(name, code="11"))
    undecided(answered("00").outcome("approved").criterion(name, code="11"))
    undecided(answered("51").outcome("declined", code="51").criterion(name, code="51"))


# ── a part ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def part(transaction: str = HOLD, **more: Any) -> Tale:
    return Tale().order(transaction).request().reply("10", change={4: "000000060000"}, **more)


def test_a_part_is_taken_as_that_part() -> None:
    name = "partial.amount-honoured"

    def taken(reported: int = 60000, printed: int = 60000, held: int = 60000) -> Tale:
        tale = part().posting("hold", held).held("open", held)
        tale._amount = printed
        return tale.slips().outcome("approved", code="10", amount=reported)

    passed(taken().criterion(name))
    passed(taken().criterion(name, amount=60000))
    failed(taken().criterion(name, amount=60001))
    assert "reported is 1000.00" in failed(taken(reported=100000).criterion(name))
    assert "slip says 1000.00" in failed(taken(printed=100000).criterion(name))
    assert "held are 1000.00" in failed(taken(held=100000).criterion(name))
    assert "reported declined" in failed(part().outcome("declined", code="10").criterion(name))
    undecided(part().criterion(name))
    undecided(Tale().approved().criterion(name))
    sale = part("sale").posting("sale", 60000).outcome("approved", amount=60000)
    passed(sale.criterion(name))
    assert "booked are" in failed(
        part("sale").posting("sale", 100000).outcome("approved", amount=60000).criterion(name)
    )


def test_a_part_that_is_not_wanted_is_undone() -> None:
    name = "partial.refused"
    passed(part().outcome("declined", code="10").reversed().criterion(name))
    passed(part().outcome("cancelled").reversed().criterion(name))
    assert "not reversed" in failed(part().outcome("declined", code="10").criterion(name))
    assert "an approval" in failed(part().outcome("approved").reversed().criterion(name))
    assert "approved slip" in failed(part().slips().outcome("declined").reversed().criterion(name))
    undecided(Tale().approved().criterion(name))


# ── signing on ────────────────────────────────────────────────────────────────────────────────────────────────────────


def asked_to_sign_on(code: str = "77", *, signs_on: bool = True) -> Tale:
    tale = Tale().order().request().reply(code)
    return tale.management("sign-on", trace="000500") if signs_on else tale


def sent_again(tale: Tale, trace: str = OTHER, reported: str = OTHER) -> Tale:
    return tale.request(trace=trace).reply().outcome("approved", trace=reported)


def test_when_the_host_wants_it_the_terminal_signs_on_and_asks_again() -> None:
    name = "sign-on.renewed"
    passed(sent_again(asked_to_sign_on()).criterion(name, again=True))
    passed(sent_again(asked_to_sign_on()).criterion(name))
    assert "no sign-on" in failed(sent_again(asked_to_sign_on(signs_on=False)).criterion(name, again=True))
    assert "not sent again" in failed(asked_to_sign_on().outcome("declined", code="77").criterion(name, again=True))
    assert "same trace" in failed(sent_again(asked_to_sign_on(), "000077").criterion(name, again=True))
    assert "reported is trace" in failed(sent_again(asked_to_sign_on(), reported="000077").criterion(name, again=True))
    late = asked_to_sign_on(signs_on=False).request(trace=OTHER).management("sign-on")
    assert "before the sign-on" in failed(late.criterion(name, again=True))
    twice = sent_again(asked_to_sign_on().request(trace="000079").reply("77"))
    assert "2 times more" in failed(twice.criterion(name, again=True))
    undecided(Tale().approved().criterion(name, again=True))


def test_a_terminal_that_signs_on_and_leaves_it_at_that() -> None:
    name = "sign-on.renewed"
    passed(asked_to_sign_on("A0").outcome("declined", code="A0").criterion(name, again=False))
    assert "sent again as 000078" in failed(sent_again(asked_to_sign_on("A0")).criterion(name, again=False))
    failed(asked_to_sign_on("A0", signs_on=False).criterion(name, again=False))
    unsealed = Tale().order().request().reply("77", without=(64,)).management("sign-on")
    passed(unsealed.criterion(name, again=False))


def test_a_sign_on_was_made() -> None:
    tale = Tale().request("sign-on").reply("00")
    passed(tale.criterion("sign-on.made"))
    failed(Tale().request("sign-on").reply("97").criterion("sign-on.made"))
    failed(Tale().approved().criterion("sign-on.made"))


# ── enquiries ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def balance(f54: str = "1002156C000000900000", *, told: int | None = 900000, available: int = 900000) -> Tale:
    tale = Tale().account(available, 1000000 - available).order("balance", 0).request()
    return tale.reply(change={54: f54}).outcome("approved", balance=told)


def test_the_balance_shown_is_what_is_available() -> None:
    name = "balance.shown"
    passed(balance().criterion(name))
    passed(balance().criterion(name, amount=900000))
    assert "reports 10000.00" in failed(balance(told=1000000).criterion(name))
    assert "no balance" in failed(balance(told=None).criterion(name))
    assert "the ledger has" in failed(balance(available=1000000).criterion(name))
    assert "expected is" in failed(balance().criterion(name, amount=1000000))
    passed(balance("1002156D000000000500", told=-500, available=-500).criterion(name))
    undecided(balance("none").criterion(name))
    undecided(Tale().approved().criterion(name))
    undecided(Tale().order("balance", 0).request().reply().criterion(name))


def test_a_balance_whose_digits_are_hidden_is_read_from_its_part() -> None:
    tale = balance("(20 characters, hidden)")
    message = next(r for r in tale.records if r.kind == "response").fields["message"]
    message["F54.1 balance"] = "account 10, kind 02, 900000 minor units of 156 in credit"
    passed(tale.criterion("balance.shown"))
    message["F54.1 balance"] = "account 10, kind 02, 900000 minor units of 156 in debit"
    failed(tale.criterion("balance.shown"))


def test_a_downloaded_parameter_is_taken() -> None:
    name, wanted = "parameters.changed", {"name": "12", "value": "45"}
    tale = Tale().order("parameter download", 0).tell("terminal", "parameters", changed={"12": 45})
    passed(tale.criterion(name, **wanted))
    failed(tale.tell("terminal", "parameters", changed={"12": 46}).criterion(name, **wanted))
    failed(Tale().tell("terminal", "parameters", changed={}).criterion(name, **wanted))
    undecided(Tale().order().criterion(name, **wanted))


def test_management_that_the_merchant_ordered_has_an_outcome() -> None:
    tale = Tale().order("sign-on", 0).request().reply().outcome("approved", transaction="sign-on")
    passed(tale.criterion("outcome.reported", transaction="sign-on", result="approved"))
    by_itself = Tale().order().outcome("approved", transaction="sign-on", after=TIMEOUT_MS)
    undecided(by_itself.criterion("outcome.reported", transaction=HOLD, result="approved"))
