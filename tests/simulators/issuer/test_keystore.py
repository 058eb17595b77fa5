"""The key store: what it takes, what it refuses, and that it never shows a key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.faults import ConfigurationError
from simulators.issuer.keystore import KeyStore

KEY = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
CHECK = "08D7B4FB629D0885"  # facts/unionpay-pos 4.4
OTHER = bytes.fromhex("31" * 16)


def store() -> KeyStore:
    keys = KeyStore()
    keys.put("terminal 50080001", KEY, test=True, check_value=CHECK)
    return keys


def refused(**changed: object) -> ConfigurationError:
    given: dict[str, object] = {"name": "new", "key": KEY, "test": True, "check_value": ""} | changed
    keys = store()
    with pytest.raises(ConfigurationError) as caught:
        keys.put(given.pop("name"), given.pop("key"), **given)  # type: ignore[arg-type]
    assert keys.names() == ["terminal 50080001"]
    assert KEY.hex() not in str(caught.value).lower()
    assert keys.get("terminal 50080001") == KEY
    return caught.value


@pytest.mark.parametrize("size", [8, 16, 24])
def test_a_test_key_is_kept_under_its_name(size: int) -> None:
    keys = KeyStore()
    keys.put("card", bytes(range(size)), test=True)
    assert keys.get("card") == bytes(range(size))
    assert "card" in keys
    assert len(keys) == 1


def test_a_key_that_is_not_marked_is_refused_with_advice() -> None:
    error = refused(test=False)
    assert error.message == "key 'new' is not marked as a test key"
    assert "live system" in error.advice


@pytest.mark.parametrize("size", [0, 7, 15, 17, 32])
def test_a_key_of_another_length_is_refused(size: int) -> None:
    assert f"has {size} bytes" in refused(key=bytes(size)).message


@pytest.mark.parametrize("digits", [6, 8, 16])
def test_a_right_check_value_of_any_usual_length_is_taken(digits: int) -> None:
    keys = KeyStore()
    keys.put("terminal", KEY, test=True, check_value=CHECK[:digits].lower())
    assert keys.check_value("terminal") == CHECK[:8]


def test_a_wrong_check_value_is_refused_and_the_right_one_told() -> None:
    error = refused(check_value="08D7B4FC")
    assert error.message == "key 'new' has the check value 08D7B4FB, not 08D7B4FC"
    assert "mistyped" in error.advice


@pytest.mark.parametrize("written", ["08D7", "08D7B", "08D7B4F", CHECK + "00", "08D7B4FG", "08 D7 B4"])
def test_what_is_no_check_value_is_refused(written: str) -> None:
    assert "not 6 to 16 hex digits" in refused(check_value=written).message


def test_a_name_has_one_key() -> None:
    error = refused(name="terminal 50080001", key=OTHER)
    assert "is there with another value, check value 08D7B4FB" in error.message


def test_the_same_key_may_be_put_again() -> None:
    keys = store()
    keys.put("terminal 50080001", KEY, test=True)
    assert keys.names() == ["terminal 50080001"]


def test_a_key_needs_a_name() -> None:
    assert "needs a name" in refused(name="").message


def test_an_unknown_name_comes_with_its_near_miss() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'terminal 50080001'") as caught:
        store().get("terminal 50080010")
    assert caught.value.advice == "the store has terminal 50080001"


def test_an_empty_store_says_so() -> None:
    with pytest.raises(ConfigurationError, match=r"no key is called 'card' \(the store has no keys\)"):
        KeyStore().get("card")


def test_the_store_shows_names_and_check_values() -> None:
    keys = store()
    keys.put("card", OTHER, test=True)
    assert repr(keys) == str(keys) == "KeyStore(card 40826A58, terminal 50080001 08D7B4FB)"


@given(st.sampled_from([8, 16, 24]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_no_key_is_ever_shown(key: bytes) -> None:
    keys = KeyStore()
    keys.put("key", key, test=True)
    with pytest.raises(ConfigurationError) as caught:
        keys.put("key", bytes(byte ^ 0x81 for byte in key), test=True)
    assert key.hex() not in (repr(keys) + str(caught.value)).lower()
    assert repr(key) not in repr(vars(keys).keys()) + repr(keys)
