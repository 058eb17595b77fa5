"""The auditor of the chip: cryptogram, application, action codes, and what may end without the host."""

from __future__ import annotations

import pytest

from protocols.emv import build
from protocols.emv.verification import Tvr
from protocols.prompts import ASKED_FOR
from reports.judge.auditors import auditors
from reports.judge.finding import Verdict
from tests.reports.judge.builder import Tale
from tests.reports.judge.chip_tale import AID, LAST_CRYPTOGRAM, LAST_DATA, ChipTale
from tests.reports.judge.findings import failed, passed

CHIP = [audit.id for audit in auditors() if audit.id.startswith("chip.")]
OF_A_GOOD_HOLD = {
    "chip.cryptogram-sent", "chip.application-open", "chip.denial-honoured", "chip.no-offline-approval",
    "chip.data-sent", "chip.tvr-authentication", "chip.tvr-restrictions", "chip.tvr-verification", "chip.tvr-risk",
    "chip.tvr-completion", "chip.tvr-sent", "chip.cvm-results", "chip.second-happens", "chip.second-asks",
    "chip.answer-handed", "chip.entry-mode", "chip.pin-enciphered",
}  # fmt: skip
FIRST, SECOND = "first generate", "second generate"


@pytest.mark.parametrize("rule", CHIP)
def test_a_good_hold_has_nothing_against_it(rule: str) -> None:
    found = ChipTale().good().audit(rule)
    if rule in OF_A_GOOD_HOLD:
        passed(found)
    else:
        assert found is None


@pytest.mark.parametrize("rule", [rule for rule in CHIP if rule != "chip.pin-enciphered"])
def test_without_commands_to_a_card_nothing_is_judged(rule: str) -> None:
    """A terminal that is a box shows its messages alone."""
    assert Tale().approved().audit(rule) is None


@pytest.mark.parametrize("rule", CHIP)
def test_a_walk_of_the_bench_itself_is_no_terminals(rule: str) -> None:
    tale = ChipTale().tell("reader", "walk", where="reader")
    tale.powered().selects(sw="6283").options()
    tale.tell("reader", "walked", commands=3)
    assert tale.audit(rule) is None


# ── cryptogram ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tag", "value"),
    [("9F26", "5D016C91005E7CC3"), ("9F27", "40"), ("9F36", "0002"), ("9F10", "07010103A0000002"), ("9F26", "")],
)
def test_a_cryptogram_that_is_sent_otherwise(tag: str, value: str) -> None:
    tale = ChipTale().opened().pin_entered().first().sent(chip={tag: value})
    assert tag in failed(tale.audit("chip.cryptogram-sent"), tale["host request"], tale[FIRST])


def test_what_is_not_sent_at_all_is_for_others_to_say() -> None:
    passed(ChipTale().opened().pin_entered().first().sent(chip={"9F26": None}).audit("chip.cryptogram-sent"))


def test_a_cryptogram_that_was_signed_away_is_known_by_the_cards_own_word() -> None:
    tale = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered().first(cda=True)
    passed(tale.sent().audit("chip.cryptogram-sent"))
    other = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered().first(cda=True)
    other.sent(chip={"9F26": "0000000000000001"})
    failed(other.audit("chip.cryptogram-sent"), other["host request"])


def test_without_the_cards_word_a_signed_cryptogram_is_not_compared() -> None:
    tale = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered().first(cda=True, fact=False)
    passed(tale.sent(chip={"9F26": "0000000000000001"}).audit("chip.cryptogram-sent"))


def test_the_cryptogram_of_the_card_before_is_not_this_ones() -> None:
    tale = ChipTale().opened().pin_entered().first()
    tale.powered().selects().options().reads().signs().pin_entered().first(cryptogram="AAAAAAAAAAAAAAAA")
    tale.sent(chip={"9F26": "5D016C91005E7CC2"})
    failed(tale.audit("chip.cryptogram-sent"), tale["host request"])


def test_a_request_that_is_repeated_under_new_keys_carries_it_again() -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered("77").management("sign-on").reply()
    passed(tale.sent(trace="000078").answered().second().audit("chip.cryptogram-sent"))


def notice(tale: ChipTale, **chip: str | None) -> ChipTale:
    tale.request("script notice", mti="0620", trace="000079", change={61: f"000001{'000077'}1125", 55: "80 bytes"})
    tale._told({"9F36": "0001", "9F26": LAST_CRYPTOGRAM, "9F10": LAST_DATA, "95": "0000048000", **chip})
    return tale


def test_a_notice_carries_what_the_card_gave_first_or_last() -> None:
    passed(notice(ChipTale().good()).audit("chip.cryptogram-sent"))
    passed(notice(ChipTale().good(), **{"9F26": "5D016C91005E7CC2"}).audit("chip.cryptogram-sent"))
    tale = notice(ChipTale().good(), **{"9F10": "0701010360000009"})
    failed(tale.audit("chip.cryptogram-sent"), tale["host request"], tale[SECOND])


# ── application ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sw", ["6283", "6A82", "6A81"])
def test_an_application_that_was_not_opened_is_not_started(sw: str) -> None:
    tale = ChipTale().order()
    tale.powered().selects(sw=sw).options()
    assert sw in failed(tale.audit("chip.application-open"), tale["answer 00A4"])


def test_the_application_after_a_blocked_one_may_be_started() -> None:
    tale = ChipTale().order()
    passed(tale.powered().selects(sw="6283").selects(AID[:-2] + "01").options().audit("chip.application-open"))


def test_a_card_that_is_only_selected_is_not_judged() -> None:
    tale = ChipTale().order()
    assert tale.powered().selects(sw="6283").audit("chip.application-open") is None


def directory(*last: str) -> str:
    """A record of the directory that names these applications."""
    return build([("70", [("61", [("4F", bytes.fromhex(AID[:-2] + one))]) for one in last])]).hex().upper()


def choosing(*applications: str, choice: bool | None = True, priority: str = "01", asked: str = "") -> ChipTale:
    """A start after a directory; `asked` is what the customer's display says before it."""
    tale = ChipTale(setting={"cardholder_choice": choice}).order().configured().powered()
    tale.apdu("00A404000E315041592E5359532E4444463031", "6F00").apdu("00B2010C00", directory(*applications))
    if asked:
        tale.display(asked)
    return tale.selects(**{"87": priority}).options()


CHOOSE, CONFIRM = ASKED_FOR["choose an application"][0], ASKED_FOR["confirm the application"][0]


@pytest.mark.parametrize(
    ("tale", "right"),
    [(choosing("01", "02", asked=f"{CHOOSE} 1 A 2 B"), True), (choosing("01", "02"), False),
     (choosing("02", priority="81", asked=f"{CONFIRM} A"), True), (choosing("02", priority="81"), False),
     (choosing("02", priority="81", choice=False), False), (choosing("01", "02", asked="请插卡"), False)],
)  # fmt: skip
def test_nobody_starts_what_the_cardholder_is_to_choose(tale: ChipTale, right: bool) -> None:
    found = tale.audit("chip.application-asked")
    if right:
        passed(found)
    else:
        assert "nobody was asked" in failed(found, tale["command 80A8"])


@pytest.mark.parametrize(
    "tale",
    [choosing("02"), choosing("01", "02", choice=False), choosing("01", "02", choice=None), choosing("02", "06")],
)
def test_where_there_is_nothing_to_choose_nobody_need_be_asked(tale: ChipTale) -> None:
    """One application, a terminal without a choice, one that nobody tells of, an application not of every terminal."""
    assert tale.audit("chip.application-asked") is None


# ── action codes ──────────────────────────────────────────────────────────────────────────────────────────────────

DENIED = {"9F0E": "0040000000"}
"""Bit 7 of byte 2: an expired application is denied."""


def test_what_the_issuer_denies_is_denied() -> None:
    tale = ChipTale(card=DENIED, terminal={"95": "0040048000"}).opened().pin_entered().first(expired=True)
    assert "expired application" in failed(tale.audit("chip.denial-honoured"), tale[FIRST], tale["answer 00B2"])
    denied = ChipTale(card=DENIED, terminal={"95": "0040048000"}).opened().first("AAC", "AAC", expired=True)
    passed(denied.audit("chip.denial-honoured"))


def test_what_the_terminals_own_code_denies_is_denied() -> None:
    tale = ChipTale(setting={"tac_denial": "0000040000"}).opened().pin_entered().first()
    failed(tale.audit("chip.denial-honoured"), tale[FIRST], tale["rig configuration"])
    passed(ChipTale(setting={"tac_denial": None}).opened().pin_entered().first().audit("chip.denial-honoured"))


@pytest.mark.parametrize(("code", "right"), [("0000000000", True), ("0000040000", False), (None, False)])
def test_what_must_go_online_gets_no_tc(code: str | None, right: bool) -> None:
    """An online code that is not there is all ones. EMV Book 3, 10.7"""
    tale = ChipTale(card={"9F0F": code}).opened().pin_entered().first("TC", "TC")
    found = tale.audit("chip.denial-honoured")
    if right:
        passed(found)
    else:
        failed(found, tale[FIRST])


def test_where_nobody_tells_the_results_codes_are_not_judged() -> None:
    short = {"8C": "9F02069A03", "8D": "8A029F0206"}
    assert ChipTale(card=short).opened().first().audit("chip.denial-honoured") is None


# ── without the host ──────────────────────────────────────────────────────────────────────────────────────────────


def test_no_hold_is_granted_by_the_card_alone() -> None:
    tale = ChipTale().opened().pin_entered().first("TC", "TC")
    failed(tale.audit("chip.no-offline-approval"), tale[FIRST])
    tale = ChipTale().opened().pin_entered().first("AAC")
    tale.outcome("approved", trace="")
    failed(tale.audit("chip.no-offline-approval"), tale["terminal outcome"], tale["answer 80AE"])


def test_a_sale_may_be_granted_offline() -> None:
    tale = ChipTale().order("sale")
    tale.configured().personalised().powered().selects().options().reads().signs().pin_entered().first("TC", "TC")
    assert tale.outcome("approved").audit("chip.no-offline-approval") is None


@pytest.mark.parametrize(("given", "right"), [("AAC", False), ("ARQC", True)])
def test_what_was_declined_offline_is_not_sent(given: str, right: bool) -> None:
    tale = ChipTale().opened().pin_entered().first(given).sent(chip={"9F27": "00" if given == "AAC" else "80"})
    found = tale.audit("chip.offline-decline-silent")
    if right:
        assert found is None
    else:
        failed(found, tale["host request"], tale["answer 80AE"])


def test_what_was_declined_offline_and_kept_is_well() -> None:
    passed(ChipTale().opened().first("AAC", "AAC").outcome("card declined").audit("chip.offline-decline-silent"))


def test_a_whole_case_that_is_good_passes() -> None:
    tale = ChipTale().opened().pin_entered().first().sent().checked().answered().second().slips().outcome("approved")
    tale.state("idle").expect("outcome.reported", transaction="pre-authorisation", result="approved")
    judged = tale.close().judge()
    assert judged.verdict is Verdict.PASS, [c for c in judged.criteria if c.verdict is not Verdict.PASS]


def test_a_bit_that_means_nothing_or_was_sent_otherwise() -> None:
    tale = ChipTale().opened().pin_entered().first(tvr=Tvr(0x0000048008))
    assert "RFU" in failed(tale.audit("chip.tvr-sent"), tale[FIRST])
    tale = ChipTale().opened().pin_entered().first().sent(chip={"95": "0000008000"})
    failed(tale.audit("chip.data-sent"), tale["host request"], tale[FIRST])
    tale = ChipTale(card={"8C": "9F0206"}).opened().pin_entered().first().sent(chip={"95": "0000048000AA"})
    assert "6 bytes" in failed(tale.audit("chip.tvr-sent"), tale[FIRST])
