"""F62 of CA key and IC parameter downloads, held against public replies of a POS kit's test data."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.iso8583 import CaKey, Load, LoadQuery, PackError, UnpackError
from protocols.iso8583.subfields.f62_download import TAGS, pack_entry, parse_entries

KEYS_LISTED = bytes.fromhex(  # 0830, F60.3 372: five keys, no more to come
    "319F0605A0000000039F220109DF050832303136313233319F0605A0000000049F220106DF05083230313631323331"
    "9F0605A0000000659F220114DF050832303136313233319F0605A0000003339F22010BDF05083230313631323331"
    "9F0605A0000003339F220108DF05083230323031323331"
)
APPLICATIONS_LISTED = bytes.fromhex(  # 0830, F60.3 382
    "319F0608A0000003330101069F0608A0000003330101039F0608A0000003330101029F0608A000000333010101"
    "9F0607A00000006510109F0607A00000000430609F0607A00000000410109F0607A00000000330109F0607A0000000032010"
    "9F0607A0000000031010"
)
APPLICATION = bytes.fromhex(  # 0810, F60.3 380
    "319F0607A0000000031010DF0101009F08020140DF1105D84000A800DF1205D84004F800DF130500100000009F1B0400000000"
    "DF150400000000DF160199DF170199DF14039F3704DF1801019F7B06000000010000DF1906000000000001DF2006000000010000"
    "DF2106000000010000"
)
KEY = CaKey(bytes.fromhex("A000000333"), 0xF0, "20301231", bytes(range(1, 145)))
rids = st.binary(min_size=5, max_size=5)
keys = st.builds(
    CaKey, rids, st.integers(0, 255), st.just("20301231"), st.binary(min_size=64, max_size=248),
    st.sampled_from([b"\x03", b"\x01\x00\x01"]),
)  # fmt: skip


def test_a_public_list_of_keys_is_read() -> None:
    load = Load.parse(KEYS_LISTED)
    assert load.state == "1"
    assert [(dict(e)["9F06"].hex(), dict(e)["9F22"].hex(), dict(e)["DF05"]) for e in load.entries] == [
        ("a000000003", "09", b"20161231"), ("a000000004", "06", b"20161231"), ("a000000065", "14", b"20161231"),
        ("a000000333", "0b", b"20161231"), ("a000000333", "08", b"20201231"),
    ]  # fmt: skip
    assert load.pack() == KEYS_LISTED


def test_a_public_list_of_applications_is_read() -> None:
    load = Load.parse(APPLICATIONS_LISTED)
    assert len(load.entries) == 10
    assert all([tag for tag, _ in entry] == ["9F06"] for entry in load.entries)
    assert load.entries[0][0][1] == bytes.fromhex("A000000333010106")
    assert load.pack() == APPLICATIONS_LISTED


def test_a_public_application_is_read_and_every_tag_of_it_has_a_name() -> None:
    load = Load.parse(APPLICATION)
    [entry] = load.entries
    assert dict(entry)["DF11"] == bytes.fromhex("D84000A800")
    assert {tag for tag, _ in entry} <= set(TAGS)
    assert load.pack() == APPLICATION


def test_a_query_tells_how_many_there_are_already() -> None:
    """OPN logon.c: `1` and two digits."""
    assert LoadQuery().pack() == b"100"
    assert LoadQuery.parse(b"107") == LoadQuery(7)


@given(st.integers(0, 99))
def test_a_query_comes_back(have: int) -> None:
    assert LoadQuery.parse(LoadQuery(have).pack()) == LoadQuery(have)


@pytest.mark.parametrize("value", [b"", b"10", b"1000", b"200", b"1AB"])
def test_what_is_no_query_is_refused(value: bytes) -> None:
    with pytest.raises(UnpackError, match=r"are no query|it is no number"):
        LoadQuery.parse(value)


def test_a_query_of_a_hundred_is_refused() -> None:
    with pytest.raises(PackError, match="does not fit in 2 digits"):
        LoadQuery(100).pack()


def test_nothing_to_load_is_a_state_alone() -> None:
    assert Load("0").pack() == b"0"
    assert Load.parse(b"0") == Load("0")


@given(st.sampled_from("123"), st.lists(keys, max_size=3))
def test_a_list_of_keys_comes_back(state: str, listed: list[CaKey]) -> None:
    load = Load(state, tuple(key.listed() for key in listed))
    assert Load.parse(load.pack()) == load


@given(keys)
def test_a_loaded_key_comes_back(key: CaKey) -> None:
    [entry] = Load.parse(Load("1", (key.entry(),)).pack()).entries
    assert CaKey.of(entry) == key


def test_a_key_is_asked_for_by_what_the_list_says() -> None:
    assert pack_entry(KEY.asked()) == bytes.fromhex("9F0605A0000003339F2201F0")
    assert parse_entries(pack_entry(KEY.asked())) == (KEY.asked(),)


def test_the_check_value_is_sha_1_over_rid_index_modulus_and_exponent() -> None:
    """facts/pcsc-emv 4.4."""
    whole = bytes.fromhex("A000000333F0") + KEY.modulus + b"\x03"
    assert dict(KEY.entry())["DF03"] == hashlib.sha1(whole, usedforsecurity=False).digest()


def test_a_packed_expiry_is_read_as_well() -> None:
    entry = tuple((tag, bytes.fromhex("20301231") if tag == "DF05" else value) for tag, value in KEY.entry())
    assert CaKey.of(entry) == KEY


def test_a_key_with_another_check_value_is_refused() -> None:
    with pytest.raises(UnpackError, match="not the check value") as caught:
        CaKey.of((*KEY.entry()[:-1], ("DF03", bytes(20))))
    assert caught.value.path == ("F62", "DF03")


def test_a_key_that_lacks_a_part_is_refused_by_name() -> None:
    with pytest.raises(UnpackError, match="the CA key has no DF02, DF04, DF03"):
        CaKey.of(KEY.listed())


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (b"", "'' is no state"),
        (b"4", "'4' is no state"),
        (b"1\x9f\x22\x01\x08", "it begins with tag 9F22"),
        (b"1\x9f\x06\x05\xa0", "says 5 bytes, 1 are left"),
    ],
)
def test_what_is_no_load_is_refused(value: bytes, problem: str) -> None:
    with pytest.raises(UnpackError, match=problem):
        Load.parse(value)


@pytest.mark.parametrize(
    ("load", "problem"),
    [
        (Load("4"), "'4' is no state"),
        (Load("1", ((),)), "begins with tag 9F06"),
        (Load("1", ((("9F22", b"\x08"),),)), "begins with tag 9F06"),
    ],
)
def test_a_load_that_nobody_could_read_is_refused(load: Load, problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        load.pack()
