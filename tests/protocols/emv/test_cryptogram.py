"""PBOC cryptogram version 01 against its public worked example (facts/pcsc-emv 4.3), and the issuer's data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.emv import (
    CardKey,
    IssuerApplicationData,
    SessionKey,
    cryptogram,
    cryptogram_input,
    derive_udk,
    response_cryptogram,
    session_key,
)
from protocols.emv.cryptogram import CRYPTOGRAM_DATA

IMK = bytes.fromhex("F0C34A8124CEE0A91A0B034AA97D6EAC")
EXAMPLE_PAN, PSN, ATC, CVR = "6228000100001", "01", b"\x02\x40", bytes.fromhex("03A04002")
VALUES = {
    "9F02": "000000000001", "9F03": "000000000000", "9F1A": "0156", "95": "0080046000", "5F2A": "0156", "9A": "140701",
    "9C": "00", "9F37": "1E78EEBC", "82": "7D00", "9F36": "0240",
}  # fmt: skip
DATA = {tag: bytes.fromhex(value) for tag, value in VALUES.items()}
ARQC = bytes.fromhex("5D016C91005E7CC2")
IAD = bytes.fromhex("0701" + "01" + "03A04002" + "01")


def key() -> bytes:
    return session_key(derive_udk(IMK, EXAMPLE_PAN, PSN), ATC)


def test_the_request_cryptogram_is_that_of_the_worked_example() -> None:
    assert cryptogram(key(), cryptogram_input(DATA, CVR)) == ARQC


def test_the_response_cryptogram_is_that_of_the_worked_example() -> None:
    assert response_cryptogram(key(), ARQC, b"01") == bytes.fromhex("21415243527CE78F")


def test_the_order_of_the_data_is_fixed() -> None:
    shuffled = dict(reversed(list(DATA.items())))
    assert cryptogram_input(shuffled, CVR) == bytes.fromhex("".join(VALUES.values())) + CVR


@pytest.mark.parametrize("tag", CRYPTOGRAM_DATA)
def test_every_value_is_under_the_cryptogram(tag: str) -> None:
    changed = {**DATA, tag: bytes([DATA[tag][0] ^ 1]) + DATA[tag][1:]}
    assert cryptogram(key(), cryptogram_input(changed, CVR)) != ARQC


def test_a_value_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="9F37"):
        cryptogram_input({tag: value for tag, value in DATA.items() if tag != "9F37"}, CVR)


def test_a_long_pan_gives_its_right_most_digits_to_the_card_key() -> None:
    assert derive_udk(IMK, "9996250947000000014"[-14:], "01") == derive_udk(IMK, "99996250947000000014", "01")
    assert derive_udk(IMK, EXAMPLE_PAN, PSN) == derive_udk(IMK, "0" + EXAMPLE_PAN, PSN)


def test_each_counter_has_its_own_key() -> None:
    udk = derive_udk(IMK, EXAMPLE_PAN, PSN)
    assert len({session_key(udk, counter.to_bytes(2, "big")) for counter in range(20)}) == 20


def test_live_keys_give_the_cryptograms_of_the_worked_example() -> None:
    card = CardKey.derived(IMK, EXAMPLE_PAN, PSN)
    for _ in range(2):  # a cipher that is kept keeps nothing of the transaction before
        session = card.session(ATC)
        assert session.cryptogram(cryptogram_input(DATA, CVR)) == ARQC
        assert session.response(ARQC, b"01") == bytes.fromhex("21415243527CE78F")
        assert session.cryptogram(cryptogram_input(DATA, CVR)) == ARQC


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=2, max_size=2), st.binary(max_size=80))
def test_live_keys_are_the_functions_of_one_use(udk: bytes, atc: bytes, data: bytes) -> None:
    live, once = CardKey(udk).session(atc), session_key(udk, atc)
    assert live.cryptogram(data) == cryptogram(once, data) == SessionKey(once).cryptogram(data)
    assert live.response(data[:8].ljust(8), b"00") == response_cryptogram(once, data[:8].ljust(8), b"00")


@pytest.mark.parametrize("atc", [b"", b"\x01", b"\x00\x00\x01"])
def test_a_counter_of_another_length_makes_no_key(atc: bytes) -> None:
    with pytest.raises(ValueError, match="not of one length"):
        CardKey(IMK).session(atc)


def test_a_session_key_of_one_half_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes, not 8"):
        SessionKey(bytes(8))


def test_issuer_data_comes_back() -> None:
    assert IssuerApplicationData.parse(IAD) == IssuerApplicationData(1, 1, CVR)
    assert IssuerApplicationData(1, 1, CVR).pack() == IAD


def test_issuer_data_may_be_followed_by_more_and_may_lack_the_algorithm() -> None:
    assert IssuerApplicationData.parse(IAD + bytes.fromhex("020A01")) == IssuerApplicationData(
        1, 1, CVR, 1, b"\x0a\x01"
    )
    assert IssuerApplicationData.parse(b"\x06" + IAD[1:7]) == IssuerApplicationData(1, 1, CVR)


@pytest.mark.parametrize("data", [b"", IAD[:6], b"\x05" + IAD[1:]])
def test_issuer_data_without_a_whole_cvr_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="too short"):
        IssuerApplicationData.parse(data)


def test_a_cvr_of_another_length_is_not_packed() -> None:
    with pytest.raises(ValueError, match="4 bytes, not 3"):
        IssuerApplicationData(1, 1, CVR[:3]).pack()
