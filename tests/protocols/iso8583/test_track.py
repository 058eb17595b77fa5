"""Track encryption in place: which bytes change, that they come back, and tracks that are too short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.crypto import TripleDes
from protocols.iso8583 import decrypt_track, encrypt_track
from tests.protocols.samples import PAN, TRACK

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
tracks = st.text("0123456789D", min_size=17, max_size=104)
keys = st.sampled_from([16, 24]).flatmap(lambda size: st.binary(min_size=size, max_size=size))


def packed(nibbles: str) -> bytes:
    return bytes.fromhex(nibbles + "0" * (len(nibbles) % 2))


def test_of_37_digits_bytes_10_to_17_of_19_are_enciphered() -> None:
    """facts/unionpay-pos 4.7."""
    track = TRACK[:37]
    clear, out = packed(track), packed(encrypt_track(KEY, track))
    assert len(clear) == 19
    assert out[:10] == clear[:10]
    assert out[10:18] == TripleDes(KEY).encrypt(clear[10:18])
    assert out[18:] == clear[18:]


def test_the_card_number_of_a_whole_track_stays_in_clear() -> None:
    assert encrypt_track(KEY, TRACK[:37]).startswith(f"{PAN}D301")


@pytest.mark.parametrize("size", [17, 18, 19, 36, 37, 103, 104])
def test_eight_bytes_end_one_byte_before_the_last_one(size: int) -> None:
    track = ("1234567890" * 11)[:size]
    clear, out = packed(track), packed(encrypt_track(KEY, track))
    start = -(-size // 2) - 9
    assert [at for at in range(len(clear)) if clear[at] != out[at]] == list(range(start, start + 8))


def test_a_separator_may_be_given_as_it_is_written() -> None:
    assert encrypt_track(KEY, TRACK.replace("D", "=")) == encrypt_track(KEY, TRACK)


@given(keys, tracks)
def test_an_enciphered_track_comes_back(key: bytes, track: str) -> None:
    out = encrypt_track(key, track)
    assert len(out) == len(track)
    assert set(out) <= set("0123456789ABCDEF")
    assert decrypt_track(key, out) == track


@pytest.mark.parametrize("work", [encrypt_track, decrypt_track])
@pytest.mark.parametrize("size", [0, 1, 16])
def test_a_track_too_short_for_eight_bytes_is_refused(work: object, size: int) -> None:
    with pytest.raises(ValueError, match=f"a track of {size} digits is too short to encipher: it takes 17"):
        work(KEY, "1" * size)  # type: ignore[operator]


@pytest.mark.parametrize("track", [TRACK.replace("D", "^"), TRACK.replace("D", "A"), TRACK + " "])
def test_what_is_no_track_in_clear_is_not_enciphered_and_not_shown(track: str) -> None:
    with pytest.raises(ValueError, match="digits and separators only") as caught:
        encrypt_track(KEY, track)
    assert PAN not in str(caught.value)


def test_a_track_under_another_key_is_no_track_and_not_shown() -> None:
    with pytest.raises(ValueError, match="enciphered under this track key") as caught:
        decrypt_track(KEY[::-1], encrypt_track(KEY, TRACK))
    assert PAN not in str(caught.value)


def test_a_track_that_was_never_enciphered_is_found_out() -> None:
    with pytest.raises(ValueError, match="enciphered under this track key"):
        decrypt_track(KEY, TRACK)
