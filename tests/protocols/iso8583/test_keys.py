"""Working keys under the master key: the public vectors, round trips, and wrong check values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import TripleDes, check_value
from protocols.iso8583 import FORMS, KeyCheckError, WorkingKeys
from protocols.iso8583.keys import KEY_BYTES, LAYOUTS
from tests.protocols.samples import PUBLIC, vector

MASTER = bytes.fromhex("31" * 16)
single, double, triple = (st.binary(min_size=size, max_size=size) for size in (8, 16, 24))

CHECK_VALUES = {  # facts/unionpay-pos 4.4
    "0123456789ABCDEFFEDCBA9876543210": "08D7B4FB", "31" * 16: "40826A58", "11" * 16: "82E13665", "44" * 16: "E2F24340",
    "2222222222222222": "00962B60", "7F52E3201FDF045E": "666CB203", "C24A8FB57AA20123": "0547DB3E",
    "4567C298FB0B045DAB54BF499E10EFCD": "6EB8E4EE",
}  # fmt: skip


@pytest.mark.parametrize("key", CHECK_VALUES)
def test_a_key_has_its_published_check_value(key: str) -> None:
    assert check_value(bytes.fromhex(key)).hex().upper() == CHECK_VALUES[key]


@pytest.mark.parametrize(
    ("master", "wrapped", "clear"),
    [
        ("70F2A84CCBC2AE8625CBB0F2C22AB923", "96D605EA176B7E9E", "C24A8FB57AA20123"),
        ("44" * 16, "C9E3E3B489B520FE", "7F52E3201FDF045E"),
    ],
)
def test_a_published_key_is_unwrapped_by_its_master_key(master: str, wrapped: str, clear: str) -> None:
    assert TripleDes(bytes.fromhex(master)).decrypt(bytes.fromhex(wrapped)) == bytes.fromhex(clear)


def test_the_pin_key_of_the_vector_is_unwrapped() -> None:
    master, wrapped, clear = vector("p", "tmk", "pik_under_tmk", "pik_clear")
    part = wrapped + check_value(clear)
    assert WorkingKeys.unwrap(master, part + part) == WorkingKeys(clear, clear)


@given(st.tuples(single, single) | st.tuples(double, double))
def test_wrapped_keys_come_back(keys: tuple[bytes, bytes]) -> None:
    wrapped = WorkingKeys(*keys).wrap(MASTER)
    assert len(wrapped) == 2 * (len(keys[0]) + 4)
    assert WorkingKeys.unwrap(MASTER, wrapped) == WorkingKeys(*keys)


@given(double, single)
def test_a_single_mac_key_in_a_double_field_stands_before_zeros(pin: bytes, mac: bytes) -> None:
    wrapped = WorkingKeys(pin, mac).wrap(MASTER)
    assert wrapped[20:40] == TripleDes(MASTER).encrypt(mac) + bytes(8) + check_value(mac)
    assert WorkingKeys.unwrap(MASTER, wrapped) == WorkingKeys(pin, mac)


@given(st.tuples(double, double, double) | st.tuples(triple, triple) | st.tuples(triple, triple, triple))
def test_a_track_key_and_keys_of_24_bytes_come_back(keys: tuple[bytes, ...]) -> None:
    wrapped = WorkingKeys(*keys).wrap(MASTER)
    assert len(wrapped) == sum(len(key) + 4 for key in keys)
    assert WorkingKeys.unwrap(MASTER, wrapped) == WorkingKeys(*keys)


@given(double | triple, single)
def test_a_single_mac_key_goes_with_a_track_key_too(pin: bytes, mac: bytes) -> None:
    keys = WorkingKeys(pin, mac, pin[::-1])
    assert WorkingKeys.unwrap(MASTER, keys.wrap(MASTER)) == keys


def test_each_key_stands_under_the_master_key_before_its_check_value() -> None:
    pin, mac, track = (bytes(range(start, start + 16)) for start in (0, 16, 32))
    wrapped = WorkingKeys(pin, mac, track).wrap(MASTER)
    assert wrapped == b"".join(TripleDes(MASTER).encrypt(key) + check_value(key) for key in (pin, mac, track))


def test_the_lengths_of_the_field_are_those_of_the_facts() -> None:
    assert sorted(LAYOUTS) == [24, 40, 56, 60, 84]
    assert {number: (form.key_bytes, form.keys, form.size) for number, form in FORMS.items()} == {
        "001": (8, 2, 24), "003": (16, 2, 40), "004": (16, 3, 60),
    }  # fmt: skip


@pytest.mark.parametrize("size", [0, 23, 25, 32, 36, 39, 41, 61, 85])
def test_a_length_that_holds_no_set_of_keys_is_refused(size: int) -> None:
    with pytest.raises(KeyCheckError, match=f"{size} bytes are no set of keys") as caught:
        WorkingKeys.unwrap(MASTER, bytes(size))
    assert caught.value.path == ("F62",)
    assert caught.value.advice == "24, 40, 56, 60, 84 bytes are"


@pytest.mark.parametrize(
    "sizes", [(8, 16), (16, 24), (24, 16), (7, 7), (32, 32), (8, 8, 8), (16, 16, 8), (16, 16, 24), (0, 0), (16, 0)]
)
def test_keys_that_go_in_no_reply_are_not_wrapped(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"sign-on reply|does not go with"):
        WorkingKeys(*(b"K" * size for size in sizes)).wrap(MASTER)


@pytest.mark.parametrize(
    ("place", "name"),
    [(0, "PIN key"), (19, "PIN key"), (20, "MAC key"), (39, "MAC key"), (40, "track key"), (59, "track key")],
)
def test_a_changed_byte_is_found_and_the_key_named(place: int, name: str) -> None:
    keys = WorkingKeys(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
    wrapped = bytearray(keys.wrap(MASTER))
    wrapped[place] ^= 0x80
    with pytest.raises(KeyCheckError, match="check value is wrong") as caught:
        WorkingKeys.unwrap(MASTER, bytes(wrapped))
    assert caught.value.path == ("F62", name)
    assert name in str(caught.value)


def test_the_public_reply_of_40_bytes_has_another_master_key() -> None:
    wrapped = bytes.fromhex(PUBLIC["signin_resp_ajsgn_key40"]["decoded"]["values"]["62"])
    with pytest.raises(KeyCheckError, match="compare the terminal master keys"):
        WorkingKeys.unwrap(MASTER, wrapped)


def test_keys_are_never_shown() -> None:
    keys = WorkingKeys(b"PINKEY##", b"MACKEY##", b"TRKKEY##")
    assert "KEY##" not in repr(keys)
    assert "KEY##" not in str(keys)


def test_the_length_of_each_key_is_known_by_the_form() -> None:
    assert KEY_BYTES == {"001": 8, "003": 16, "004": 16}
