"""The terminal's public keys of schemes: which are kept, which are refused and why. EMV Book 2, 10 and 11."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from protocols.emv.certificates import CaPublicKey
from protocols.emv.rsa import RsaPublic
from protocols.iso8583.subfields import CaKey
from simulators.terminal.contact.cakeys import CaKeys, Revoked
from tests.protocols.emv.published import UNIONPAY, VISA_94

RID = bytes.fromhex("A000000333")
TODAY = date(2026, 6, 15)
MODULUS = bytes.fromhex("C1" * 128)


def made(index: int = 0xF0, *, expires: str = "391231", rid: bytes = RID, modulus: bytes = MODULUS,
         exponent: int = 3) -> CaPublicKey:  # fmt: skip
    return CaPublicKey.made(rid, index, RsaPublic(modulus, exponent), expires)


def plain(key: CaPublicKey, **changes: Any) -> dict[str, Any]:
    """As a file of a rig has it."""
    return {
        "rid": key.rid.hex(), "index": f"{key.index:02X}", "modulus": key.key.modulus.hex(),
        "exponent": key.key.exponent_bytes.hex(), "expires": key.expires, "digest": key.digest.hex(), **changes,
    }  # fmt: skip


def spoiled(digest: bytes) -> bytes:
    return bytes([digest[0] ^ 1]) + digest[1:]


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_published_keys_are_kept_and_found() -> None:
    """facts/pcsc-emv 4.4: their check sums are right."""
    store = CaKeys.from_file([plain(key) for key in (*UNIONPAY, VISA_94)])
    assert not store.refused
    for key in (*UNIONPAY, VISA_94):
        assert store.find(key.rid, key.index, TODAY) == key


def test_a_key_of_another_scheme_or_index_is_not_found() -> None:
    store = CaKeys.of([made()])
    assert store.find(RID, 0xF1, TODAY) is None
    assert store.find(bytes.fromhex("A000000003"), 0xF0, TODAY) is None


def test_a_later_key_of_the_same_index_takes_the_place_of_the_former() -> None:
    later = made(modulus=bytes.fromhex("D3" * 144))
    assert CaKeys.of([made(), later]).find(RID, 0xF0, TODAY) == later


def test_a_store_never_changes() -> None:
    store = CaKeys()
    assert store.with_key(made()).keys
    assert store.revoke(Revoked(RID, 0xF0, bytes(3))).revoked
    assert store == CaKeys()


@pytest.mark.parametrize(
    ("expires", "there"),
    [("260615", True), ("260614", False), ("260616", True), ("191231", False), ("491231", True), ("500101", False)],
)
def test_a_key_is_good_to_the_end_of_its_last_day(expires: str, there: bool) -> None:
    """EMV Book 2, 11.2.2; of the century Book 4, 6.7.3."""
    store = CaKeys.of([made(expires=expires)])
    assert not store.refused
    assert (store.find(RID, 0xF0, TODAY) is not None) is there


def test_the_defect_that_uses_an_expired_key() -> None:
    store = CaKeys.of([made(expires="191231")])
    assert store.find(RID, 0xF0, TODAY, frozenset({"expired-ca-key-used"})) is not None
    assert store.find(RID, 0xF1, TODAY, frozenset({"expired-ca-key-used"})) is None


# ── what is refused ───────────────────────────────────────────────────────────────────────────────────────────────

WRONG = {
    "check sum": ({"digest": spoiled(made().digest).hex()}, "its check sum is wrong"),
    "check sum of nothing": ({"digest": ""}, "its check sum is wrong"),
    "last day": ({"expires": "391331"}, "its last day is no date"),
    "last day of eight digits": ({"expires": "20391231"}, "its last day is no date"),
    "scheme of four bytes": ({"rid": "A0000003"}, "an RID has 5 bytes"),
    "exponent": ({"exponent": "05"}, "its exponent is 5"),
    "even exponent": ({"exponent": "02"}, "its exponent is 2"),
    "short modulus": ({"modulus": "C1" * 63}, "its modulus has 63 bytes"),
    "long modulus": ({"modulus": "C1" * 249}, "its modulus has 249 bytes"),
    "no hex": ({"modulus": "XY"}, "its entry is none"),
    "no index": ({"index": "GG"}, "its entry is none"),
    "no text": ({"rid": None}, "its entry is none"),
}


@pytest.mark.parametrize(("changes", "why"), WRONG.values(), ids=WRONG)
def test_a_key_that_is_not_sound_is_refused_and_said_to_be(changes: dict[str, Any], why: str) -> None:
    other = made(0xF1)
    store = CaKeys.from_file([plain(made(), **changes), plain(other)])
    [refused] = store.refused
    assert why in str(refused)
    assert store.find(RID, 0xF1, TODAY) == other
    assert len(store.keys) == 1


def test_a_key_without_one_of_its_parts_is_refused() -> None:
    entry = plain(made())
    del entry["digest"]
    [refused] = CaKeys.from_file([entry]).refused
    assert str(refused) == "CA key F0 of a000000333 is refused: its entry is none ('digest')"


def test_a_key_without_an_exponent_has_the_usual_one() -> None:
    entry = plain(made())
    del entry["exponent"]
    assert CaKeys.from_file([entry]).find(RID, 0xF0, TODAY) == made()


def test_a_key_of_a_scheme_that_the_terminal_has_not_is_refused() -> None:
    store = CaKeys.of([VISA_94, made()], schemes={RID})
    assert [(refused.rid, refused.index) for refused in store.refused] == [("A000000003", "94")]
    assert "none of the terminal's applications" in str(store.refused[0])
    assert list(store.keys) == [(RID, 0xF0)]


def test_a_sound_key_is_not_lost_to_a_wrong_one_of_its_index() -> None:
    good = made()
    wrong = CaPublicKey(RID, 0xF0, RsaPublic(bytes.fromhex("D3" * 128), 3), "391231", good.digest)
    store = CaKeys.of([good, wrong])
    assert store.find(RID, 0xF0, TODAY) == good
    assert len(store.refused) == 1


@pytest.mark.parametrize("size", [64, 248])
def test_the_shortest_and_the_longest_modulus_are_kept(size: int) -> None:
    """EMV Book 2, Annex B2.1."""
    assert CaKeys.of([made(modulus=b"\xc1" * size)]).keys


# ── downloads ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_downloaded_key_is_kept() -> None:
    """facts/unionpay-pos 3: 370. Its expiry comes with its century."""
    store = CaKeys().downloaded(CaKey(RID, 0xF0, "20391231", MODULUS))
    assert store.find(RID, 0xF0, TODAY) == made()


def test_a_downloaded_key_may_have_the_other_exponent() -> None:
    store = CaKeys().downloaded(CaKey(RID, 0xF0, "20391231", MODULUS, bytes.fromhex("010001")))
    assert store.find(RID, 0xF0, TODAY) == made(exponent=65537)


@pytest.mark.parametrize(
    ("key", "digest", "why"),
    [
        (CaKey(RID, 0xF0, "20391231", MODULUS), spoiled(made().digest), "its check sum is wrong"),
        (CaKey(RID, 0xF0, "2039", MODULUS), None, "its last day is no date"),
        (CaKey(RID, 0xF0, "20391231", b"\x80"), None, "its modulus has 1 bytes"),
        (CaKey(RID, 0xF0, "20391231", b"\x00" + MODULUS[1:]), None, "its check sum is wrong"),
        (CaKey(RID, 0xF0, "20391231", MODULUS, b""), None, "its exponent is 0"),
    ],
    ids=["check sum", "last day", "modulus", "leading zero", "exponent"],
)
def test_a_downloaded_key_that_is_not_sound_is_refused(key: CaKey, digest: bytes | None, why: str) -> None:
    store = CaKeys().downloaded(key, digest)
    assert not store.keys
    assert str(store.refused[0]) == f"CA key F0 of A000000333 is refused: {why}"


# ── revocation ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_issuers_certificate_is_revoked_by_scheme_key_and_number() -> None:
    """EMV Book 2, 5.3, step 10."""
    listed = {"rid": "A000000333", "index": "F3", "serial": "000102"}
    store = CaKeys.from_file([], revoked=[listed]).revoke(Revoked(RID, 0xF0, b"\x00\x00\x01"))
    assert store.is_revoked(RID, 0xF3, bytes.fromhex("000102"))
    assert store.is_revoked(RID, 0xF0, bytes.fromhex("000001"))
    assert not store.is_revoked(RID, 0xF0, bytes.fromhex("000102"))
    assert not store.is_revoked(bytes.fromhex("A000000003"), 0xF3, bytes.fromhex("000102"))
