"""After the host's word: the second cryptogram, what it is asked for, the answer's data, and scripts."""

from __future__ import annotations

import pytest

from protocols.emv import build
from protocols.emv.verification import Tvr
from tests.reports.judge.builder import GUARD_MS, TIMEOUT_MS
from tests.reports.judge.chip_tale import CDOL1, ChipTale, asked, at_last
from tests.reports.judge.findings import failed, passed

FIRST, SECOND, SENT = "first generate", "second generate", "host request"
HAPPENS, ASKS, HANDED = "chip.second-happens", "chip.second-asks", "chip.answer-handed"
BITS = "chip.tvr-completion"
EXTERNAL = {"82": "7C00", "8D": "8A02" + CDOL1}
"""A card that takes EXTERNAL AUTHENTICATE."""


# ── the second cryptogram ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_arqc_has_its_end() -> None:
    tale = asked().answered()
    assert "never asked again" in failed(tale.audit(HAPPENS), tale[FIRST])
    passed(asked().answered().second().audit(HAPPENS))


@pytest.mark.parametrize("given", ["AAC", "TC"])
def test_what_the_card_ended_itself_needs_no_second(given: str) -> None:
    assert ChipTale().opened().pin_entered().first(given).audit(HAPPENS) is None


def test_a_card_that_has_left_or_is_silent_cannot_be_asked() -> None:
    left = asked().answered().tell("reader", "removed", card="credit-0014")
    passed(left.audit(HAPPENS))
    passed(asked(card=EXTERNAL).answered().authenticates(sw="").audit(HAPPENS))
    before = ChipTale().tell("reader", "removed", card="x").opened().pin_entered().first().sent().answered()
    failed(before.audit(HAPPENS), before[FIRST])


def test_a_card_that_is_taken_out_when_all_is_over_explains_nothing() -> None:
    tale = asked().answered().outcome("approved").tell("reader", "removed", card="credit-0014")
    failed(tale.audit(HAPPENS), tale[FIRST])


INFORMATION, COUNTER, MADE = ("9F27", b"\x80"), ("9F36", b"\x00\x01"), ("9F26", bytes(range(8)))


@pytest.mark.parametrize(
    ("answer", "whole"),
    [(build([("77", [INFORMATION, COUNTER, MADE])]), True), (build([("80", b"\x80" + bytes(12))]), True),
     (b"\0" + build([("77", [INFORMATION, COUNTER, MADE])]) + b"\0", True),
     (build([("77", [INFORMATION, COUNTER, MADE, MADE])]), False), (build([("77", [INFORMATION, COUNTER])]), False),
     (build([("77", [INFORMATION, ("9F36", b"\x01"), MADE])]), False), (build([("80", b"\x80" + bytes(9))]), False),
     (build([("80", b"\x80" + bytes(43))]), False), (build([("77", [COUNTER, MADE])]), False),
     (build([("70", [INFORMATION, COUNTER, MADE])]), False),
     (b"\x12\x34\x56", False)],
    ids=["whole", "a row", "fillers", "twice", "no cryptogram", "a short counter", "a short row", "a long row",
         "no information", "a record", "no object"],
)  # fmt: skip
def test_an_answer_that_is_none_ends_it(answer: bytes, whole: bool) -> None:
    """EMV Book 3, 7.5: what is whole is no end."""
    tale = ChipTale().opened().pin_entered().apdu("80AE80003300" + "00" * 51, answer.hex(), called=FIRST)
    found = tale.outcome("card declined", trace="").audit(HAPPENS)
    if whole:
        failed(found, tale[FIRST])
    else:
        assert found is None


def test_a_card_that_gives_more_than_it_was_asked_for_ends_it() -> None:
    assert ChipTale().opened().first("ARQC", "AAC").audit(HAPPENS) is None


def test_a_third_cryptogram_is_one_too_many() -> None:
    tale = asked().answered().second().second("AAC")
    failed(tale.audit(HAPPENS), tale[SECOND])


def test_that_it_is_missing_is_known_only_at_the_end() -> None:
    found = asked().answered().audit(HAPPENS)
    assert found is not None
    assert found.deviations[0].missing


# ── what it is asked for ──────────────────────────────────────────────────────────────────────────────────────────


def answered(how: str) -> ChipTale:
    tale = asked()
    if how == "late":
        return tale.answered(after=TIMEOUT_MS + GUARD_MS + 10)
    if how == "just in time or not":
        return tale.answered(after=TIMEOUT_MS)
    if how == "wrong MAC":
        return tale.answered(spoiled=["MAC"])
    if how == "doubtful":
        return tale.answered(spoiled=["F44"])
    if how == "in part":
        return tale.answered("10", change={4: "000000060000"})
    return tale if how == "never" else tale.answered(how)


@pytest.mark.parametrize(
    ("how", "right"),
    [("00", "TC"), ("51", "AAC"), ("Z9", "AAC"), ("never", "AAC"), ("late", "AAC"), ("wrong MAC", "AAC"),
     ("just in time or not", ""), ("doubtful", ""), ("in part", "")],
)  # fmt: skip
def test_it_is_asked_for_what_the_host_said(how: str, right: str) -> None:
    for kind in ("TC", "AAC"):
        tale = answered(how).second(kind)
        found = tale.audit(ASKS)
        if not right:
            assert found is None
        elif kind == right:
            passed(found)
        else:
            failed(found, tale[SECOND], tale[SENT])


def test_a_part_that_was_asked_for_is_an_approval() -> None:
    tale = ChipTale().opened().pin_entered().first().sent(change={60: "10000001000501"})
    tale.answered("10", change={4: "000000060000"}).second("AAC")
    failed(tale.audit(ASKS), tale[SECOND])


@pytest.mark.parametrize(("transaction", "judged"), [("pre-authorisation", True), ("sale", False)])
def test_what_never_left_is_declined_where_it_must_go_online(transaction: str, judged: bool) -> None:
    """EMV Book 3, 10.7: a sale may be approved offline by terminal and card."""
    tale = ChipTale().order(transaction).configured().personalised().powered().selects().options().reads().signs()
    tale.pin_entered().first().second("TC", code="Y3")
    if judged:
        failed(tale.audit(ASKS), tale[SECOND])
    else:
        assert tale.audit(ASKS) is None


def test_what_may_have_left_and_could_not_be_read_is_open() -> None:
    tale = ChipTale().opened().pin_entered().first().tell("host", "undecodable", reason="x").second("TC")
    assert tale.audit(ASKS) is None


@pytest.mark.parametrize(("wrong", "right"), [(True, "AAC"), (False, "TC")])
def test_a_signature_that_is_wrong_ends_in_an_aac(wrong: bool, right: str) -> None:
    """EMV Book 2, 6.6.2: whatever the host says."""
    for kind in ("TC", "AAC"):
        tale = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered()
        tale.first(cda=True, signed_wrongly=wrong).sent().answered().second(kind)
        found = tale.audit(ASKS)
        passed(found) if kind == right else failed(found, tale[SECOND])


def test_keys_that_were_wrong_before_are_a_matter_of_action_codes() -> None:
    tale = ChipTale(card={"82": "7900"}).opened(signed=False, authentic="wrong").pin_entered()
    passed(tale.first(tvr=Tvr(0x0400048000)).sent().answered().second("TC").audit(ASKS))


# ── the answer's data ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("code", "told", "right"),
    [("00", "00", True), ("00", "05", False), ("51", "51", True), ("51", "00", True), ("51", "05", False)],
)
def test_the_card_is_told_the_hosts_code(code: str, told: str, right: bool) -> None:
    """As F39 has it, or as the authentication data are made over it: those of this tale are made over 00."""
    tale = asked().answered(code).second("TC" if code == "00" else "AAC", code=told)
    if right:
        passed(tale.audit(HANDED))
    else:
        failed(tale.audit(HANDED), tale[SECOND], tale["host response"])


@pytest.mark.parametrize(("told", "right"), [("Z3", True), ("00", False)])
def test_without_an_answer_the_card_is_told_no_approval(told: str, right: bool) -> None:
    tale = asked().second("AAC", code=told)
    if right:
        passed(tale.audit(HANDED))
    else:
        failed(tale.audit(HANDED), tale[SECOND], tale[SENT])


def test_authentication_data_go_by_the_second_list() -> None:
    passed(asked().answered().second().audit(HANDED))
    tale = asked().answered().second(values={"91": bytes(10)})
    assert "not handed" in failed(tale.audit(HANDED), tale[SECOND], tale["host response"])
    tale = asked().answered().second(values={"91": b"\x01" * 10})
    assert "other" in failed(tale.audit(HANDED), tale[SECOND], tale["host response"])


def test_authentication_data_go_by_a_command_of_their_own() -> None:
    passed(asked(card=EXTERNAL).answered().authenticates().second().audit(HANDED))
    tale = asked(card=EXTERNAL).answered().second()
    assert "EXTERNAL AUTHENTICATE" in failed(tale.audit(HANDED), tale[SECOND], tale["host response"])
    tale = asked(card=EXTERNAL).answered().authenticates("0123456789ABCDEF3030").second()
    failed(tale.audit(HANDED), tale[SECOND], tale["host response"])
    tale = asked(card=EXTERNAL).answered().second().authenticates()
    failed(tale.audit(HANDED), tale[SECOND])


def test_a_part_that_is_refused_brings_its_data_all_the_same() -> None:
    tale = asked().answered("10", change={4: "000000060000"}).second("AAC", values={"91": bytes(10)})
    assert "not handed" in failed(tale.audit(HANDED), tale[SECOND])


@pytest.mark.parametrize("data", ["", "21415243527CE7", "21" * 17])
def test_what_is_no_authentication_data_need_not_be_handed_on(data: str) -> None:
    passed(asked().answered(authentication=data).second(values={"91": bytes(10)}).audit(HANDED))


def test_a_card_that_takes_them_in_no_way_is_handed_none() -> None:
    passed(asked(card={"8D": "8A02" + CDOL1}).answered().second().audit(HANDED))


# ── bits ──────────────────────────────────────────────────────────────────────────────────────────────────────────

BASE = Tvr(0x0000048000)


@pytest.mark.parametrize(
    ("sw", "due"), [("9000", False), ("6300", True), ("6985", True)],
)  # fmt: skip
def test_a_card_that_refuses_the_issuers_proof(sw: str, due: bool) -> None:
    for bits in (BASE, BASE | Tvr.ISSUER_AUTHENTICATION_FAILED):
        tale = at_last(asked(card=EXTERNAL).answered().authenticates(sw=sw), bits)
        if due is bool(bits & Tvr.ISSUER_AUTHENTICATION_FAILED):
            passed(tale.audit(BITS))
        else:
            failed(tale.audit(BITS), tale[SECOND], tale["command 0082"])


def test_without_a_command_the_terminal_knows_of_no_failure() -> None:
    for tale in (asked().answered(), asked(card=EXTERNAL).answered(authentication=""), asked()):
        failed(at_last(tale, BASE | Tvr.ISSUER_AUTHENTICATION_FAILED).audit(BITS), tale[SECOND])


def test_data_that_were_not_handed_on_leave_it_open() -> None:
    for bits in (BASE, BASE | Tvr.ISSUER_AUTHENTICATION_FAILED):
        passed(at_last(asked(card=EXTERNAL).answered(), bits).audit(BITS))


def test_what_was_set_before_stays() -> None:
    tale = at_last(asked().answered(), Tvr(0x0000008000))
    assert "'online PIN entered' is not set" in failed(tale.audit(BITS), tale[SECOND], tale[FIRST])


@pytest.mark.parametrize(("wrong", "due"), [(True, True), (False, False)])
def test_a_combined_signature_is_told_at_last(wrong: bool, due: bool) -> None:
    for bits in (BASE, BASE | Tvr.CDA_FAILED):
        tale = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered()
        tale = at_last(tale.first(cda=True, signed_wrongly=wrong).sent().answered(), bits)
        found = tale.audit(BITS)
        passed(found) if due is bool(bits & Tvr.CDA_FAILED) else failed(found, tale[SECOND])
