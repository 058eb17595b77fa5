"""How a chip transaction ends: last word, issuer's scripts, what it decides alone. EMV Book 3, 10.7 to 10.11."""

from __future__ import annotations

import pytest

from protocols.emv import parse
from protocols.orders import Entry, Result
from protocols.transactions import Transaction
from rigs.cards.faulty import card_fault
from simulators.issuer import Answer, IssuerScript, NoAnswer, Rule
from tests.simulators.kit import OTHER_PAN
from tests.simulators.terminal.conftest import Open
from tests.simulators.terminal.shop import Shop

T = Transaction
SILENT = NoAnswer(decide=False)


def words(shop: Shop) -> list[tuple[str, str, str]]:
    return [(str(e["round"]), str(e["asked"]), str(e["type"])) for e in shop.events.of("cryptogram")]


def with_fault(shop: Shop, fault: str) -> Shop:
    shop.holds("credit-chip", OTHER_PAN, fault=card_fault(fault))
    shop.presenter.offer("credit-chip")
    return shop


# ── online ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_approval_is_a_tc_and_its_cryptogram_stands_on_the_slip(shop: Shop) -> None:
    assert shop.preauth().approved
    assert words(shop) == [("first", "ARQC", "ARQC"), ("second", "TC", "TC")]
    given = shop.events.of("cryptogram", round="second")[0]["cryptogram"]
    assert f"TC{given.rjust(30)}" in shop.printer.written[0].text


@pytest.mark.parametrize("code", ["51", "05"])
def test_a_refusal_is_an_aac_and_leaves_nothing_to_reverse(shop: Shop, code: str) -> None:
    shop.host.add_rule(Rule(Answer(code), T.PREAUTH))
    assert shop.preauth().code == code
    assert words(shop) == [("first", "ARQC", "ARQC"), ("second", "AAC", "AAC")]
    assert not shop.reversals()


def test_silence_is_an_aac_and_a_reversal(shop: Shop) -> None:
    shop.host.add_rule(Rule(SILENT, T.PREAUTH))
    shop.impatient = {"request"}
    assert shop.preauth().result is Result.NO_REPLY
    assert words(shop) == [("first", "ARQC", "ARQC"), ("second", "AAC", "AAC")]
    assert len(shop.reversals()) == 1


def test_a_card_that_leaves_before_a_refusal_changes_nothing(shop: Shop) -> None:
    shop.host.add_rule(Rule(Answer("51"), T.PREAUTH))
    with_fault(shop, "leaves before it answers its second GENERATE AC")
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.DECLINED, "51")


def test_every_chip_has_a_number_of_its_own_in_a_row(shop: Shop) -> None:
    """EMV Book 3, Annex A1: 9F41."""
    for _ in range(3):
        shop.preauth(1_00)
    sent = [{node.tag: node.value for node in parse(bytes(m[55]))} for m in shop.messages("0100")]  # type: ignore[arg-type]
    assert [values["9F41"].hex() for values in sent] == ["00000001", "00000002", "00000003"]
    assert {values["9C"].hex() for values in sent} == {"03"}


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("template", ["71", "72"])
def test_how_a_script_fared_is_told_before_the_next_request(shop: Shop, template: str) -> None:
    """facts/unionpay-pos 2.2, 5.19"""
    shop.host.add_rule(Rule(IssuerScript((template,)), T.PREAUTH))  # type: ignore[arg-type]
    first = shop.preauth()
    assert first.approved
    assert not shop.messages("0620")
    assert shop.preauth().approved
    assert [mti for mti, _ in shop.requests()] == ["0100", "0620", "0100"]
    [notice] = shop.messages("0620")
    told = {node.tag: node.value for node in parse(bytes(notice[55]))}  # type: ignore[arg-type]
    assert told["DF31"].hex()[:2] == "20"
    assert (notice[2], notice[37], notice[61]) == (
        shop.card.pan, first.reference, f"000001{first.trace}{first.date}",
    )  # fmt: skip
    assert shop.terminal._journal.outbox.waiting() == []


def test_a_script_that_failed_is_told_as_such_and_stands_in_the_reversal(shop: Shop) -> None:
    """facts/unionpay-pos 2.2: DF31 beside the others."""
    shop.host.add_rule(Rule(IssuerScript(("71",), wrong_mac=True), T.PREAUTH))
    with_fault(shop, "declines at last")
    assert shop.preauth().result is Result.CARD_DECLINED
    [reversal] = shop.reversals()
    told = {node.tag: node.value for node in parse(bytes(reversal[55]))}  # type: ignore[arg-type]
    assert list(told) == ["95", "9F1E", "9F10", "9F36", "DF31"]
    assert told["DF31"].hex()[:2] == "11"
    assert told["95"][4] & 0x20  # EMV Book 3, Annex C5: script processing failed before final GENERATE AC


def test_a_terminal_that_sends_no_notices_keeps_none(shop: Shop) -> None:
    shop.parameters(switched_off=frozenset({T.SCRIPT_NOTICE}))
    shop.host.add_rule(Rule(IssuerScript(("72",)), T.PREAUTH))
    assert shop.preauth().approved
    assert not shop.terminal._journal.outbox.waiting()


# ── without the issuer ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def willing(shop: Shop) -> Shop:
    """Terminal, acquirer and card that would approve a sale by themselves."""
    shop.parameters(
        offline_approval=True, floor_limit=500_00, random_percent=0, tac_online="0000000000", tac_denial="0000000000",
        tac_default="0000000000",
    )  # fmt: skip
    application = {
        "default_action": "6000",
        "action_online": "0000000000",
        "action_default": "0000000000",
        "action_denial": "0000000000",
    }
    fault = card_fault("may decide by itself")
    shop.holds("no-cvm", OTHER_PAN, fault=fault.model_copy(update={"profile": {"application": application}}))
    shop.presenter.offer("no-cvm")
    return shop


def test_a_sale_that_the_chip_approved_alone_is_told_to_the_host_afterwards(willing: Shop) -> None:
    """EMV Book 4, 12.2.1; facts/unionpay-pos 3: an offline sale."""
    outcome = willing.order(T.SALE, 10_00)
    assert (outcome.result, outcome.code, outcome.message) == (Result.APPROVED, "Y1", "脱机批准")
    assert words(willing) == [("first", "TC", "TC")]
    assert willing.printing() == [("merchant", "done"), ("cardholder", "done")]
    assert not willing.messages("0200")
    willing.terminal.to_idle()
    [told] = willing.messages("0220")
    assert (told[3], str(told[60])[:2], told[22], told[11]) == ("000000", "30", "052", outcome.trace)
    values = {node.tag: node.value for node in parse(bytes(told[55]))}  # type: ignore[arg-type]
    assert values["9F27"] == b"\x40"
    assert not willing.terminal._journal.outbox.waiting()
    assert not willing.reversals()


def test_a_hold_goes_to_the_issuer_all_the_same(willing: Shop) -> None:
    """cases.md 152"""
    outcome = willing.preauth(10_00)
    assert (outcome.result, outcome.code) == (Result.APPROVED, "00")
    assert words(willing)[0] == ("first", "ARQC", "ARQC")


def test_a_sale_whose_issuer_gives_no_answer_may_be_the_chips_to_approve(willing: Shop) -> None:
    """EMV Book 3, 10.7; Book 4, A6: Y3. The request itself is reversed."""
    willing.parameters(tac_online="FFFFFFFFFF", floor_limit=0)
    willing.host.add_rule(Rule(SILENT, T.SALE))
    willing.impatient = {"request"}
    outcome = willing.order(T.SALE, 10_00)
    assert (outcome.result, outcome.code, outcome.entry) == (Result.APPROVED, "Y3", Entry.CHIP)
    assert words(willing) == [("first", "ARQC", "ARQC"), ("second", "TC", "TC")]
    [reversal] = willing.reversals()
    assert reversal[11] != outcome.trace
    willing.impatient = set()
    willing.terminal.to_idle()
    [told] = willing.messages("0220")
    values = {node.tag: node.value for node in parse(bytes(told[55]))}  # type: ignore[arg-type]
    last = willing.events.of("cryptogram", round="second")[0]
    assert (told[11], values["9F27"], values["9F26"].hex().upper()) == (outcome.trace, b"\x40", last["cryptogram"])


def test_a_seeded_defect_takes_a_hold_that_the_chip_approved(open_shop: Open) -> None:
    shop = open_shop("approved-offline")
    shop.holds("credit-chip", OTHER_PAN, fault=card_fault("may decide by itself"))
    shop.presenter.offer("credit-chip")
    outcome = shop.preauth()
    assert (outcome.result, outcome.code) == (Result.APPROVED, "Y1")
    shop.terminal.to_idle()
    assert not shop.requests()
