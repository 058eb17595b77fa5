"""Numbers that the operator types. facts/unionpay-pos 5.10; cases.md 12, 43, 85."""

from __future__ import annotations

import pytest

from protocols.faults import ForeignCard
from protocols.orders import Entry, Outcome, Result
from protocols.pan import check_digit
from protocols.transactions import Transaction
from tests.simulators.kit import PAN
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
ALLOWED = (T.CANCEL, T.COMPLETION, T.ADVICE, T.COMPLETION_VOID, T.REFUND)


def original(shop: Shop, transaction: Transaction) -> Outcome:
    if transaction is T.REFUND:
        return shop.order(T.SALE, 10_00)
    hold = shop.preauth(10_00)
    return shop.complete(hold) if transaction is T.COMPLETION_VOID else hold


@pytest.mark.parametrize("transaction", ALLOWED)
def test_follow_ups_need_no_card(shop: Shop, transaction: Transaction) -> None:
    first = original(shop, transaction)
    shop.slot.remove()
    outcome = shop.order(transaction, 10_00, first, entry=Entry.KEYED)
    assert outcome.approved
    assert shop.events.of("outcome")[-1]["entry"] == "keyed"
    assert "625094******0014 /M" in shop.printer.written[-1].text


@pytest.mark.parametrize("transaction", [T.PREAUTH, T.SALE, T.BALANCE, T.INCREMENT, T.SALE_VOID])
def test_what_holds_or_takes_money_needs_one(shop: Shop, transaction: Transaction) -> None:
    first = original(shop, transaction)
    outcome = shop.order(transaction, 10_00, first, entry=Entry.KEYED)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "不支持手输卡号")


@pytest.mark.parametrize("transaction", [T.PREAUTH, T.SALE, T.INCREMENT])
def test_a_parameter_allows_it_for_all_that_has_a_card(shop: Shop, transaction: Transaction) -> None:
    """cases.md 12: by number and expiry alone, and the host is told so."""
    first = original(shop, transaction)
    shop.parameters(typed_for_all=True)
    outcome = shop.order(transaction, 10_00, first, entry=Entry.KEYED)
    assert (outcome.result, outcome.entry) == (Result.APPROVED, Entry.KEYED)
    message = shop.messages("0200" if transaction is T.SALE else "0100")[-1]
    assert (message[22], message[2], message[14]) == ("012", PAN, "3012")
    assert not {23, 35, 52, 55} & set(message)
    assert shop.events.of("key entry") == [{"digits": 16}]


def test_a_market_that_has_it_for_a_hold_is_heeded(open_shop: Open) -> None:
    shop = open_shop(entry={"keyed": ("pre-authorisation",)})
    assert shop.order(T.PREAUTH, 10_00, entry=Entry.KEYED).approved
    hold = shop.preauth(10_00)
    assert shop.order(T.CANCEL, 10_00, hold, entry=Entry.KEYED).result is Result.REFUSED


def test_a_seeded_defect_takes_it_for_everything(open_shop: Open) -> None:
    shop = open_shop("key-entry-always")
    shop.parameters(manual_entry=False)
    assert shop.order(T.PREAUTH, 10_00, entry=Entry.KEYED).approved


def test_a_parameter_switches_it_off(shop: Shop) -> None:
    hold = shop.preauth()
    shop.parameters(manual_entry=False)
    assert shop.order(T.CANCEL, 100_00, hold, entry=Entry.KEYED).result is Result.REFUSED


@pytest.mark.parametrize(
    ("typed", "result", "message"),
    [
        (None, Result.CANCELLED, "操作员取消"),
        ((PAN[:-1] + "5", "3012"), Result.REFUSED, "卡号错"),
        ((PAN, "2001"), Result.REFUSED, "该卡已过期"),
    ],
)
def test_what_is_no_card_is_refused_before_anything_is_sent(
    shop: Shop, typed: tuple[str, str] | None, result: Result, message: str
) -> None:
    hold = shop.preauth()
    shop.keys.card = typed
    outcome = shop.order(T.COMPLETION, 100_00, hold, entry=Entry.KEYED)
    assert (outcome.result, outcome.message) == (result, message)
    assert len(shop.requests()) == 1


def test_a_number_outside_the_test_ranges_stops_the_run_and_is_in_no_error(shop: Shop) -> None:
    """Design 7."""
    hold = shop.preauth()
    stranger = "622200000000000" + check_digit("622200000000000")
    shop.keys.card = (stranger, "3012")
    with pytest.raises(ForeignCard) as caught:
        shop.order(T.COMPLETION, 100_00, hold, entry=Entry.KEYED)
    assert stranger not in str(caught.value)
    assert len(shop.requests()) == 1


@pytest.mark.parametrize(("needs", "mode"), [(True, "011"), (False, "012")])
def test_the_market_says_whether_a_pin_goes_with_it(open_shop: Open, needs: bool, mode: str) -> None:
    shop = open_shop(cancel={"needs_pin": needs})
    hold = shop.preauth()
    assert shop.order(T.CANCEL, 100_00, hold, entry=Entry.KEYED).approved
    assert shop.messages("0100")[-1][22] == mode
