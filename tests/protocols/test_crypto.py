"""Triple DES as cards and terminals use it, against published values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import CbcChain, RetailChain, TripleDes, expand_key, fill, retail_mac, xor

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
keys = st.sampled_from([8, 16, 24]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


@pytest.mark.parametrize(
    ("short", "whole"),
    [(b"A" * 8, b"A" * 24), (b"A" * 8 + b"B" * 8, b"A" * 8 + b"B" * 8 + b"A" * 8), (b"C" * 24, b"C" * 24)],
)
def test_a_key_is_expanded_to_24_bytes(short: bytes, whole: bytes) -> None:
    assert expand_key(short) == whole


@pytest.mark.parametrize("size", [0, 7, 15, 23, 32])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match=f"8, 16 or 24 bytes, not {size}"):
        TripleDes(bytes(size))


@given(keys, st.integers(0, 4).flatmap(lambda blocks: st.binary(min_size=8 * blocks, max_size=8 * blocks)))
def test_what_was_enciphered_is_deciphered(key: bytes, data: bytes) -> None:
    assert TripleDes(key).decrypt(TripleDes(key).encrypt(data)) == data


def test_a_live_context_keeps_nothing_from_block_to_block() -> None:
    des = TripleDes(KEY)
    assert des.encrypt(bytes(8)) == des.encrypt(bytes(8)) == bytes.fromhex("08D7B4FB629D0885")
    assert des.encrypt(bytes(16)) == bytes.fromhex("08D7B4FB629D0885") * 2


@given(keys, st.lists(st.binary(min_size=8, max_size=8), max_size=5), st.lists(st.booleans(), min_size=5, max_size=5))
def test_both_directions_of_a_key_do_not_touch_each_other(key: bytes, blocks: list[bytes], back: list[bool]) -> None:
    kept = TripleDes(key)
    for block, backwards in zip(blocks, back, strict=False):
        fresh = TripleDes(key)
        assert (kept.decrypt if backwards else kept.encrypt)(block) == (
            fresh.decrypt if backwards else fresh.encrypt
        )(block)  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 9])
def test_part_of_a_block_is_refused(size: int) -> None:
    for work in (TripleDes(KEY).encrypt, TripleDes(KEY).decrypt):
        with pytest.raises(ValueError, match="no whole blocks"):
            work(bytes(size))


def test_exclusive_or_wants_one_length() -> None:
    assert xor(b"\x0f\xf0", b"\xff\xff") == b"\xf0\x0f"
    with pytest.raises(ValueError, match="not of one length"):
        xor(b"\x00", b"")


@given(st.binary(max_size=40))
def test_the_retail_mac_is_single_des_chained_and_triple_des_at_the_end(data: bytes) -> None:
    padded = data + b"\x80"
    padded += bytes(-len(padded) % 8)
    left, right, state = TripleDes(KEY[:8]), TripleDes(KEY[8:]), bytes(8)
    for at in range(0, len(padded), 8):  # ISO 9797-1 algorithm 3 by its definition, padding method 2
        state = left.encrypt(xor(state, padded[at : at + 8]))
    assert retail_mac(KEY, data) == left.encrypt(right.decrypt(state))


@pytest.mark.parametrize("size", [8, 24])
def test_the_retail_mac_needs_a_key_of_two_halves(size: int) -> None:
    with pytest.raises(ValueError, match=f"16 bytes, not {size}"):
        retail_mac(bytes(size), b"")


def test_a_published_double_key_enciphers_as_published() -> None:
    """facts/unionpay-pos 4.2, vector e_mak."""
    des = TripleDes(bytes.fromhex("BA213DD564BBE85DDB62942364FBE85D"))
    assert des.encrypt(bytes.fromhex("BF3523B8E3845CB5300D97F976AF0A39")) == bytes.fromhex(
        "15C481BEC8A7155890694EBEAC00489F"
    )


@pytest.mark.parametrize(("data", "filled"), [(b"", bytes(8)), (b"1", b"1" + bytes(7)), (b"12345678", b"12345678")])
def test_zeros_fill_to_whole_blocks_and_at_least_one(data: bytes, filled: bytes) -> None:
    assert fill(data) == filled


@given(keys, st.lists(st.binary(min_size=8, max_size=40).map(fill), max_size=4))
def test_a_live_chain_keeps_nothing_from_one_to_the_next(key: bytes, chained: list[bytes]) -> None:
    live = CbcChain(key)
    assert [live.last(data) for data in chained] == [CbcChain(key).last(data) for data in chained]
    assert live.last(b"") == bytes(8)


def test_part_of_a_block_is_refused_and_leaves_the_chain_whole() -> None:
    live, first = CbcChain(KEY), CbcChain(KEY).last(bytes(16))
    with pytest.raises(ValueError, match="no whole blocks"):
        live.last(bytes(9))
    assert live.last(bytes(16)) == first


@pytest.mark.parametrize("size", [8, 24])
def test_a_retail_chain_needs_a_key_of_two_halves(size: int) -> None:
    with pytest.raises(ValueError, match=f"16 bytes, not {size}"):
        RetailChain(bytes(size))
