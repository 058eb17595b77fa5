"""The MAC schemes as switches: the vectors of the facts, key lengths, and names that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import TripleDes, fill, xor
from protocols.faults import ConfigurationError
from protocols.iso8583 import MAC_SCHEMES, UNIONPAY, Message, compile_spec, mac_of
from protocols.iso8583.mac import fold
from tests.protocols.samples import VECTORS, vector

CODEC = compile_spec(UNIONPAY)
KEY, DOUBLE_KEY = bytes.fromhex("2222222222222222"), bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PREAUTH: Message = {0: "0100", 3: "030000", 4: "000000010000", 11: "000001", 25: "06", 60: "10000001000"}
SCHEMES = sorted(MAC_SCHEMES)
SINGLE_KEY = {"unionpay-ecb", "x9.9"}
"""Schemes whose vector has a single-length key; those of the others have the double one."""
OWN = {  # facts/unionpay-pos 4.2, 4.3: data as vector a
    "unionpay-ecb": b"E267B6E2",
    "x9.9": bytes.fromhex("4D550A47D1566019"),
    "x9.19": bytes.fromhex("2BBECE0C20AC7C9F"),
    "3des-cbc": bytes.fromhex("238FFA8D12F63D4C"),
    "fold-3des": bytes.fromhex("C7F7DC5657F38E4A"),
}


def test_there_are_five_schemes_and_each_has_a_vector() -> None:
    assert set(MAC_SCHEMES) == set(OWN)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_has_the_mac_of_its_vector(scheme: str) -> None:
    [mab] = vector("a", "mab")
    mac = mac_of(scheme, KEY if scheme in SINGLE_KEY else DOUBLE_KEY)
    assert mac.scheme == scheme
    assert mac.over(mab) == OWN[scheme]


def test_the_vectors_of_the_file_are_those_of_the_facts() -> None:
    own = VECTORS["o4"]
    assert own["x99_key2222222222222222"] == OWN["x9.9"].hex().upper()
    assert own["x919_key0123456789ABCDEFFEDCBA9876543210"] == OWN["x9.19"].hex().upper()
    assert own["tdes_cbc_same_key"] == OWN["3des-cbc"].hex().upper()


@pytest.mark.parametrize("scheme", ["x9.19", "3des-cbc", "fold-3des"])
def test_one_block_has_the_published_mac_which_tells_no_scheme_from_another(scheme: str) -> None:
    """4.3, vector c: over a single block, all of these are triple DES."""
    key, mab, mac, mab2, mac2 = vector("c", "key", "mab", "mac", "mab2", "mac2")
    assert mac_of(scheme, key).over(mab)[:4] == mac
    assert mac_of(scheme, key).over(mab2)[:4] == mac2


@pytest.mark.parametrize("name", ["a", "o2"])
def test_the_fold_of_a_vector_is_its_r(name: str) -> None:
    mab, folded = vector(name, "mab", "fold")
    assert fold(mab) == folded


@given(st.binary(max_size=400))
def test_a_fold_is_the_exclusive_or_of_all_blocks(mab: bytes) -> None:
    expected, padded = bytes(8), fill(mab)
    for start in range(0, len(padded), 8):
        expected = xor(expected, padded[start : start + 8])
    assert fold(mab) == expected


def test_the_fold_of_vector_e_is_its_r() -> None:
    assert fold(bytes.fromhex(VECTORS["e"]["mab"])) == bytes.fromhex("B2B5FAEEE1A9E8A8")  # 4.2


STEPS = [  # facts/unionpay-pos 4.2: key, R, E1, E2
    ("2222222222222222", "B9F9B96AA4FDB57F", "9FDE90A34CF73B2E", "E267B6E21913D339"),
    ("C24A8FB57AA20123", "4D08F434464FE7BF", "6A4DF084B6D23759", "8A9E91B88D839AC5"),
    ("7F52E3201FDF045E", "B2B5FAEEE1A9E8A8", "7AF65CE289184F53", "28C7AFB533AEE74D"),
    ("0123456789ABCDEFFEDCBA9876543210", "B9F9B96AA4FDB57F", "50581BD3DFFDD8CA", "ECCE88349B852531"),
]


@pytest.mark.parametrize(("key", "folded", "first", "second"), STEPS, ids=["a", "b", "e", "o1"])
def test_the_unionpay_mac_has_the_steps_of_its_vectors(key: str, folded: str, first: str, second: str) -> None:
    des, expanded = TripleDes(bytes.fromhex(key)), folded.encode("ascii")
    assert des.encrypt(expanded[:8]).hex().upper() == first
    assert des.encrypt(xor(bytes.fromhex(first), expanded[8:])).hex().upper() == second
    assert mac_of("unionpay-ecb", bytes.fromhex(key)).over(bytes.fromhex(folded)) == second[:8].encode("ascii")


@pytest.mark.parametrize("scheme", ["x9.9", "3des-cbc", "x9.19"])
@given(mabs=st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_a_live_chain_is_a_new_one_each_time(scheme: str, mabs: list[bytes]) -> None:
    """By definition, block by block, with nothing left of the message before."""
    live = mac_of(scheme, DOUBLE_KEY)
    single, double = TripleDes(DOUBLE_KEY[:8]), TripleDes(DOUBLE_KEY)
    for mab in mabs:
        padded = mab + bytes(-len(mab) % 8) or bytes(8)
        state = bytes(8)
        for at in range(0, len(padded), 8):
            last = scheme == "x9.19" and at + 8 == len(padded)
            cipher = double if scheme == "3des-cbc" or last else single
            state = cipher.encrypt(xor(state, padded[at : at + 8]))
        assert live.over(mab) == state


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sealed_message_is_valid_and_any_changed_byte_makes_it_wrong(scheme: str) -> None:
    mac = mac_of(scheme, DOUBLE_KEY)
    body = mac.seal(CODEC, PREAUTH)
    assert mac.check(body) == "valid"
    assert mac.check(CODEC.pack(PREAUTH)) == "absent"
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 0x40
        assert mac.check(bytes(changed)) == "wrong"


def test_no_scheme_takes_the_mac_of_another() -> None:
    sealed = {scheme: mac_of(scheme, DOUBLE_KEY).seal(CODEC, PREAUTH) for scheme in SCHEMES}
    for scheme in SCHEMES:
        mac = mac_of(scheme, DOUBLE_KEY)
        assert [other for other, body in sealed.items() if mac.check(body) == "valid"] == [scheme]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_f64_is_of_the_kind_that_the_table_says(scheme: str) -> None:
    macs = [mac_of(scheme, DOUBLE_KEY).over(bytes([byte])) for byte in range(64)]
    all_hex = all(set(mac) <= set(b"0123456789ABCDEF") for mac in macs)
    assert all(len(mac) == 8 for mac in macs)
    assert all_hex == (MAC_SCHEMES[scheme].f64 == "8 hex characters") == (scheme == "unionpay-ecb")


KEY_LENGTHS = {"unionpay-ecb": {8, 16, 24}, "x9.9": {8, 16}, "x9.19": {16}, "3des-cbc": {16, 24}, "fold-3des": {16, 24}}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("size", [0, 7, 8, 16, 24, 32])
def test_a_key_of_a_length_that_a_scheme_cannot_take_is_refused(scheme: str, size: int) -> None:
    key = bytes(range(size))
    if size in KEY_LENGTHS[scheme]:
        assert len(mac_of(scheme, key).over(b"")) == 8
    else:
        with pytest.raises(ValueError, match=f"a MAC key of {scheme} has .* bytes, not {size}"):
            mac_of(scheme, key)


def test_x9_9_takes_the_first_half_of_a_double_key() -> None:
    """facts/unionpay-pos 2.6: the MAC then is single DES with its first 8 bytes."""
    assert mac_of("x9.9", DOUBLE_KEY).over(b"MAB") == mac_of("x9.9", DOUBLE_KEY[:8]).over(b"MAB")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("unionpay", "unionpay-ecb"), ("X9.19", "x9.19"), ("x9-9", "x9.9"), ("3des", "3des-cbc"),
        ("fold3des", "fold-3des"),
    ],
)  # fmt: skip
def test_an_unknown_scheme_comes_with_its_near_miss(name: str, near: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        mac_of(name, KEY)
    assert caught.value.message == f"no MAC scheme is called '{name}'; did you mean '{near}'?"
    assert caught.value.advice == "it is one of unionpay-ecb, x9.9, x9.19, 3des-cbc, fold-3des"


def test_a_scheme_like_no_other_has_no_near_miss() -> None:
    with pytest.raises(ConfigurationError) as caught:
        mac_of("hmac-sha256", KEY)
    assert caught.value.message == "no MAC scheme is called 'hmac-sha256'"
