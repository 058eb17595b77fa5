"""What scenarios demand of the chip's side of an order: each met, and not met."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.emv.verification import Tvr
from protocols.faults import ConfigurationError
from reports.judge.finding import Verdict
from tests.reports.judge.chip_tale import AID, LABEL, ChipTale, scripted
from tests.reports.judge.findings import met, undecided

FIRST, SECOND = "first generate", "second generate"
ONLINE_PIN, FLOOR, FAILED = "online PIN entered", "transaction exceeds floor limit", "DDA failed"


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"exactly": [ONLINE_PIN, FLOOR]}, True), ({"exactly": [ONLINE_PIN]}, False), ({"exactly": []}, False),
     ({"exactly": [ONLINE_PIN, FLOOR, FAILED]}, False), ({"exactly": [ONLINE_PIN], "may": [FLOOR]}, True),
     ({"exactly": [ONLINE_PIN, FLOOR], "may": [FAILED]}, True), ({"with": [FLOOR]}, True), ({"with": [FAILED]}, False),
     ({"without": [FAILED]}, True), ({"without": [FLOOR]}, False), ({"with": [FLOOR], "without": [FAILED]}, True)],
    ids=str,
)  # fmt: skip
def test_the_results(args: dict[str, Any], holds: bool) -> None:
    tale = ChipTale().good()
    told = met(tale, "chip.tvr", holds, **args)
    assert "0000048000" in told
    assert tale[FIRST] in tale.criterion("chip.tvr", **args).evidence


def test_the_results_of_the_second_round_are_others() -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered()
    tale.at_terminal["95"] = (Tvr(0x0000048000) | Tvr.SCRIPT_FAILED_BEFORE).pack()
    tale.second()
    words = ["script processing failed before final GENERATE AC"]
    met(tale, "chip.tvr", True, **{"with": words}, round="second")
    met(tale, "chip.tvr", False, **{"with": words}, round="first")
    assert "no card" in undecided(ChipTale().opened().first().criterion("chip.tvr", **{"with": words}, round="second"))


def test_words_that_no_bit_has_are_a_mistake_of_the_scenario() -> None:
    with pytest.raises(ConfigurationError, match="no bit"):
        ChipTale().good().criterion("chip.tvr", exactly=["DDA faild"])


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"value": "420300"}, True), ({"value": "420301"}, False), ({"method": "enciphered PIN verified online"}, True),
     ({"method": "signature"}, False), ({"result": "unknown"}, True), ({"result": "failed"}, False),
     ({"method": "enciphered PIN verified online", "result": "failed"}, False)],
    ids=str,
)  # fmt: skip
def test_verification(args: dict[str, str], holds: bool) -> None:
    met(ChipTale().good(), "chip.cvm", holds, **args)


# ── cryptograms ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"asked": "ARQC"}, True), ({"asked": "AAC"}, False), ({"given": "AAC"}, True), ({"given": "ARQC"}, False),
     ({"asked": "ARQC", "given": "AAC"}, True), ({"asked": "none"}, False)],
    ids=str,
)  # fmt: skip
def test_the_first_round(args: dict[str, str], holds: bool) -> None:
    met(ChipTale().opened().pin_entered().first("AAC"), "chip.first", holds, **args)


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"asked": "TC"}, True), ({"asked": "AAC"}, False), ({"given": "AAC"}, True), ({"given": "TC"}, False),
     ({"asked": "none"}, False)],
    ids=str,
)  # fmt: skip
def test_the_second_round(args: dict[str, str], holds: bool) -> None:
    met(ChipTale().opened().pin_entered().first().sent().answered().second("TC", "AAC"), "chip.second", holds, **args)


def test_a_round_that_never_came() -> None:
    met(ChipTale().opened(), "chip.first", True, asked="none")
    met(ChipTale().opened(), "chip.first", False, asked="AAC")
    met(ChipTale().order(), "chip.first", True, asked="none")
    met(ChipTale().opened().first("AAC"), "chip.second", True, asked="none")
    met(ChipTale().opened().first("AAC"), "chip.second", False, asked="AAC")
    undecided(ChipTale().opened().criterion("chip.second", asked="none"))
    undecided(ChipTale().criterion("chip.first", asked="none"))


def test_rounds_are_those_of_the_last_order_so_far() -> None:
    tale = ChipTale().opened().first("AAC")
    at = tale.view().timeline.end
    tale.opened().first("ARQC")
    met(tale, "chip.first", True, given="ARQC")
    finding = tale.criterion("chip.first", position=at, given="AAC")
    assert finding.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("number", "counter", "holds"), [("00000001", 2, True), ("1E78EEBC", 2, False), ("00000001", 1, False)]
)
def test_nothing_comes_twice(number: str, counter: int, holds: bool) -> None:
    tale = ChipTale().good()
    tale.at_terminal["9F37"] = bytes.fromhex(number)
    met(tale.opened().pin_entered().first(counter=counter), "chip.never-twice", holds)


def test_once_is_no_twice() -> None:
    undecided(ChipTale().good().criterion("chip.never-twice"))


# ── application and authentication ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"label": LABEL}, True), ({"label": "PBOC DEBIT"}, False), ({"aid": AID}, True), ({"aid": AID[:-1] + "1"}, False),
     ({"label": LABEL, "aid": AID.lower()}, True)],
    ids=str,
)  # fmt: skip
def test_the_application(args: dict[str, str], holds: bool) -> None:
    met(ChipTale().opened(), "chip.application", holds, **args)


def test_without_a_start_there_is_no_application() -> None:
    undecided(ChipTale().order().powered().selects().criterion("chip.application", label=LABEL))


@pytest.mark.parametrize(
    ("method", "result", "bits", "card", "holds"),
    [("DDA", "right", 0, "7800", True), ("DDA", "failed", 0, "7800", False),
     ("DDA", "failed", Tvr.DDA_FAILED, "7800", True), ("DDA", "", Tvr.DDA_FAILED, "7800", True),
     ("SDA", "right", Tvr.SDA_SELECTED, "5800", True),
     ("SDA", "failed", Tvr.SDA_SELECTED | Tvr.SDA_FAILED, "5800", True),
     ("none", "", Tvr.ODA_NOT_PERFORMED, "1800", True), ("none", "", 0, "7800", False),
     ("DDA", "", Tvr.ODA_NOT_PERFORMED, "7800", False),
     ("CDA", "failed", Tvr.CDA_FAILED, "7900", True)],
)  # fmt: skip
def test_the_authentication(method: str, result: str, bits: int, card: str, holds: bool) -> None:
    tale = ChipTale(card={"82": card}).opened(signed=card == "7800").pin_entered().first(tvr=Tvr(0x0000048000 | bits))
    met(tale, "chip.authentication", holds, method=method, result=result)


@pytest.mark.parametrize("wrong", [True, False])
def test_a_combined_authentication_may_fail_at_last(wrong: bool) -> None:
    tale = ChipTale(card={"82": "7900"}).opened(signed=False).pin_entered().first(cda=True).sent().answered()
    tale.at_terminal["95"] = (Tvr(0x0000048000) | (Tvr.CDA_FAILED if wrong else Tvr(0))).pack()
    met(tale.second("AAC"), "chip.authentication", True, method="CDA", result="failed" if wrong else "right")


# ── the issuer ────────────────────────────────────────────────────────────────────────────────────────────────────

EXTERNAL = {"82": "7C00"}


@pytest.mark.parametrize(
    ("how", "result", "sw", "holds"),
    [("command", "right", "9000", True), ("command", "wrong", "9000", False), ("command", "wrong", "6300", True),
     ("command", "", "6300", True), ("none", "", "9000", False), ("cryptogram", "", "9000", False)],
)  # fmt: skip
def test_the_issuer_proves_himself_by_a_command(how: str, result: str, sw: str, holds: bool) -> None:
    tale = ChipTale(card=EXTERNAL).opened().pin_entered().first().sent().answered().authenticates(sw=sw).second()
    met(tale, "chip.issuer-authentication", holds, how=how, result=result)


@pytest.mark.parametrize(("found", "result", "verdict"), [
    ("right", "right", Verdict.PASS), ("wrong", "right", Verdict.FAIL), ("", "right", Verdict.INCONCLUSIVE),
    ("", "", Verdict.PASS),
])  # fmt: skip
def test_the_issuer_proves_himself_with_the_second_cryptogram(found: str, result: str, verdict: Verdict) -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered().second()
    if found:
        tale.tell("card", "issuer authentication", card="credit-0014", result=found)
    finding = tale.criterion("chip.issuer-authentication", how="cryptogram", result=result)
    assert finding.verdict is verdict


def test_no_proof_at_all() -> None:
    tale = ChipTale().opened().pin_entered().first().sent().answered(authentication="").second(values={"91": bytes(10)})
    met(tale, "chip.issuer-authentication", True, how="none")
    met(tale, "chip.issuer-authentication", False, how="cryptogram")


@pytest.mark.parametrize(
    ("args", "holds"),
    [({"before": 1, "after": 1}, True), ({"before": 0}, False), ({"after": 2}, False),
     ({"results": ["done", "failed"]}, True), ({"results": ["done", "done"]}, False), ({"results": ["done"]}, False)],
    ids=str,
)  # fmt: skip
def test_scripts(args: dict[str, Any], holds: bool) -> None:
    met(scripted(), "chip.scripts", holds, **args)


def test_scripts_of_which_nobody_was_told() -> None:
    met(scripted(results=""), "chip.scripts", False, results=["done"])
    met(scripted(results=""), "chip.scripts", True, results=[])
    undecided(ChipTale().order().criterion("chip.scripts", before=0))


# ── attempts ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("count", "holds"), [(2, True), (1, False), (3, False)])
def test_attempts_at_the_chip(count: int, holds: bool) -> None:
    met(ChipTale().powered().order().powered().powered(), "chip.attempts", holds, count=count)


def test_a_card_that_answers_and_is_not_heard_was_tried_all_the_same() -> None:
    tale = ChipTale().order().tell("card", "powered", card="x", atr="3B").tell("card", "powered", card="x", atr="3B")
    met(tale.powered(), "chip.attempts", True, count=2)


def test_a_chip_that_nobody_spoke_to() -> None:
    met(ChipTale().powered().order(), "chip.untouched", True)
    met(ChipTale().order().powered(), "chip.untouched", False)
    met(ChipTale().order().apdu("00A4040001AA"), "chip.untouched", False)
