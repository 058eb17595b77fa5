"""Issuer scripts: run in their places, to their end, and told to the host as the card answered them."""

from __future__ import annotations

import pytest

from protocols.emv import build
from protocols.emv.verification import Tvr
from tests.reports.judge.builder import GUARD_MS, TIMEOUT_MS
from tests.reports.judge.chip_tale import CRYPTOGRAM, LAST_CRYPTOGRAM, LAST_DATA, ChipTale, asked, at_last
from tests.reports.judge.findings import failed, passed

FIRST, SECOND, SENT = "first generate", "second generate", "host request"
ORDER, TOLD, BITS = "chip.script-order", "chip.scripts-told", "chip.tvr-completion"
BASE = Tvr(0x0000048000)
BLOCK = bytes.fromhex("841E000004DEADBEEF")
PUT = bytes.fromhex("04DA9F5805AADEADBEEF")


def script(template: str, *commands: bytes, identifier: str = "00000001") -> bytes:
    inner = [("9F18", bytes.fromhex(identifier)), *(("86", command) for command in commands)]
    return build([(template, inner)])


def with_scripts(*scripts: bytes) -> ChipTale:
    return asked().answered(scripts=scripts)


def test_scripts_are_run_in_their_places() -> None:
    both = script("71", PUT), script("72", BLOCK)
    passed(with_scripts(*both).runs(PUT).second().runs(BLOCK).audit(ORDER))
    early = with_scripts(*both).runs(PUT).runs(BLOCK).second()
    assert "72 was sent before" in failed(early.audit(ORDER), early["command 841E"], early[SECOND])
    late = with_scripts(*both).second().runs(BLOCK).runs(PUT)
    assert "71 was sent after" in failed(late.audit(ORDER), late["command 04DA"], late[SECOND])


def test_a_card_that_is_taken_out_when_all_is_over_explains_nothing() -> None:
    tale = with_scripts(script("72", PUT, BLOCK)).second().runs(PUT).outcome("approved")
    failed(tale.tell("reader", "removed", card="x").audit(ORDER))


def test_a_script_that_was_not_run_to_its_end_is_missed() -> None:
    tale = with_scripts(script("72", PUT, BLOCK)).second().runs(PUT)
    assert "1 of 2" in failed(tale.audit(ORDER), tale[SECOND])
    passed(with_scripts(script("72", PUT, BLOCK)).second().runs(PUT, sw="6985").audit(ORDER))
    failed(with_scripts(script("71", PUT)).second().audit(ORDER))


def test_scripts_that_are_longer_than_a_terminal_must_take_may_be_left_out() -> None:
    passed_over = with_scripts(script("72", bytes.fromhex("04DA9F58") + b"\x78" + bytes(120))).second()
    assert passed_over.audit(ORDER) is None


def test_a_warning_is_no_failure() -> None:
    passed(with_scripts(script("72", PUT, BLOCK)).second().runs(PUT, sw="6283").runs(BLOCK).audit(ORDER))


def test_a_card_that_left_ends_its_scripts() -> None:
    tale = with_scripts(script("72", PUT, BLOCK)).second().runs(PUT).tell("reader", "removed", card="x")
    passed(tale.audit(ORDER))


def test_an_answer_that_did_not_count_has_no_scripts() -> None:
    tale = asked().answered(scripts=[script("71", PUT)], after=TIMEOUT_MS + GUARD_MS + 10).second("AAC")
    assert tale.audit(ORDER) is None


def told(tale: ChipTale, results: str, *, bits: Tvr = BASE, reversal: bool = False) -> ChipTale:
    change = {61: "000001" + "000077" + "1125", 55: "60 bytes"}
    if reversal:
        tale.reversal(change={55: "60 bytes"})
    else:
        tale.request("script notice", mti="0620", trace="000078", change=change)
    tale._told({"9F36": "0001", "9F10": LAST_DATA, "95": bits.pack().hex(), "DF31": results})
    if not reversal:
        tale._told({"9F26": LAST_CRYPTOGRAM})
    return tale


@pytest.mark.parametrize("reversal", [False, True])
@pytest.mark.parametrize(
    ("sws", "right"),
    [(("9000", "9000"), "2000000001"), (("9000", "6985"), "1200000001"), (("6985",), "1100000001"),
     (("6283", "9000"), "2000000001")],
)  # fmt: skip
def test_results_are_told_as_the_card_answered(sws: tuple[str, ...], right: str, reversal: bool) -> None:
    for value in ("2000000001", "1100000001", "1200000001", "0000000001", "2000000002", ""):
        tale = with_scripts(script("72", PUT, BLOCK)).second()
        for command, sw in zip((PUT, BLOCK), sws, strict=False):
            tale.runs(command, sw=sw)
        told(tale, value, reversal=reversal)
        if value == right:
            passed(tale.audit(TOLD))
        else:
            failed(tale.audit(TOLD), tale[SENT], tale["command 04DA"])


def test_of_several_scripts_those_before_come_first() -> None:
    tale = with_scripts(script("72", BLOCK, identifier="00000002"), script("71", PUT))
    tale.runs(PUT).second().runs(BLOCK, sw="6985")
    passed(told(tale, "20000000011100000002", bits=BASE | Tvr.SCRIPT_FAILED_AFTER).audit(TOLD))


def test_after_a_last_word_that_was_refused_no_script_is_due() -> None:
    """EMV Book 3, 6.3.5: the transaction is terminated."""
    tale = with_scripts(script("71", PUT), script("72", BLOCK, identifier="00000002")).runs(PUT)
    tale.second(sw="6985")
    passed(tale.audit(ORDER))
    for results, right in (("20000000010000000002", True), ("2000000001", True), ("20000000012000000002", False)):
        copy = with_scripts(script("71", PUT), script("72", BLOCK, identifier="00000002")).runs(PUT).second(sw="6985")
        told(copy, results)
        copy._told({"9F26": CRYPTOGRAM})
        passed(copy.audit(TOLD)) if right else failed(copy.audit(TOLD), copy[SENT])


def test_a_last_word_that_is_none_ends_it_as_well() -> None:
    """EMV Book 3, 9.3.2: an ARQC is no answer to the second GENERATE AC."""
    passed(with_scripts(script("72", BLOCK)).second("TC", "AAC").runs(BLOCK).audit(ORDER))
    failed(with_scripts(script("72", BLOCK)).second("TC", "AAC").audit(ORDER))
    assert with_scripts(script("72", BLOCK)).second("TC", "ARQC").audit(ORDER) is None


def test_results_that_nobody_is_told_are_missed() -> None:
    tale = with_scripts(script("72", PUT)).second().runs(PUT)
    found = tale.audit(TOLD)
    failed(found, tale["command 04DA"])
    assert found is not None
    assert found.deviations[0].missing
    assert with_scripts().second().audit(TOLD) is None


def test_what_a_leaving_card_broke_off_may_be_told_either_way() -> None:
    tale = with_scripts(script("72", PUT, BLOCK)).second().runs(PUT).runs(BLOCK, sw="")
    tale.tell("reader", "removed", card="x")
    passed(told(tale, "1200000001").audit(TOLD))


@pytest.mark.parametrize(("sw", "due"), [("9000", False), ("6985", True)])
def test_a_script_that_failed_before_is_told_the_card(sw: str, due: bool) -> None:
    for bits in (BASE, BASE | Tvr.SCRIPT_FAILED_BEFORE):
        tale = at_last(with_scripts(script("71", PUT)).runs(PUT, sw=sw), bits)
        found = tale.audit(BITS)
        passed(found) if due is bool(bits & Tvr.SCRIPT_FAILED_BEFORE) else failed(found, tale[SECOND])


@pytest.mark.parametrize(("sw", "due"), [("9000", False), ("6985", True)])
def test_a_script_that_failed_after_is_told_the_host(sw: str, due: bool) -> None:
    for bits in (BASE, BASE | Tvr.SCRIPT_FAILED_AFTER):
        tale = with_scripts(script("72", PUT)).second().runs(PUT, sw=sw)
        told(tale, "2000000001" if sw == "9000" else "1100000001", bits=bits)
        found = tale.audit(BITS)
        passed(found) if due is bool(bits & Tvr.SCRIPT_FAILED_AFTER) else failed(found, tale[SENT])


def test_without_scripts_no_bit_tells_of_one() -> None:
    for bit in (Tvr.SCRIPT_FAILED_BEFORE, Tvr.SCRIPT_FAILED_AFTER):
        tale = at_last(asked().answered(), BASE | bit)
        failed(tale.audit(BITS), tale[SECOND])
