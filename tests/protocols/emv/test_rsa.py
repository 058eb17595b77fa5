"""RSA without padding. EMV Book 2, Annex B2.1; the small key is that of Rivest, Shamir and Adleman's own example."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv.rsa import RsaPrivate, RsaPublic
from tests.protocols.emv.keys_for_tests import private


def test_the_example_of_its_inventors() -> None:
    """CACM 21 (1978), VIII: p = 47, q = 59, e = 17; "920" becomes "948"."""
    key = RsaPrivate.of_primes(47, 59, 17)
    assert key.public == RsaPublic((2773).to_bytes(2, "big"), 17)
    assert key.public.recover((920).to_bytes(2, "big")) == (948).to_bytes(2, "big")
    assert key.sign((948).to_bytes(2, "big")) == (920).to_bytes(2, "big")


@pytest.mark.parametrize("exponent", [3, 65537])
@settings(max_examples=10, deadline=None)
@given(st.binary(min_size=127, max_size=127))
def test_what_was_signed_is_recovered_and_the_other_way_round(exponent: int, data: bytes) -> None:
    key = private(1024, exponent)
    assert key.public.recover(key.sign(b"\x00" + data)) == b"\x00" + data
    assert key.sign(key.public.recover(b"\x00" + data)) == b"\x00" + data


def test_the_exponent_stands_in_as_few_bytes_as_hold_it() -> None:
    assert RsaPublic(b"\xff", 3).exponent_bytes == b"\x03"
    assert RsaPublic(b"\xff", 65537).exponent_bytes == b"\x01\x00\x01"
    assert RsaPublic(b"\xff", 0).exponent_bytes == b"\x00"


@pytest.mark.parametrize("size", [127, 129])
def test_data_of_another_length_than_the_modulus_are_refused(size: int) -> None:
    key = private(1024)
    assert key.size == key.public.size == 128
    with pytest.raises(ValueError, match=f"{size} bytes under a modulus of 128"):
        key.sign(bytes(size))
    with pytest.raises(ValueError, match=f"{size} bytes under a modulus of 128"):
        key.public.recover(bytes(size))


def test_a_private_key_does_not_show_itself() -> None:
    key = private(1024)
    assert repr(key) == "RsaPrivate(exponent=3)"


def test_an_exponent_without_inverse_makes_no_key() -> None:
    with pytest.raises(ValueError, match="not invertible"):
        RsaPrivate.of_primes(7, 11, 3)
