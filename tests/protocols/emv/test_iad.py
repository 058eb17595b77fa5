"""Issuer application data of both versions, and what the card's results say. facts/pcsc-emv 4.2."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv.iad import CVN_01, CVN_18, Cvr, IssuerApplicationData

CVR_OF_EXAMPLE = bytes.fromhex("03A04002")
"""Of the worked example: facts/pcsc-emv 4.3."""


def test_the_data_of_version_18_have_no_algorithm() -> None:
    data = IssuerApplicationData(1, CVN_18, bytes.fromhex("03A00000"))
    assert data.pack().hex().upper() == "06011203A00000"
    assert IssuerApplicationData.parse(data.pack()) == data


@given(
    st.integers(0, 255), st.sampled_from([CVN_01, CVN_18]), st.binary(min_size=4, max_size=4), st.binary(max_size=23)
)
def test_what_was_packed_is_parsed(index: int, version: int, cvr: bytes, own: bytes) -> None:
    data = IssuerApplicationData(index, version, cvr, idd=own)
    assert IssuerApplicationData.parse(data.pack()) == data
    assert len(data.pack()) <= 32


def test_the_algorithm_comes_back() -> None:
    data = IssuerApplicationData(1, CVN_01, CVR_OF_EXAMPLE, algorithm=4)
    assert IssuerApplicationData.parse(data.pack()).algorithm == 4


def test_more_than_32_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="33 bytes is more than 32"):
        IssuerApplicationData(1, CVN_01, CVR_OF_EXAMPLE, idd=bytes(24)).pack()


def test_the_results_of_the_worked_example_in_words() -> None:
    assert Cvr.parse(CVR_OF_EXAMPLE).words() == (
        "ARQC in the first GENERATE AC",
        "second GENERATE AC not requested",
        "PIN Try Limit exceeded",
        "offline DDA performed",
    )


@pytest.mark.parametrize(
    ("first", "second", "raw"),
    [
        ("ARQC", None, "03A00000"),
        ("AAC", None, "03800000"),
        ("TC", None, "03900000"),
        ("ARQC", "TC", "03600000"),
        ("ARQC", "AAC", "03200000"),
    ],
)
def test_both_cryptograms_stand_in_the_second_byte(first: str, second: str | None, raw: str) -> None:
    made = Cvr.of(first, second)
    assert made.pack().hex().upper() == raw
    assert (made.first, made.second) == (first, second)
    told = f"{second} in the second GENERATE AC" if second else "second GENERATE AC not requested"
    assert made.words() == (f"{first} in the first GENERATE AC", told)


CVR_BITS = {
    0x080000: "issuer authentication performed and failed", 0x040000: "offline PIN verification performed",
    0x020000: "offline PIN verification failed", 0x010000: "unable to go online",
    0x008000: "last online transaction not completed", 0x004000: "PIN Try Limit exceeded",
    0x002000: "exceeded velocity checking counters", 0x001000: "new card",
    0x000800: "issuer authentication failure on last online transaction",
    0x000400: "issuer authentication not performed after online authorisation",
    0x000200: "application blocked by card because PIN Try Limit exceeded",
    0x000100: "offline SDA failed on last transaction", 0x000008: "issuer script processing failed on last transaction",
    0x000004: "offline DDA failed on last transaction", 0x000002: "offline DDA performed",
}  # fmt: skip


@pytest.mark.parametrize(("bit", "words"), CVR_BITS.items(), ids=[f"{bit:06X}" for bit in CVR_BITS])
def test_each_bit_has_its_words(bit: int, words: str) -> None:
    assert Cvr(int(Cvr.of("ARQC")) | bit).words()[2:] == (words,)


def test_script_commands_are_counted_to_15() -> None:
    assert Cvr.of("ARQC").with_scripts(2).pack().hex().upper() == "03A00020"
    assert Cvr.of("ARQC").with_scripts(2).words()[2:] == ("2 script commands on last transaction",)
    assert Cvr.of("ARQC").with_scripts(99).with_scripts(16).scripts == 15
    assert (Cvr.of("ARQC") | Cvr.DDA_PERFORMED).with_scripts(3).scripts == 3
