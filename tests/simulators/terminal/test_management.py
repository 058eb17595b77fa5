"""What a terminal does beside transactions. facts/unionpay-pos 2.6.3, 3; cases.md 235."""

from __future__ import annotations

import pytest

from protocols.emv import find
from protocols.emv.verification import Tvr
from protocols.iso8583.subfields import CaKey, Load
from protocols.iso8583.subfields.f62_parameters import SWITCHES, switch_bytes
from protocols.orders import Entry, Outcome, Result
from protocols.transactions import Transaction
from simulators.issuer import Answer, DropField, NoAnswer, Rule, SetField
from simulators.terminal.contact import CaKeys
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
ENDS = {
    T.PARAMETERS: "parameter download end",
    T.CA_KEY_DOWNLOAD: "CA key download end",
    T.IC_PARAMETER_DOWNLOAD: "IC parameter download end",
}
BY_ITSELF = (T.SIGN_ON, T.SIGN_OFF, T.ECHO, *ENDS)


def asked(shop: Shop) -> list[str]:
    return [str(e["transaction"]) for e in shop.events.of("request")]


@pytest.mark.parametrize("transaction", BY_ITSELF)
def test_each_is_approved_by_a_host_that_is_well(shop: Shop, transaction: Transaction) -> None:
    outcome = shop.order(transaction)
    assert (outcome.transaction, outcome.result, outcome.code) == (transaction, Result.APPROVED, "00")
    assert not shop.printer.written
    assert shop.preauth().approved


@pytest.mark.parametrize("transaction", ENDS)
def test_a_download_ends_with_its_end_message(shop: Shop, transaction: Transaction) -> None:
    shop.order(transaction)
    assert asked(shop)[-1] == ENDS[transaction]


@pytest.mark.parametrize("transaction", [T.SIGN_OFF, T.ECHO, T.PARAMETERS])
def test_a_refusal_is_told_with_its_code(shop: Shop, transaction: Transaction) -> None:
    shop.host.add_rule(Rule(Answer("97"), transaction))
    outcome = shop.order(transaction)
    assert (outcome.result, outcome.code) == (Result.DECLINED, "97")


@pytest.mark.parametrize("transaction", [T.ECHO, T.PARAMETERS])
def test_silence_is_told_as_silence(shop: Shop, transaction: Transaction) -> None:
    shop.host.add_rule(Rule(NoAnswer(), transaction))
    shop.parameters(response_timeout_s=0.1)
    assert shop.order(transaction).result is Result.NO_REPLY


def test_without_a_host_nothing_is_sent(shop: Shop) -> None:
    shop.host.stop()
    outcome = shop.order(T.ECHO)
    assert (outcome.result, outcome.message) == (Result.NO_REPLY, "通讯失败 未发送")


def test_after_a_sign_off_the_next_transaction_signs_on(shop: Shop) -> None:
    shop.preauth()
    shop.order(T.SIGN_OFF)
    shop.preauth()
    assert asked(shop)[-3:] == ["sign-off", "sign-on", "pre-authorisation"]


@pytest.mark.parametrize("transaction", [T.TIP, T.ADJUSTMENT, T.OFFLINE_SALE, T.BATCH_UPLOAD, T.STATUS_UPLOAD])
def test_what_it_cannot_do_it_refuses(shop: Shop, transaction: Transaction) -> None:
    outcome = shop.order(transaction, 1_00)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "不支持的交易")
    assert not shop.events.of("request")


# ── parameters ────────────────────────────────────────────────────────────────────────────────────────────────────


def changed(shop: Shop) -> dict[str, str]:
    found = shop.events.of("parameters")[-1]["changed"]
    assert isinstance(found, dict)
    return found


def test_parameters_hold_from_the_next_transaction_on_and_are_told_by_name(shop: Shop) -> None:
    """cases.md 235"""
    before = shop.terminal.parameters
    shop.host.offer_download({"12": "20", "20": "0", "22": "OTHER MERCHANT", "23": "1"})
    shop.order(T.PARAMETERS)
    after = shop.terminal.parameters
    assert (after.response_timeout_s, after.manual_entry, after.merchant_name, after.reversal_repeats) == (
        20.0, False, "OTHER MERCHANT", 1,
    )  # fmt: skip
    told = changed(shop)
    assert (told["merchant name"], told["reply time-out, seconds"]) == ("OTHER MERCHANT", "20")
    shop.preauth()
    assert "OTHER MERCHANT" in shop.printer.written[0].text
    assert before.terminal_id == after.terminal_id


def test_the_hosts_seconds_are_market_seconds(shop: Shop) -> None:
    shop.parameters(time_scale=20.0)
    shop.host.offer_download({"12": "10"})
    shop.order(T.PARAMETERS)
    assert shop.terminal.parameters.response_timeout_s == 0.5


def test_a_time_out_of_nothing_is_not_taken(shop: Shop) -> None:
    shop.host.offer_download({"12": "00"})
    shop.order(T.PARAMETERS)
    assert shop.terminal.parameters.response_timeout_s == 10.0


def test_the_same_parameters_again_change_nothing(shop: Shop) -> None:
    shop.order(T.PARAMETERS)
    shop.order(T.PARAMETERS)
    assert changed(shop) == {}


@pytest.mark.parametrize("transaction", [T.SALE, T.PREAUTH, T.BALANCE])
def test_a_transaction_that_is_switched_off_is_refused_by_the_terminal(shop: Shop, transaction: Transaction) -> None:
    allowed = [name for name in SWITCHES if name != transaction.value]
    shop.host.offer_download({"26": switch_bytes(allowed).hex()})
    shop.order(T.PARAMETERS)
    before = shop.events.of("request")
    outcome = shop.order(transaction, 1_00)
    assert (outcome.result, outcome.message) == (Result.REFUSED, "交易未开通")
    assert shop.events.of("request") == before
    other = T.SALE if transaction is not T.SALE else T.PREAUTH
    assert shop.order(other, 1_00).approved


def test_an_increment_goes_with_the_pre_authorisation(shop: Shop) -> None:
    hold = shop.preauth()
    shop.host.offer_download({"26": switch_bytes(["sale"]).hex()})
    shop.order(T.PARAMETERS)
    assert shop.order(T.INCREMENT, 1_00, hold).message == "交易未开通"


def test_a_typed_number_can_be_switched_off(shop: Shop) -> None:
    hold: Outcome = shop.preauth()
    shop.host.offer_download({"20": "0"})
    shop.order(T.PARAMETERS)
    assert shop.order(T.CANCEL, 100_00, hold, entry=Entry.KEYED).result is Result.REFUSED


def test_fewer_repeats_of_a_reversal_are_heeded(open_shop: Open) -> None:
    shop = open_shop(reversal={"repeats": 3})
    shop.host.offer_download({"23": "0"})
    shop.order(T.PARAMETERS)
    shop.host.add_rule(Rule(NoAnswer(), T.PREAUTH))
    shop.host.add_rule(Rule(NoAnswer(), reversal=True, times=None))
    shop.impatient = {"request", "reversal"}
    shop.preauth()
    shop.terminal.to_idle()
    assert len(shop.reversals()) == 1


@pytest.mark.parametrize("action", [SetField(62, "39393031"), DropField(62)], ids=["unknown tag", "nothing"])
def test_parameters_that_cannot_be_read_change_nothing(shop: Shop, action: SetField | DropField) -> None:
    before = shop.terminal.parameters
    shop.host.add_rule(Rule(action, T.PARAMETERS))
    shop.order(T.PARAMETERS)
    assert shop.terminal.parameters == before


# ── CA keys and IC parameters ─────────────────────────────────────────────────────────────────────────────────────


def test_every_listed_key_is_fetched_in_turn_and_kept(shop: Shop) -> None:
    shop.order(T.CA_KEY_DOWNLOAD)
    assert asked(shop) == ["CA key query", *["CA key download"] * 2, "CA key download end"]
    kept = shop.terminal._journal.downloads("CA key")
    assert list(kept) == ["A000000333 F0", "A000000333 F1"]
    for value in kept.values():
        CaKey.of(Load.parse(b"1" + value).entries[0])


def test_parameters_of_every_application_are_kept(shop: Shop) -> None:
    shop.order(T.IC_PARAMETER_DOWNLOAD)
    assert list(shop.terminal._journal.downloads("IC parameters")) == ["A000000333010101", "A000000333010102"]


def test_a_key_whose_check_value_is_wrong_is_not_kept(shop: Shop) -> None:
    key = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", b"\x80" + bytes(127))
    entry = tuple((tag, bytes(20) if tag == "DF03" else value) for tag, value in key.entry())
    shop.host.add_rule(Rule(SetField(62, Load("1", (entry,)).pack().hex()), T.CA_KEY_DOWNLOAD))
    shop.order(T.CA_KEY_DOWNLOAD)
    assert list(shop.terminal._journal.downloads("CA key")) == ["A000000333 F1"]
    assert any("check value" in text for text in shop.displays())


def test_a_key_that_no_card_could_be_signed_with_is_not_kept(shop: Shop) -> None:
    """EMV Book 2, Annex B2.1"""
    short = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", b"\x80" + bytes(31))
    shop.host.add_rule(Rule(SetField(62, Load("1", (short.entry(),)).pack().hex()), T.CA_KEY_DOWNLOAD))
    shop.order(T.CA_KEY_DOWNLOAD)
    assert list(shop.terminal._journal.downloads("CA key")) == ["A000000333 F1"]
    assert any(text.startswith("CA key F0 of A000000333 is refused") for text in shop.displays())


def test_what_was_downloaded_is_used_from_the_next_transaction_on(shop: Shop) -> None:
    """A key by which the card's certificates can be followed; an action code that declines it."""
    shop.parameters(ca_keys=CaKeys())
    shop.preauth()
    assert Tvr.DDA_FAILED in told(shop)
    assert shop.order(T.CA_KEY_DOWNLOAD).approved
    assert shop.preauth().approved
    assert Tvr.DDA_FAILED not in told(shop)
    entry = (("9F06", bytes.fromhex("A000000333010102")), ("DF13", Tvr.ONLINE_PIN_ENTERED.pack()))
    shop.host.add_rule(Rule(SetField(62, Load("1", (entry,)).pack().hex()), T.IC_PARAMETER_DOWNLOAD, times=None))
    assert shop.order(T.IC_PARAMETER_DOWNLOAD).approved
    assert shop.preauth().result is Result.CARD_DECLINED
    shop.terminal.forget_downloads()
    assert shop.preauth().approved


def told(shop: Shop) -> Tvr:
    """Tag 95 of the last request."""
    return Tvr.parse(find(bytes(shop.messages("0100")[-1][55]), "95") or b"")  # type: ignore[arg-type]


def test_a_download_that_is_refused_half_way_is_reported_and_can_be_done_again(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("96"), T.CA_KEY_DOWNLOAD, occurrence=2))
    assert shop.order(T.CA_KEY_DOWNLOAD).code == "96"
    assert asked(shop)[-1] == "CA key download"
    assert shop.order(T.CA_KEY_DOWNLOAD).approved
    assert len(shop.terminal._journal.downloads("CA key")) == 2


def test_a_list_that_cannot_be_read_is_as_none(shop: Shop) -> None:
    shop.host.add_rule(Rule(SetField(62, "3999"), T.CA_KEY_QUERY))
    shop.order(T.CA_KEY_DOWNLOAD)
    assert asked(shop) == ["CA key query", "CA key download end"]


def test_a_list_without_an_end_is_left(shop: Shop) -> None:
    entry = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", b"\x80").listed()
    shop.host.add_rule(Rule(SetField(62, Load("2", (entry,)).pack().hex()), T.CA_KEY_QUERY, times=None))
    shop.order(T.CA_KEY_DOWNLOAD)
    assert asked(shop).count("CA key query") == 20
