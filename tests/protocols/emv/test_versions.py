"""Cryptogram versions 01 and 18, and keys. The figures of pyemv 1.5.0, an implementation that is not ours, are its
documentation's or were made with it. EMV Book 2, 8 and Annex A1."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import TripleDes
from protocols.emv.cryptogram import CRYPTOGRAM_DATA, derive_udk
from protocols.emv.csu import Csu
from protocols.emv.keys import CardKeys, MasterKeys, derive_a, derive_b
from protocols.emv.versions import COMMON_18, NAMED, PBOC_01, VERSIONS, CryptogramVersion, common_diversifier
from tests.protocols.emv.keys_for_tests import odd_parity
from tests.protocols.emv.test_cryptogram import ARQC, ATC, CVR, DATA, EXAMPLE_PAN, IAD, IMK, PSN

MASTER = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
MASTERS = MasterKeys(
    MASTER, bytes.fromhex("FEDCBA98765432100123456789ABCDEF"), bytes.fromhex("89ABCDEF0123456776543210FEDCBA98")
)
PAN_18, ATC_18 = "6250947000000014", b"\x00\x1c"
VALUES_18 = {
    tag: bytes.fromhex(value)
    for tag, value in {
        "9F02": "000000010000", "9F03": "000000000000", "9F1A": "0156", "95": "8000048000", "5F2A": "0156",
        "9A": "260131", "9C": "03", "9F37": "1E78EEBC", "82": "7D00", "9F36": "001C",
    }.items()
}  # fmt: skip
IAD_18 = bytes.fromhex("06011203A0A000")
APPROVED = Csu.APPROVED | Csu.COUNTERS_TO_ZERO
ARQC_18 = bytes.fromhex("906C2C9933105B0A")
pans = st.text("0123456789", min_size=13, max_size=19)


# ── keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pan", "psn", "key"),
    [
        ("12345678901234567", "01", "73AD54688CEF2934B0979857E3C719F1"),
        ("1234567890123456", "45", "25011ACE8F3D7698259BE6B615403EB3"),
    ],
)
def test_option_a_gives_the_keys_of_pyemv(pan: str, psn: str, key: str) -> None:
    assert odd_parity(derive_a(MASTER, pan, psn)).hex().upper() == key


@pytest.mark.parametrize(
    ("pan", "psn", "key"),
    [
        ("12345678901234567", "01", "AD406D7F6D7570916D75E5DCAB8CF737"),
        ("12345678901234567", "45", "F767ECC2263B2C543775CB62AB6B57D6"),
        ("12345678901234567", "00", "1C13AE23B54AF7BA49FBE09192C87983"),
        ("123456789012345678", "01", "C286DC8C0E4C0B0D0423451F026EAB49"),
        ("123456789012345678", "45", "079E8F6D5EB38058AD08F7D33EBAC7FB"),
        ("1234567890123456789", "01", "BA382F7FDA3D38FD1CE531348C9EEC25"),
        ("1234567890123456789", "45", "0D51FD7CB034E0836B2C76516854FE6B"),
        (
            "62509470000001728",
            "01",
            "CD8C10F1B0D6DA7AA74F6845C170F8EC",
        ),  # a hash of 15 digits
    ],
)
def test_option_b_gives_the_keys_of_pyemv(pan: str, psn: str, key: str) -> None:
    assert odd_parity(derive_b(MASTER, pan, psn)).hex().upper() == key


@given(pans)
def test_a_card_without_a_sequence_number_has_the_key_of_00(pan: str) -> None:
    assert derive_a(MASTER, pan, "") == derive_a(MASTER, pan, "00")
    assert derive_b(MASTER, pan, "") == derive_b(MASTER, pan, "00")


@given(pans, st.sampled_from(["00", "01", "99"]))
def test_the_options_part_at_17_digits(pan: str, psn: str) -> None:
    assert (derive_a(MASTER, pan, psn) == derive_b(MASTER, pan, psn)) == (len(pan) <= 16)


def test_keys_do_not_show_themselves() -> None:
    assert repr(MASTERS) == "MasterKeys()"
    assert repr(PBOC_01.card_keys(MASTERS, PAN_18, "01")) == "CardKeys()"
    shown = repr(PBOC_01.script_keys(PBOC_01.card_keys(MASTERS, PAN_18, "01"), ATC, ARQC))
    assert shown == f"ScriptKeys(atc={ATC!r}, request={ARQC!r})"


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ("001C000000000000", "E9FB384AF807B940FEDCEA613461B0C4"),
        ("1234567890123456", "DF68FBD68F162C68B6DA2A528FBA6719"),
    ],
)
def test_common_session_keys_are_those_of_pyemv(value: str, key: str) -> None:
    made = TripleDes(MASTER).encrypt(common_diversifier(bytes.fromhex(value)))
    assert odd_parity(made).hex().upper() == key


@pytest.mark.parametrize("size", [7, 9])
def test_a_diversification_value_has_8_bytes(size: int) -> None:
    with pytest.raises(ValueError, match=f"8 bytes, not {size}"):
        common_diversifier(bytes(size))


# ── the two versions ──────────────────────────────────────────────────────────────────────────────────────────────


def test_versions_are_found_by_the_byte_of_the_card_and_by_name() -> None:
    assert VERSIONS == {0x01: PBOC_01, 0x12: COMMON_18}
    assert NAMED == {"01": PBOC_01, "18": COMMON_18}


def test_version_01_is_the_worked_example_of_pboc() -> None:
    udk = PBOC_01.card_keys(MasterKeys(IMK, IMK, IMK), EXAMPLE_PAN, PSN).ac
    assert udk == derive_udk(IMK, EXAMPLE_PAN, PSN)
    session = PBOC_01.session(udk, ATC)
    assert PBOC_01.request(session, DATA, IAD) == ARQC
    assert PBOC_01.response(session, ARQC, b"01") == bytes.fromhex("21415243527CE78F") + b"01"
    assert PBOC_01.data(DATA, IAD)[-4:] == CVR


def test_version_18_gives_the_cryptograms_of_pyemv() -> None:
    session = COMMON_18.card_key(COMMON_18.card_keys(MASTERS, PAN_18, "01").ac).session(ATC_18)
    assert COMMON_18.request(session, VALUES_18, IAD_18) == ARQC_18
    assert COMMON_18.response(session, ARQC_18, b"00", APPROVED).hex().upper() == "21AE43C3" + "00820000"
    proprietary = bytes.fromhex("80820000" + "0102030405060708")
    assert session.short_response(ARQC_18, proprietary).hex().upper() == "7E329759"
    assert COMMON_18.check_response(session, ARQC_18, bytes.fromhex("7E329759") + proprietary)


@pytest.mark.parametrize("version", [PBOC_01, COMMON_18], ids=["01", "18"])
@pytest.mark.parametrize("tag", CRYPTOGRAM_DATA)
def test_every_value_is_under_the_cryptogram_of_each_version(version: CryptogramVersion, tag: str) -> None:
    session = version.session(MASTER, ATC)
    changed = {**DATA, tag: bytes([DATA[tag][0] ^ 1]) + DATA[tag][1:]}
    assert version.request(session, DATA, IAD) != version.request(session, changed, IAD)


def test_version_18_covers_the_whole_issuer_data_and_01_its_results_alone() -> None:
    other = IAD[:1] + b"\x02" + IAD[2:]
    assert PBOC_01.data(DATA, IAD) == PBOC_01.data(DATA, other)
    assert COMMON_18.data(DATA, IAD)[-len(IAD) :] == IAD
    assert COMMON_18.data(DATA, IAD) != COMMON_18.data(DATA, other)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=2, max_size=2))
def test_an_answer_of_method_1_is_right_for_its_request_and_code_alone(request: bytes, code: bytes) -> None:
    session = PBOC_01.session(MASTER, ATC)
    answer = PBOC_01.response(session, request, code)
    assert PBOC_01.check_response(session, request, answer)
    for wrong in (answer[:-1], answer[:-1] + bytes([answer[-1] ^ 1]), bytes([answer[0] ^ 1]) + answer[1:], b""):
        assert not PBOC_01.check_response(session, request, wrong)


@given(st.binary(min_size=8, max_size=8), st.integers(0, 2**32 - 1))
def test_an_answer_of_method_2_is_right_for_its_request_and_status_alone(request: bytes, status: int) -> None:
    session = COMMON_18.session(MASTER, ATC)
    answer = COMMON_18.response(session, request, b"", Csu(status))
    assert COMMON_18.check_response(session, request, answer)
    assert answer[4:] == Csu(status).pack()
    for wrong in (answer[:-1], answer[:-1] + bytes([answer[-1] ^ 1]), bytes([answer[0] ^ 1]) + answer[1:], b""):
        assert not COMMON_18.check_response(session, request, wrong)


@pytest.mark.parametrize("length", [3, 13])
def test_an_answer_of_method_2_has_a_status_and_at_most_8_bytes_behind_it(length: int) -> None:
    session = COMMON_18.session(MASTER, ATC)
    status = bytes(length)
    assert not COMMON_18.check_response(session, ARQC, session.short_response(ARQC, status) + status)


def test_card_keys_are_three() -> None:
    keys = PBOC_01.card_keys(MASTERS, PAN_18, "01")
    assert keys == CardKeys(*(derive_a(master, PAN_18, "01") for master in (MASTERS.ac, MASTERS.mac, MASTERS.enc)))
    assert len({keys.ac, keys.mac, keys.enc}) == 3
