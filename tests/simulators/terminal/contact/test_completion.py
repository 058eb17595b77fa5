"""Online processing, issuer scripts and completion. EMV Book 3, 10.9 to 10.11."""

from __future__ import annotations

import pytest

from protocols.emv import build
from protocols.emv.verification import Tsi, Tvr
from protocols.faults import CardRemoved
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.completion import Completion, HostAnswer
from simulators.terminal.contact.configuration import ApplicationRule
from simulators.terminal.contact.generation import Generation
from simulators.terminal.contact.scripts import Script
from simulators.terminal.contact.state import ChipTransaction, Oda
from tests.simulators.terminal.contact.phase import AID, TEST_KEY, transaction
from tests.support.scripted_card import MUTE, REMOVED, ScriptedCard

LISTS = {"8C": "9F02069505", "8D": "8A02910A9505"}
BY_COMMAND, BY_LIST = LISTS | {"82": "7D00"}, LISTS | {"82": "7900"}
FIRST = ("80AE80000B 000000010000 0000000000 00", "800B80 0001 1122334455667788 9000")
ARPC = bytes.fromhex("AABBCCDDEEFF00113030")
AUTHENTICATE = "008200000A AABBCCDDEEFF00113030"
BLOCK, UNBLOCK = bytes.fromhex("841E000004A1B2C3D4"), bytes.fromhex("8418000004A1B2C3D4")
BEFORE = Script("71", bytes.fromhex("00000001"), (BLOCK,))
AFTER = Script("72", bytes.fromhex("00000002"), (UNBLOCK,))


def second(asks: str, code: str, tvr: str = "00" * 5, arpc: bytes = bytes(10), *, given: str = "") -> tuple[str, str]:
    """GENERATE AC with ARC, ARPC and TVR, and a card that gives what is asked."""
    p1 = {"TC": "40", "AAC": "00"}[asks]
    return f"80AE{p1}0011 {code.encode().hex()} {arpc.hex()} {tvr} 00", f"800B{given or p1} 0001 8877665544332211 9000"


def completed(
    made: ChipTransaction, script: list[tuple[str, str]], answer: HostAnswer | None, *defects: str,
    clause: str = "EMV Book 3, 10.9", online_only: bool = False,
) -> str:  # fmt: skip
    with ScriptedCard(clause, [FIRST, *script]) as card:
        channel = Channel(card, lambda pan: None)
        generation = Generation(made, channel)
        generation.first("ARQC")
        completion = Completion(made, channel, generation, frozenset(defects))
        return completion.unanswered(online_only=online_only) if answer is None else completion.answered(answer)


# ── issuer authentication ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "bits", "tvr"),
    [("9000", Tvr(0), "0000000000"), ("6300", Tvr.ISSUER_AUTHENTICATION_FAILED, "0000000040"),
     ("6985", Tvr.ISSUER_AUTHENTICATION_FAILED, "0000000040")],
)  # fmt: skip
def test_the_issuers_proof_goes_by_a_command_where_the_card_says_so(status: str, bits: Tvr, tvr: str) -> None:
    """EMV Book 3, 10.9 and 6.5.4: what the card says of it is in the TVR that it is sent."""
    made = transaction(BY_COMMAND)
    answer = HostAnswer(True, "00", ARPC)
    assert completed(made, [(AUTHENTICATE, status), second("TC", "00", tvr, ARPC)], answer) == "TC"
    assert made.tvr == bits
    assert made.tsi == Tsi.ISSUER_AUTHENTICATED | Tsi.CARD_RISK_PERFORMED


def test_else_it_goes_with_the_second_list() -> None:
    """EMV Book 3, 10.9."""
    made = transaction(BY_LIST)
    assert completed(made, [second("TC", "00", arpc=ARPC)], HostAnswer(True, "00", ARPC)) == "TC"
    assert made.tsi == Tsi.CARD_RISK_PERFORMED


@pytest.mark.parametrize("authentication", [None, b"", bytes(7), bytes(17)], ids=["none", "empty", "short", "long"])
def test_without_a_proof_of_a_right_length_nothing_is_handed_on(authentication: bytes | None) -> None:
    """cases.md 156."""
    made = transaction(BY_COMMAND)
    assert completed(made, [second("TC", "00")], HostAnswer(True, "00", authentication)) == "TC"
    assert Tsi.ISSUER_AUTHENTICATED not in made.tsi


@pytest.mark.parametrize("size", [8, 16])
def test_a_proof_has_from_8_to_16_bytes(size: int) -> None:
    """EMV Book 3, Annex A1."""
    made = transaction(BY_COMMAND)
    script = [
        (f"00820000{size:02X}{'AB' * size}", "9000"),
        second("TC", "00", arpc=(b"\xab" * size)[:10].ljust(10, b"\0")),
    ]
    assert completed(made, script, HostAnswer(True, "00", b"\xab" * size)) == "TC"


@pytest.mark.parametrize(("approved", "code", "asks"), [(True, "00", "TC"), (True, "11", "TC"), (False, "51", "AAC")])
def test_the_second_cryptogram_is_asked_for_by_the_hosts_answer(approved: bool, code: str, asks: str) -> None:
    """EMV Book 3, 10.11: also where the issuer's proof is wrong, the card has the last word."""
    script = [(AUTHENTICATE, "6300"), second(asks, code, "0000000040", ARPC)]
    assert completed(transaction(BY_COMMAND), script, HostAnswer(approved, code, ARPC)) == asks


def test_a_card_may_decline_what_its_host_approved() -> None:
    """cases.md 155."""
    answer = HostAnswer(True, "00", ARPC)
    assert completed(transaction(BY_LIST), [second("TC", "00", arpc=ARPC, given="00")], answer) == "AAC"


@pytest.mark.parametrize(("answer", "error"), [(MUTE, CardUnusable), (REMOVED, CardRemoved)])
@pytest.mark.parametrize("at", [0, 1])
def test_a_card_that_leaves_before_its_last_word_is_told(at: int, answer: str, error: type[Exception]) -> None:
    """cases.md 145."""
    script = [(AUTHENTICATE, "9000"), second("TC", "00", arpc=ARPC)][: at + 1]
    script[at] = (script[at][0], answer)
    with pytest.raises(error):
        completed(transaction(BY_COMMAND), script, HostAnswer(True, "00", ARPC))


def test_a_wrong_signature_over_the_last_word_is_a_decline() -> None:
    """EMV Book 2, 6.6.2."""
    made = transaction(BY_LIST)
    with ScriptedCard("EMV Book 2, 6.6.2", [
        FIRST, ("80AE500011 3030 AABBCCDDEEFF00113030 0000000000 00", "800B40 0001 8877665544332211 9000"),
    ]) as card:  # fmt: skip
        channel = Channel(card, lambda pan: None)
        generation = Generation(made, channel)
        generation.first("ARQC")
        made.oda, made.card_key = Oda.CDA, TEST_KEY.public
        assert Completion(made, channel, generation).answered(HostAnswer(True, "00", ARPC)) == "AAC"
    assert made.tvr == Tvr.CDA_FAILED


# ── scripts ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_scripts_run_before_and_after_the_second_cryptogram_whatever_their_order() -> None:
    """EMV Book 3, 10.10; cases.md 157."""
    made = transaction(BY_LIST)
    script = [(BLOCK.hex(), "9000"), second("TC", "00", arpc=ARPC), (UNBLOCK.hex(), "9000")]
    assert completed(made, script, HostAnswer(True, "00", ARPC, (AFTER, BEFORE)), clause="EMV Book 3, 10.10") == "TC"
    assert made.terminal["DF31"].hex() == "2000000001" + "2000000002"
    assert made.tvr == Tvr(0)
    assert Tsi.SCRIPTS_PROCESSED in made.tsi


@pytest.mark.parametrize(
    ("answers", "tvr", "results", "bits"),
    [
        (("6985", "9000"), "0000000020", "1100000001 2000000002", Tvr.SCRIPT_FAILED_BEFORE),
        (("9000", "6985"), "0000000000", "2000000001 1100000002", Tvr.SCRIPT_FAILED_AFTER),
        (("6300", REMOVED), "0000000000", "2000000001 1100000002", Tvr.SCRIPT_FAILED_AFTER),
        (("9000", MUTE), "0000000000", "2000000001 1100000002", Tvr.SCRIPT_FAILED_AFTER),
    ],
    ids=["before", "after", "gone after", "mute after"],
)
def test_a_script_that_fails_is_told_and_changes_no_word(
    answers: tuple[str, str], tvr: str, results: str, bits: Tvr
) -> None:
    """EMV Book 3, 10.10; Book 4, A5."""
    made = transaction(BY_LIST)
    script = [(BLOCK.hex(), answers[0]), second("TC", "00", tvr, ARPC), (UNBLOCK.hex(), answers[1])]
    assert completed(made, script, HostAnswer(True, "00", ARPC, (BEFORE, AFTER)), clause="EMV Book 3, 10.10") == "TC"
    assert made.terminal["DF31"] == bytes.fromhex(results)
    assert made.tvr == bits


def test_a_script_that_cannot_be_run_is_told_as_such() -> None:
    """Book 4, A5: not performed."""
    made = transaction(BY_LIST)
    answer = HostAnswer(True, "00", ARPC, (Script("71", bytes(4), (), runnable=False),))
    assert completed(made, [second("TC", "00", "0000000020", ARPC)], answer) == "TC"
    assert made.terminal["DF31"] == bytes(5)
    assert made.tvr == Tvr.SCRIPT_FAILED_BEFORE


def test_scripts_of_a_refusal_run_as_well() -> None:
    made = transaction(BY_LIST)
    answer = HostAnswer(False, "51", None, (AFTER,))
    assert completed(made, [second("AAC", "51"), (UNBLOCK.hex(), "9000")], answer) == "AAC"
    assert made.terminal["DF31"].hex() == "2000000002"


def test_without_scripts_nothing_is_told_of_them() -> None:
    made = transaction(BY_LIST)
    completed(made, [second("TC", "00")], HostAnswer(True, "00"))
    assert "DF31" not in made.terminal
    assert Tsi.SCRIPTS_PROCESSED not in made.tsi


# ── unable to go online ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("online_only", "offline", "default", "asks", "code"),
    [
        (True, True, "0000000000", "AAC", "Z3"),
        (False, False, "0000000000", "AAC", "Z3"),
        (False, True, "0000000000", "TC", "Y3"),
        (False, True, "0000000080", "AAC", "Z3"),
    ],
    ids=["pre-authorisation", "nothing offline", "no default code hit", "default code hit"],
)
def test_unable_to_go_online_the_default_codes_decide(
    online_only: bool, offline: bool, default: str, asks: str, code: str
) -> None:
    """EMV Book 3, 10.7; Book 4, A6; cases.md 153."""
    rule = ApplicationRule(AID, tac_default=Tvr(0))
    made = transaction(BY_COMMAND | {"9F0D": default}, rule=rule, offline_approval=offline)
    made.tvr = Tvr.DEFAULT_TDOL_USED
    tvr = "0000000080"
    first = (FIRST[0].replace("0000000000", tvr), FIRST[1])
    with ScriptedCard("EMV Book 4, A6", [first, second(asks, code, tvr)]) as card:
        channel = Channel(card, lambda pan: None)
        generation = Generation(made, channel)
        generation.first("ARQC")
        assert Completion(made, channel, generation).unanswered(online_only=online_only) == asks
    assert made.terminal["8A"] == code.encode()


# ── the host's answer ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_is_found_in_field_55() -> None:
    """facts/unionpay-pos 2.2."""
    chip = build([("91", ARPC), ("72", [("9F18", b"\x00\x00\x00\x02"), ("86", UNBLOCK)])])
    assert HostAnswer.of(True, "00", chip) == HostAnswer(True, "00", ARPC, (AFTER,))


def test_a_garbled_script_hides_no_proof() -> None:
    chip = bytes.fromhex("7103 86FF84") + build([("91", ARPC)])
    answer = HostAnswer.of(True, "00", chip)
    assert answer.authentication == ARPC
    assert [script.runnable for script in answer.scripts] == [False]


@pytest.mark.parametrize("chip", [None, b"", b"\x91\x20\x00", b"\x9f"])
def test_an_answer_without_chip_data_has_none(chip: bytes | None) -> None:
    assert HostAnswer.of(False, "51", chip) == HostAnswer(False, "51")


def test_proof_and_commands_are_not_shown() -> None:
    assert ARPC.hex() not in repr(HostAnswer(True, "00", ARPC, (BEFORE,))).lower()
    assert "x84" not in repr(HostAnswer(True, "00", ARPC, (BEFORE,)))


# ── seeded defects ────────────────────────────────────────────────────────────────────────────────────────────────


def test_arpc_not_handed() -> None:
    answer = HostAnswer(True, "00", ARPC)
    assert completed(transaction(BY_COMMAND), [second("TC", "00")], answer, "arpc-not-handed") == "TC"


def test_script_order_swapped() -> None:
    script = [(UNBLOCK.hex(), "9000"), second("TC", "00"), (BLOCK.hex(), "9000")]
    answer = HostAnswer(True, "00", None, (BEFORE, AFTER))
    assert completed(transaction(BY_LIST), script, answer, "script-order-swapped") == "TC"


def test_a_swapped_script_that_fails_is_told_where_it_ran() -> None:
    made = transaction(BY_LIST)
    script = [(UNBLOCK.hex(), "6985"), second("TC", "00", "0000000020")]
    assert completed(made, script, HostAnswer(True, "00", None, (AFTER,)), "script-order-swapped") == "TC"
    assert made.tvr == Tvr.SCRIPT_FAILED_BEFORE


@pytest.mark.parametrize(
    ("answer", "word"), [(HostAnswer(True, "00"), "TC"), (HostAnswer(False, "51"), "AAC"), (None, "AAC")]
)
def test_second_cryptogram_skipped(answer: HostAnswer | None, word: str) -> None:
    assert completed(transaction(BY_LIST), [], answer, "second-cryptogram-skipped", online_only=True) == word


def test_unable_online_approved() -> None:
    made = transaction(BY_LIST)
    assert completed(made, [second("TC", "Y3")], None, "unable-online-approved", online_only=True) == "TC"
