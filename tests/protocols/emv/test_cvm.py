"""The card's list of rules and the terminal's results. EMV Book 3, 10.5 and Annex C3; Book 4, Annex A4."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.cvm import (
    NONE_SATISFIED,
    NOT_PERFORMED,
    Condition,
    CvmList,
    CvmListError,
    CvmResults,
    CvmRule,
    Method,
    Outcome,
)

byte = st.integers(0, 255)
lists = st.builds(
    CvmList,
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.lists(st.builds(CvmRule, byte, byte), max_size=20).map(tuple),
)


def test_amounts_and_rules_come_in_the_order_of_the_list() -> None:
    """The list of openemv/emv-utils, `emv_cvmlist_test.c`, with amounts of its third test."""
    parsed = CvmList.parse(bytes.fromhex("000186A0000003E8" + "4201" + "4403" + "4103" + "5E03" + "4203" + "1F03"))
    assert (parsed.amount_x, parsed.amount_y) == (100000, 1000)
    assert [(rule.known, rule.condition, rule.apply_next) for rule in parsed.rules] == [
        (Method.ONLINE_PIN, Condition.UNATTENDED_CASH, True),
        (Method.ENCIPHERED_PIN, Condition.SUPPORTED, True),
        (Method.PLAIN_PIN, Condition.SUPPORTED, True),
        (Method.SIGNATURE, Condition.SUPPORTED, True),
        (Method.ONLINE_PIN, Condition.SUPPORTED, True),
        (Method.NO_CVM, Condition.SUPPORTED, False),
    ]


@given(lists)
def test_a_list_that_was_packed_is_parsed(cvm_list: CvmList) -> None:
    assert CvmList.parse(cvm_list.pack()) == cvm_list


def test_a_list_without_rules_is_one() -> None:
    assert CvmList.parse(bytes(8)) == CvmList(0, 0, ())


@pytest.mark.parametrize("size", [0, 7])
def test_amounts_that_are_cut_short_are_refused(size: int) -> None:
    with pytest.raises(CvmListError, match=f"{size} bytes are not enough"):
        CvmList.parse(bytes(size))


def test_half_a_rule_is_refused() -> None:
    with pytest.raises(CvmListError, match="ends within a rule"):
        CvmList.parse(bytes.fromhex("000186A0000003E8" + "1E0342"))


@pytest.mark.parametrize(
    ("code", "method", "known", "then"),
    [
        (0x00, 0x00, Method.FAIL, False),
        (0x40, 0x00, Method.FAIL, True),
        (0x03, 0x03, Method.PLAIN_PIN_SIGNATURE, False),
        (0x45, 0x05, Method.ENCIPHERED_PIN_SIGNATURE, True),
        (0x20, 0x20, Method.DOCUMENT, False),
        (0x06, 0x06, None, False),
        (0x46, 0x06, None, True),
        (0x3F, 0x3F, None, False),
        (0x9E, 0x1E, Method.SIGNATURE, False),
    ],
)
def test_a_rules_first_byte_is_method_and_what_follows_failure(
    code: int, method: int, known: Method | None, then: bool
) -> None:
    rule = CvmRule(code, 0)
    assert (rule.method, rule.known, rule.apply_next) == (method, known, then)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (
            CvmRule(0x42, 0x03),
            "enciphered PIN verified online, if terminal supports the CVM, if unsuccessful apply succeeding rule",
        ),
        (CvmRule(0x1E, 0x00), "signature, always, if unsuccessful fail"),
        (CvmRule(0x07, 0x0A), "CVM 07, condition 0A, if unsuccessful fail"),
    ],
)
def test_a_rule_is_told_in_words(rule: CvmRule, words: str) -> None:
    assert rule.words() == words


@given(st.binary(min_size=3, max_size=3))
def test_results_that_were_packed_are_parsed(value: bytes) -> None:
    assert CvmResults.parse(value).pack() == value
    assert CvmResults.parse(value).method == value[0] & 0x3F


@pytest.mark.parametrize("size", [2, 4])
def test_results_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"3 bytes, not {size}"):
        CvmResults.parse(bytes(size))


def test_results_without_a_rule_are_those_of_the_book() -> None:
    assert NOT_PERFORMED.pack() == bytes.fromhex("3F0000")
    assert NONE_SATISFIED.pack() == bytes.fromhex("3F0001")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("420300", "enciphered PIN verified online, if terminal supports the CVM, unknown"),
        ("010302", "plaintext PIN verification by ICC, if terminal supports the CVM, successful"),
        ("3F0001", "no CVM performed, always, failed"),
        ("1F0009", "no CVM required, always, outcome 09"),
    ],
)
def test_results_are_told_in_words(value: str, words: str) -> None:
    assert CvmResults.parse(bytes.fromhex(value)).words() == words


def test_every_method_and_condition_has_words_of_its_own() -> None:
    methods = {CvmRule(code, 0).words() for code in range(0x40)}
    conditions = {CvmRule(0, code).words() for code in range(0x100)}
    assert (len(methods), len(conditions)) == (0x40, 0x100)
    assert not any("CVM 0" in CvmRule(method, condition).words() for method in Method for condition in Condition)
    assert {outcome.value for outcome in Outcome} == {0, 1, 2}
