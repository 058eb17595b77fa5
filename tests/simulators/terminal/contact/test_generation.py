"""GENERATE AC. EMV Book 3, 6.5.5, 9.2 and 10.8; Book 2, 6.6."""

from __future__ import annotations

from hashlib import sha1

import pytest

from protocols.emv import build
from protocols.emv.oda import sign_combined, transaction_data
from protocols.emv.verification import Tsi, Tvr
from protocols.faults import CardRemoved
from simulators.terminal.contact.channel import CardUnusable, Channel
from simulators.terminal.contact.configuration import ApplicationRule
from simulators.terminal.contact.generation import Generation, Word
from simulators.terminal.contact.state import ChipTransaction, Oda
from tests.simulators.terminal.contact.phase import AID, OTHER_TEST_KEY, TEST_KEY, UNPREDICTABLE, transaction
from tests.support.scripted_card import MUTE, REMOVED, ScriptedCard

LISTS = {"8C": "9F02069F370495059A03", "8D": "8A029F02069F37049505"}
FIRST_DATA = "000000010000 1E78EEBC 0000000000 260615"
SECOND_DATA = "0000 000000010000 1E78EEBC 0000000000"
AC, ISSUER_DATA = "1122334455667788", "07010103A0400001"


def first(kind: str, data: str = FIRST_DATA) -> str:
    return f"80AE{kind}00 {len(bytes.fromhex(data)):02X} {data} 00"


def format_1(information: str, issuer_data: str = ISSUER_DATA) -> str:
    value = bytes.fromhex(information + "0001" + AC + issuer_data)
    return build([("80", value)]).hex() + "9000"


def format_2(**objects: str) -> str:
    given = {"9F27": "80", "9F36": "0001", "9F26": AC, "9F10": ISSUER_DATA} | objects
    return build([("77", [(tag, bytes.fromhex(value)) for tag, value in given.items() if value])]).hex() + "9000"


def asked(
    made: ChipTransaction, asks: str, script: list[tuple[str, str]], clause: str = "EMV Book 3, 10.8"
) -> Word:  # fmt: skip
    with ScriptedCard(clause, script) as card:
        return Generation(made, Channel(card, lambda pan: None)).first(asks)


# ── the command, and both forms of its answer ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("asks", "p1", "information"), [("AAC", "00", "00"), ("TC", "40", "40"), ("ARQC", "80", "80")])
@pytest.mark.parametrize("answer", [format_1, lambda information: format_2(**{"9F27": information})])
def test_each_kind_is_asked_for_and_told_in_either_format(
    asks: str, p1: str, information: str, answer: type[str]
) -> None:
    """EMV Book 3, 6.5.5.2 and 6.5.5.4."""
    made = transaction(LISTS)
    word = asked(made, asks, [(first(p1), answer(information))])
    assert word == Word(asks, trusted=True)
    values = {tag: made.card[tag].hex().upper() for tag in ("9F27", "9F36", "9F26", "9F10")}
    assert values == {"9F27": information, "9F36": "0001", "9F26": AC, "9F10": ISSUER_DATA}
    assert made.tsi == Tsi.CARD_RISK_PERFORMED


def test_the_issuers_data_may_be_absent_or_of_the_greatest_length() -> None:
    """EMV Book 3, 6.5.5.4: optional; Annex A1: up to 32 bytes. cases.md 158"""
    made = transaction(LISTS)
    asked(made, "ARQC", [(first("80"), format_1("80", ""))])
    assert "9F10" not in made.card
    asked(made, "ARQC", [(first("80"), format_1("80", "AB" * 32))])
    assert made.card["9F10"] == b"\xab" * 32


@pytest.mark.parametrize(
    ("asks", "information", "ok"),
    [
        ("TC", "40", True), ("TC", "80", True), ("TC", "00", True),
        ("ARQC", "80", True), ("ARQC", "00", True), ("ARQC", "40", False),
        ("AAC", "00", True), ("AAC", "40", False), ("AAC", "80", False),
        ("TC", "C0", False), ("AAC", "C0", False),
    ],
)  # fmt: skip
def test_a_card_gives_what_was_asked_or_less(asks: str, information: str, ok: bool) -> None:
    """EMV Book 3, 10.8; 11 in b8 and b7 is kept for later."""
    p1 = {"AAC": "00", "TC": "40", "ARQC": "80"}[asks]
    made = transaction(LISTS)
    kind = {"00": "AAC", "40": "TC", "80": "ARQC"}.get(information)
    if ok:
        assert asked(made, asks, [(first(p1), format_1(information))]).kind == kind
    else:
        with pytest.raises(CardUnusable, match=f"where {asks} was asked for"):
            asked(made, asks, [(first(p1), format_1(information))])


@pytest.mark.parametrize(
    ("information", "advice", "reason"),
    [("00", False, ""), ("08", True, ""), ("09", True, "service not allowed"), ("0A", True, "PIN try limit exceeded"),
     ("03", False, "issuer authentication failed"), ("07", False, "")],
)  # fmt: skip
def test_the_cryptogram_information_tells_of_advice_and_reason(information: str, advice: bool, reason: str) -> None:
    """EMV Book 3, 6.5.5.4, table 14."""
    word = asked(transaction(LISTS), "ARQC", [(first("80"), format_1(information))])
    assert word == Word("AAC", trusted=True, advice=advice, reason=reason)


BAD = {
    "refused": "6985",
    "empty": "9000",
    "no TLV": "80FF 9000",
    "no content": "8000 9000",
    "short": build([("80", bytes.fromhex("800001112233"))]).hex() + "9000",
    "too long": build([("80", bytes.fromhex("800001" + AC) + bytes(33))]).hex() + "9000",
    "another template": build([("70", [("9F27", b"\x80")])]).hex() + "9000",
    "two templates": format_1("80")[:-4] * 2 + "9000",
    "no information": format_2(**{"9F27": ""}),
    "no counter": format_2(**{"9F36": ""}),
    "no cryptogram": format_2(**{"9F26": ""}),
    "long information": format_2(**{"9F27": "8000"}),
    "long counter": format_2(**{"9F36": "000001"}),
    "short cryptogram": format_2(**{"9F26": AC[:-2]}),
    "long issuer data": format_2(**{"9F10": "00" * 33}),
    "twice": build([("77", [("9F27", b"\x80"), ("9F27", b"\x80"), ("9F36", bytes(2)), ("9F26", bytes(8))])]).hex()
    + "9000",
}


@pytest.mark.parametrize("answer", BAD.values(), ids=BAD)
def test_an_answer_that_is_none_makes_the_card_unusable(answer: str) -> None:
    """EMV Book 3, 6.5.5.4, 7.5 and 10.8."""
    with pytest.raises(CardUnusable):
        asked(transaction(LISTS), "ARQC", [(first("80"), answer)])


@pytest.mark.parametrize(("answer", "error"), [(MUTE, CardUnusable), (REMOVED, CardRemoved)])
def test_a_card_that_gives_no_answer(answer: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        asked(transaction(LISTS), "ARQC", [(first("80"), answer)])


def test_data_that_nobody_knows_are_taken_beside_the_rest_but_change_nothing_that_is_there() -> None:
    made = transaction(LISTS)
    answer = format_2(**{"9F63": "AABB", "5A": "6224242900000113", "9F02": "000000000001"})
    asked(made, "ARQC", [(first("80"), answer)])
    assert made.card["9F63"] == b"\xaa\xbb"
    assert made.pan == "6250947000000014"
    assert made.value("9F02") == bytes.fromhex("000000010000")


# ── what the card is sent ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_hash_that_the_card_asks_for_is_made_by_its_own_list() -> None:
    """EMV Book 3, 9.2.2."""
    made = transaction(
        {"8C": "98149505", "8D": "8A02", "97": "9F02069A03"}, rule=ApplicationRule(AID, tdol=b"\x9a\x03")
    )
    digest = sha1(bytes.fromhex("000000010000260615")).hexdigest()
    asked(made, "ARQC", [(first("80", f"{digest} 0000000000"), format_1("80"))], "EMV Book 3, 9.2.2")
    assert made.tvr == Tvr(0)


@pytest.mark.parametrize(("tdol", "hashed"), [("9A03", "260615"), ("", "")])
def test_without_one_the_terminals_own_list_is_used_and_told(tdol: str, hashed: str) -> None:
    """EMV Book 3, 9.2.2: a terminal without one hashes nothing."""
    made = transaction({"8C": "98149505"}, rule=ApplicationRule(AID, tdol=bytes.fromhex(tdol)))
    digest = sha1(bytes.fromhex(hashed)).hexdigest()
    asked(made, "ARQC", [(first("80", f"{digest} 0000000080"), format_1("80"))], "EMV Book 3, 9.2.2")
    assert made.tvr == Tvr.DEFAULT_TDOL_USED


def test_a_list_that_is_none_makes_the_card_unusable() -> None:
    with pytest.raises(CardUnusable, match="list is none"):
        asked(transaction({"8C": "9F"}), "ARQC", [])


def test_a_list_that_asks_for_more_than_a_command_holds_makes_the_card_unusable() -> None:
    with pytest.raises(CardUnusable, match="256 bytes"):
        asked(transaction({"8C": "9F0D809F0E80"}), "ARQC", [])


# ── the second time ───────────────────────────────────────────────────────────────────────────────────────────────


def second(made: ChipTransaction, asks: str, p1: str, answer: str) -> Word:
    script = [(first("80"), format_1("80")), (first(p1, SECOND_DATA), answer)]
    with ScriptedCard("EMV Book 3, 10.11", script) as card:
        generation = Generation(made, Channel(card, lambda pan: None))
        generation.first("ARQC")
        return generation.second(asks)


def test_the_second_time_the_second_list_is_filled_and_the_old_cryptogram_is_gone() -> None:
    made = transaction(LISTS)
    answer = build([("80", bytes.fromhex("400002" + "99" * 8))]).hex() + "9000"
    assert second(made, "TC", "40", answer) == Word("TC", trusted=True)
    assert made.card["9F26"] == b"\x99" * 8
    assert made.card["9F36"] == b"\x00\x02"
    assert "9F10" not in made.card


def test_a_second_list_that_asks_for_nothing_is_sent_nothing() -> None:
    """EMV Book 3, 5.4: an entry of no length."""
    script = [(first("80"), format_1("80")), ("80AE4000 00", format_1("40"))]
    with ScriptedCard("EMV Book 3, 10.11", script) as card:
        generation = Generation(transaction(LISTS | {"8D": "8A00"}), Channel(card, lambda pan: None))
        generation.first("ARQC")
        assert generation.second("TC").kind == "TC"


@pytest.mark.parametrize(("asks", "p1", "information"), [("TC", "40", "80"), ("AAC", "00", "40"), ("AAC", "00", "80")])
def test_a_card_that_asks_once_more_or_gives_more_is_unusable(asks: str, p1: str, information: str) -> None:
    """EMV Book 3, 10.11."""
    with pytest.raises(CardUnusable):
        second(transaction(LISTS), asks, p1, format_1(information))


# ── combined with a signature ─────────────────────────────────────────────────────────────────────────────────────

NUMBER = bytes.fromhex("0102030405060708")


def with_cda(**more: str) -> ChipTransaction:
    made = transaction(LISTS | more)
    made.oda, made.card_key, made.pdol_data = Oda.CDA, TEST_KEY.public, bytes.fromhex("00000001")
    return made


def signed(
    information: str = "80", *, data: str = FIRST_DATA, second_data: str = "", key: object = TEST_KEY, said: str = "",
    unpredictable: bytes = UNPREDICTABLE, more: tuple[tuple[str, bytes], ...] = (), pdol: str = "00000001",
) -> str:  # fmt: skip
    """A right answer but for what is given: `said` is the information in clear."""
    clear = [
        ("9F27", bytes.fromhex(said or information)), ("9F36", b"\x00\x01"), *more,
        ("9F10", bytes.fromhex(ISSUER_DATA)),
    ]  # fmt: skip
    covered = transaction_data(
        bytes.fromhex(pdol), bytes.fromhex(data), build([("77", clear)]), bytes.fromhex(second_data)
    )
    signature = sign_combined(
        key, NUMBER, int(information, 16), bytes.fromhex(AC), covered, unpredictable  # type: ignore[arg-type]
    )  # fmt: skip
    return build([("77", [*clear[:2], ("9F4B", signature), *clear[2:]])]).hex() + "9000"


@pytest.mark.parametrize(("asks", "p1", "information"), [("ARQC", "90", "80"), ("TC", "50", "40"), ("TC", "50", "80")])
def test_the_cryptogram_is_taken_from_the_signature(asks: str, p1: str, information: str) -> None:
    """EMV Book 2, 6.6."""
    made = with_cda()
    word = asked(made, asks, [(first(p1), signed(information))], "EMV Book 2, 6.6.1")
    assert word == Word({"80": "ARQC", "40": "TC"}[information], trusted=True)
    assert made.card["9F26"].hex() == AC
    assert made.card["9F4C"] == NUMBER
    assert made.tvr == Tvr(0)
    assert made.tsi == Tsi.ODA_PERFORMED | Tsi.CARD_RISK_PERFORMED


WRONG = {
    "another key": signed(key=OTHER_TEST_KEY),
    "another unpredictable number": signed(unpredictable=bytes(4)),
    "another list's data": signed(data="00" * 18),
    "other options' data": signed(pdol="00000002"),
    "other information": signed(said="81"),
    "no signature, format 1": format_1("80"),
    "no signature, format 2": format_2(),
    "short signature": format_2(**{"9F26": "", "9F4B": "6A05"}),
    "zeros": format_2(**{"9F26": "", "9F4B": "00" * 80}),
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_wrong_signature_is_told_and_the_word_not_trusted(answer: str) -> None:
    """EMV Book 2, 6.6.2."""
    made = with_cda()
    word = asked(made, "ARQC", [(first("90"), answer)], "EMV Book 2, 6.6.2")
    assert (word.kind, word.trusted) == ("ARQC", False)
    assert made.tvr == Tvr.CDA_FAILED
    assert Tsi.ODA_PERFORMED in made.tsi


def test_an_object_that_was_added_on_the_way_is_noticed() -> None:
    """EMV Book 2, 6.6.1: the hash covers all that the card answers."""
    answer = signed(more=(("9F63", b"\x01"),))
    made = with_cda()
    assert asked(made, "ARQC", [(first("90"), answer)]).trusted
    made = with_cda()
    assert not asked(made, "ARQC", [(first("90"), answer.replace("9f630101", "9f630102"))]).trusted


def test_an_aac_has_no_signature() -> None:
    """EMV Book 2, 6.6.1."""
    made = with_cda()
    assert asked(made, "ARQC", [(first("90"), format_1("00"))]) == Word("AAC", trusted=True)
    assert made.tvr == Tvr(0)
    assert Tsi.ODA_PERFORMED not in made.tsi
    with pytest.raises(CardUnusable):
        asked(with_cda(), "ARQC", [(first("90"), format_2(**{"9F27": "00", "9F26": ""}))])


@pytest.mark.parametrize("reason", ["denied", "failed before"])
def test_no_signature_is_asked_for_with_an_aac_or_after_a_failure(reason: str) -> None:
    """EMV Book 2, 6.6: keys that could not be recovered have set the bit."""
    made = with_cda()
    if reason == "denied":
        asked(made, "AAC", [(first("00"), format_1("00"))])
    else:
        made.tvr |= Tvr.CDA_FAILED
        data = FIRST_DATA.replace("0000000000 260615", "0400000000 260615")
        assert asked(made, "ARQC", [(first("80", data), format_1("80"))]).trusted


@pytest.mark.parametrize(("tampered", "trusted"), [(False, True), (True, False)])
def test_the_second_signature_covers_the_data_of_both_lists(tampered: bool, trusted: bool) -> None:
    """EMV Book 2, 6.6.1."""
    made = with_cda()
    data = "00" * 18 if tampered else FIRST_DATA
    script = [(first("90"), signed()), (first("50", SECOND_DATA), signed("40", data=data, second_data=SECOND_DATA))]
    with ScriptedCard("EMV Book 2, 6.6.1", script) as card:
        generation = Generation(made, Channel(card, lambda pan: None))
        generation.first("ARQC")
        assert generation.second("TC") == Word("TC", trusted=trusted)
    assert (Tvr.CDA_FAILED in made.tvr) is not trusted


def test_no_signature_is_asked_for_with_the_second_aac() -> None:
    script = [(first("90"), signed()), (first("00", SECOND_DATA), format_1("00"))]
    with ScriptedCard("EMV Book 2, 6.6.1", script) as card:
        generation = Generation(with_cda(), Channel(card, lambda pan: None))
        generation.first("ARQC")
        assert generation.second("AAC") == Word("AAC", trusted=True)
