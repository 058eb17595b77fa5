"""The UnionPay ECB MAC against the public vectors, and on messages. All schemes: `test_mac_schemes.py`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import UNIONPAY, EcbMac, Message, compile_spec
from tests.protocols.samples import VECTORS, vector

CODEC = compile_spec(UNIONPAY)
KEY, DOUBLE_KEY = bytes.fromhex("2222222222222222"), bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PREAUTH: Message = {
    0: "0100",
    3: "030000",
    4: "000000010000",
    11: "000001",
    25: "06",
    41: "12345678",
    60: "10000001000",
}


@pytest.mark.parametrize("name", ["a", "e", "o1", "o2", "d"])
def test_a_vector_has_its_published_mac(name: str) -> None:
    key, mab = vector(name, "key", "mab")
    published = VECTORS[name]["mac"].encode("ascii")
    assert EcbMac(key).over(mab)[: len(published)] == published


@pytest.mark.parametrize("name", ["a", "b", "o2"])
def test_the_fold_of_a_vector_has_the_mac_of_its_whole(name: str) -> None:
    key, fold = vector(name, "key", "fold")
    assert EcbMac(key).over(fold) == VECTORS[name]["mac"].encode("ascii")


def test_f64_is_eight_hex_characters_in_upper_case() -> None:
    assert EcbMac(KEY).over(b"").decode("ascii").isupper()
    assert len(bytes.fromhex(EcbMac(KEY).over(b"").decode("ascii"))) == 4


def test_a_key_of_equal_halves_is_a_single_key() -> None:
    assert EcbMac(KEY * 2).over(b"12345678") == EcbMac(KEY).over(b"12345678")


@given(st.binary(max_size=60), st.binary(min_size=8, max_size=8))
def test_blocks_may_change_places_for_the_mac_is_a_fold(mab: bytes, block: bytes) -> None:
    whole = mab + bytes(-len(mab) % 8)
    mac = EcbMac(DOUBLE_KEY)
    assert mac.over(whole + block) == mac.over(block + whole)
    assert mac.over(mab) == mac.over(whole)


@pytest.mark.parametrize("key", [KEY, DOUBLE_KEY])
def test_a_sealed_message_is_valid_and_unpacks_to_its_fields(key: bytes) -> None:
    body = EcbMac(key).seal(CODEC, PREAUTH)
    assert EcbMac(key).check(body) == "valid"
    assert CODEC.unpack(body) == {**PREAUTH, 64: body[-8:]}


def test_the_bit_of_f64_is_under_the_mac() -> None:
    body = EcbMac(KEY).seal(CODEC, PREAUTH)
    assert body[9] & 1
    assert body[-8:] == EcbMac(KEY).over(body[:-8])


def test_an_old_mac_is_replaced() -> None:
    assert EcbMac(KEY).seal(CODEC, {**PREAUTH, 64: b"00000000"}) == EcbMac(KEY).seal(CODEC, PREAUTH)


@given(st.integers(0, 500))
def test_any_byte_changed_makes_the_mac_wrong(place: int) -> None:
    body = bytearray(EcbMac(KEY).seal(CODEC, PREAUTH))
    place %= len(body)
    body[place] ^= 0x80
    assert EcbMac(KEY).check(bytes(body)) == "wrong"


def test_another_key_makes_the_mac_wrong() -> None:
    assert EcbMac(DOUBLE_KEY).check(EcbMac(KEY).seal(CODEC, PREAUTH)) == "wrong"


def test_a_mac_in_lower_case_is_wrong() -> None:
    body = EcbMac(KEY).seal(CODEC, PREAUTH)
    assert EcbMac(KEY).check(body[:-8] + body[-8:].lower()) == "wrong"


@pytest.mark.parametrize("body", [CODEC.pack(PREAUTH), b"", b"\x01\x00" + b"\xff" * 8 + bytes(7)])
def test_a_message_without_f64_has_no_mac(body: bytes) -> None:
    assert EcbMac(KEY).check(body) == "absent"
