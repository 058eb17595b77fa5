"""Static, dynamic and combined authentication: published signatures proved, own ones of every size, and their faults.

EMV Book 2, 5.4, 6.5 and 6.6; Book 3, 10.3; the published bytes are in `published.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha1

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv import TlvError, build
from protocols.emv.certificates import AuthenticationFailed, Reason, recover_card, recover_issuer, sealed
from protocols.emv.oda import (
    check_combined,
    check_dynamic,
    check_static,
    recover_combined,
    sign_combined,
    sign_dynamic,
    sign_static,
    static_data,
    transaction_data,
)
from protocols.emv.rsa import RsaPublic
from tests.protocols.emv.keys_for_tests import private
from tests.protocols.emv.published import (
    MASTERCARD_05,
    MASTERCARD_05_AIP,
    MASTERCARD_05_ANSWER,
    MASTERCARD_05_CARD,
    MASTERCARD_05_CDOL1_DATA,
    MASTERCARD_05_COMBINED,
    MASTERCARD_05_DYNAMIC,
    MASTERCARD_05_STATIC,
    MASTERCARD_F1_CARD_KEY,
    MASTERCARD_F1_COMBINED,
    VISA_94_ISSUER_KEY,
    VISA_94_STATIC,
    VISA_94_STATIC_HASH,
)

STATIC, AIP = b"\x5a\x02\x12\x34", b"\x7d\x00"
numbers = st.binary(min_size=2, max_size=8)
bits = st.sampled_from([1024, 1152, 1408])


def reason(call: Callable[[], object]) -> Reason:
    with pytest.raises(AuthenticationFailed) as failed:
        call()
    return failed.value.reason


# ── published ─────────────────────────────────────────────────────────────────────────────────────────────────────


def published_card() -> RsaPublic:
    """The key of a published card, proved by both its certificates and its static data."""
    issuer = MASTERCARD_05.key.recover(MASTERCARD_05_CARD["90"])
    leading = issuer[2:5].hex()
    key = recover_issuer(MASTERCARD_05, MASTERCARD_05_CARD, leading, "140925").key
    pan = key.recover(MASTERCARD_05_CARD["9F46"])[2:10]
    record = build([("70", pan.join(MASTERCARD_05_STATIC))])
    static = static_data([(1, record)], b"\x82", MASTERCARD_05_AIP)
    return recover_card(key, MASTERCARD_05_CARD, pan.hex(), static, "140925")


def test_published_static_data_are_signed_as_the_book_lays_them_out() -> None:
    key = RsaPublic(VISA_94_ISSUER_KEY, 3)
    layout = b"\x6a\x03\x01" + b"\xda\xc0" + b"\xbb" * (176 - 26) + VISA_94_STATIC_HASH + b"\xbc"
    assert key.recover(VISA_94_STATIC) == layout
    assert reason(lambda: check_static(key, VISA_94_STATIC, b"data of another card")) is Reason.HASH


def test_a_published_card_proves_its_dynamic_data() -> None:
    number = check_dynamic(published_card(), MASTERCARD_05_DYNAMIC, bytes(4))
    assert number.hex().upper() == "7A33FB8C9546E1E7"
    assert reason(lambda: check_dynamic(published_card(), MASTERCARD_05_DYNAMIC, b"\x00\x00\x00\x01")) is Reason.HASH


def test_a_published_card_proves_its_cryptogram() -> None:
    """CDA with a TC: CDOL1 data and answer are those of the transaction."""
    answer = build([("77", MASTERCARD_05_ANSWER + build([("9F4B", MASTERCARD_05_COMBINED)]))])
    data = transaction_data(b"", MASTERCARD_05_CDOL1_DATA, answer)
    proved = check_combined(published_card(), MASTERCARD_05_COMBINED, bytes.fromhex("12345779"), 0x40, data)
    assert proved.cryptogram.hex().upper() == "16AFBA13C52FB173"
    assert proved.number.hex().upper() == "4CC2FB1FAFB30915"


def test_a_published_test_card_proves_its_refusal() -> None:
    """CDA with an AAC, of the test card under Mastercard's test key F1."""
    combined = recover_combined(MASTERCARD_F1_CARD_KEY, MASTERCARD_F1_COMBINED, bytes.fromhex("8B55633B"))
    assert combined.number.hex().upper() == "537EB5E03CC433C8"
    assert (combined.cid, combined.cryptogram.hex().upper()) == (0x00, "55B6408DBC985131")
    assert combined.transaction_hash.hex().upper() == "A04620C52455EA8F2370647AF36748A2CA4AA9F6"
    spoilt = MASTERCARD_F1_COMBINED[:-1] + b"\x47"
    assert reason(lambda: recover_combined(MASTERCARD_F1_CARD_KEY, spoilt, b"\x8b\x55\x63\x3b")) is Reason.TRAILER


# ── static data ───────────────────────────────────────────────────────────────────────────────────────────────────

RECORD = build([("70", [("5A", b"\x12\x34")])])


def test_of_files_up_to_10_the_template_is_left_out() -> None:
    assert static_data([(10, RECORD)], None, AIP) == STATIC
    assert static_data([(11, RECORD)], None, AIP) == RECORD
    assert static_data([(1, RECORD), (11, RECORD), (2, RECORD)], None, AIP) == STATIC + RECORD + STATIC


def test_the_profile_follows_if_the_list_has_its_tag() -> None:
    assert static_data([(1, RECORD)], b"\x82", AIP) == STATIC + AIP
    assert static_data([(1, RECORD)], b"", AIP) == STATIC
    assert static_data([], b"\x82", AIP) == AIP


@pytest.mark.parametrize("tags", [b"\x9f\x36", b"\x82\x5a", b"\x00", b"\x82\x82"])
def test_a_list_with_other_tags_fails(tags: bytes) -> None:
    assert reason(lambda: static_data([(1, RECORD)], tags, AIP)) is Reason.TAG_LIST


@pytest.mark.parametrize("record", [b"", b"\x61\x00", RECORD + RECORD, RECORD[:-1], RECORD + b"\x5a\x00"])
@pytest.mark.parametrize("sfi", [1, 11])
def test_a_record_that_is_no_template_70_fails(record: bytes, sfi: int) -> None:
    assert reason(lambda: static_data([(sfi, record)], None, AIP)) is Reason.RECORD


# ── signed and proved ─────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=20, deadline=None)
@given(bits, st.binary(max_size=200), st.binary(min_size=2, max_size=2))
def test_signed_static_data_give_their_code(size: int, static: bytes, code: bytes) -> None:
    key = private(size)
    signed = sign_static(key, static, code)
    assert check_static(key.public, signed, static) == code
    assert reason(lambda: check_static(key.public, signed, static + b"\x00")) is Reason.HASH
    assert reason(lambda: check_static(key.public, signed[:-1], static)) is Reason.LENGTH


@settings(max_examples=20, deadline=None)
@given(bits, numbers, st.binary(max_size=60))
def test_signed_dynamic_data_give_their_number(size: int, number: bytes, terminal: bytes) -> None:
    key = private(size)
    signed = sign_dynamic(key, number, terminal)
    assert check_dynamic(key.public, signed, terminal) == number
    assert reason(lambda: check_dynamic(key.public, signed, terminal + b"\x00")) is Reason.HASH
    assert reason(lambda: check_static(key.public, signed, terminal)) is Reason.FORMAT


@settings(max_examples=20, deadline=None)
@given(bits, numbers, st.sampled_from([0x00, 0x40, 0x80]), st.binary(min_size=8, max_size=8), st.binary(max_size=99))
def test_a_cryptogram_that_was_signed_is_proved(
    size: int, number: bytes, cid: int, cryptogram: bytes, transaction: bytes
) -> None:
    key, unpredictable = private(size), b"\x01\x02\x03\x04"
    signed = sign_combined(key, number, cid, cryptogram, transaction, unpredictable)
    proved = check_combined(key.public, signed, unpredictable, cid, transaction)
    assert (proved.number, proved.cryptogram, proved.cid) == (number, cryptogram, cid)
    check = check_combined
    assert reason(lambda: check(key.public, signed, b"\x01\x02\x03\x05", cid, transaction)) is Reason.HASH
    assert reason(lambda: check(key.public, signed, unpredictable, cid ^ 0x40, transaction)) is (
        Reason.CRYPTOGRAM_INFORMATION
    )
    assert reason(lambda: check(key.public, signed, unpredictable, cid, transaction + b"\x00")) is Reason.TRANSACTION


def dynamic(content: bytes, algorithm: int = 1, said: int | None = None) -> bytes:
    """Tag 9F4B with any content under a right hash."""
    head = bytes([algorithm, len(content) if said is None else said])
    return sealed(0x05, private(1024), head + content.ljust(128 - 25, b"\xbb"), b"")


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        (dynamic(b"\x02\x12\x34", algorithm=2), Reason.ALGORITHM),
        (dynamic(b"\x02\x12\x34", said=104), Reason.LENGTH),
        (dynamic(b"\x01\x12"), Reason.DYNAMIC_NUMBER),
        (dynamic(b"\x09" + bytes(9)), Reason.DYNAMIC_NUMBER),
        (dynamic(b"\x04\x12\x34"), Reason.DYNAMIC_NUMBER),
        (dynamic(b""), Reason.DYNAMIC_NUMBER),
    ],
    ids=["algorithm", "length", "one byte", "nine bytes", "shorter than said", "none"],
)
def test_dynamic_data_that_are_none_fail(signed: bytes, expected: Reason) -> None:
    assert reason(lambda: check_dynamic(private(1024).public, signed, b"")) is expected


def test_dynamic_data_may_hold_more_than_the_number() -> None:
    assert check_dynamic(private(1024).public, dynamic(b"\x02\x12\x34" + bytes(100)), b"") == b"\x12\x34"


def test_a_signature_too_short_for_a_cryptogram_fails() -> None:
    signed = dynamic(b"\x02\x12\x34" + bytes(28))
    assert reason(lambda: recover_combined(private(1024).public, signed, b"")) is Reason.LENGTH
    assert recover_combined(private(1024).public, dynamic(b"\x02\x12\x34" + bytes(29)), b"").cid == 0


def clear(form: int, content: bytes) -> bytes:
    """Signed data under a key that is none, of exponent 1: they are what they are."""
    covered = bytes([form]) + content
    return b"\x6a" + covered + sha1(covered, usedforsecurity=False).digest() + b"\xbc"


@pytest.mark.parametrize("room", [0, 1, 2])
def test_a_key_with_no_room_for_what_it_signs_has_a_wrong_length(room: int) -> None:
    key, content = RsaPublic(b"\xff" * (23 + room), 1), b"\x01\xda"[:room]
    expected = Reason.LENGTH if room else Reason.ALGORITHM
    assert reason(lambda: check_static(key, clear(0x03, content), b"")) is expected
    assert reason(lambda: check_dynamic(key, clear(0x05, content), b"")) is expected


def test_dynamic_data_that_say_they_are_none_have_no_number() -> None:
    key = RsaPublic(b"\xff" * 25, 1)
    assert reason(lambda: check_dynamic(key, clear(0x05, b"\x01\x00"), b"")) is Reason.DYNAMIC_NUMBER


def test_a_key_too_short_for_anything_signed_has_a_wrong_length() -> None:
    assert reason(lambda: check_static(RsaPublic(b"\xff" * 22, 1), bytes(22), b"")) is Reason.LENGTH


def test_a_key_that_is_zero_has_a_wrong_length() -> None:
    assert reason(lambda: check_static(RsaPublic(bytes(128), 3), bytes(128), b"")) is Reason.LENGTH


def test_static_data_under_another_algorithm_fail() -> None:
    signed = sealed(0x03, private(1024), b"\x02" + bytes(128 - 24), b"")
    assert reason(lambda: check_static(private(1024).public, signed, b"")) is Reason.ALGORITHM


# ── what the transaction data hash covers ─────────────────────────────────────────────────────────────────────────


def test_lists_and_objects_stand_in_their_order_without_the_signature() -> None:
    signature, iad = ("9F4B", bytes(128)), ("9F10", b"\x07")
    answer = build([("77", [("9F27", b"\x80"), ("9F36", b"\x00\x01"), signature, iad])])
    kept = build([("9F27", b"\x80"), ("9F36", b"\x00\x01"), iad])
    assert transaction_data(b"P", b"1", answer) == b"P1" + kept
    assert transaction_data(b"P", b"1", answer, b"2") == b"P12" + kept


def test_objects_are_taken_as_they_lie_with_long_lengths_and_without_filling() -> None:
    inside = bytes.fromhex("9F2781018000009F360200019F4B01FF00")
    assert transaction_data(b"", b"", build([("77", inside)])) == bytes.fromhex("9F27810180" + "9F36020001")


def test_an_answer_that_is_no_tlv_is_refused() -> None:
    with pytest.raises(TlvError):
        transaction_data(b"", b"", b"\x77\x05\x9f")
