"""Certificates: published ones recovered, own ones of every size, and each step of the check failing by itself.

EMV Book 2, 5.3, 6.3, 6.4 and 7.1; the published bytes are in `published.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.emv.certificates import (
    CARD,
    ISSUER,
    AuthenticationFailed,
    CaPublicKey,
    Reason,
    issue_card,
    issue_issuer,
    issue_pin,
    key_digest,
    recover_card,
    recover_issuer,
    recover_pin,
    sealed,
)
from protocols.emv.rsa import RsaPrivate, RsaPublic
from tests.protocols.emv.keys_for_tests import private
from tests.protocols.emv.published import (
    MASTERCARD_05,
    MASTERCARD_05_CARD,
    MASTERCARD_F1,
    MASTERCARD_F1_ISSUER,
    MASTERCARD_F1_ISSUER_KEY,
    UNIONPAY,
    VISA_94,
    VISA_94_ISSUER,
    VISA_94_ISSUER_KEY,
)
from tests.protocols.samples import PAN

RID, TODAY, SERIAL = bytes.fromhex("A000000333"), "260115", b"\x00\x01\x02"
PUBLISHED = [VISA_94, MASTERCARD_F1, MASTERCARD_05, *UNIONPAY]


def ca(bits: int = 1984) -> CaPublicKey:
    return CaPublicKey.made(RID, 0xF0, private(bits).public, "301231")


def some_key(size: int, exponent: int = 3, odd: int = 1) -> RsaPublic:
    """A modulus of no use but to be certified."""
    return RsaPublic(b"\xc1" + bytes((at * 7 + odd) % 256 for at in range(size - 1)), exponent)


def issued(key: RsaPublic, bits: int = 1984, **changed: object) -> dict[str, bytes]:
    terms: dict[str, object] = {"issuer_id": "625094", "expires": "1230", "serial": SERIAL, **changed}
    return issue_issuer(private(bits), ca(bits), key, **terms)  # type: ignore[arg-type]


def reason(call: Callable[[], object]) -> Reason:
    with pytest.raises(AuthenticationFailed) as failed:
        call()
    assert failed.value.reason.value in str(failed.value)
    return failed.value.reason


# ── published ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("key", PUBLISHED, ids=lambda key: f"{key.rid.hex()}-{key.index:02X}")
def test_the_check_sum_of_each_published_key_is_right(key: CaPublicKey) -> None:
    assert key.digest_right
    assert CaPublicKey.made(key.rid, key.index, key.key, key.expires) == key
    for wrong in (
        replace(key, index=key.index ^ 1),
        replace(key, rid=RID[::-1]),
        replace(key, key=replace(key.key, exponent=65537)),
        replace(key, digest=bytes(20)),
    ):
        assert not wrong.digest_right


def test_the_unionpay_keys_are_the_eight_of_the_facts() -> None:
    sizes = {key.index: 8 * key.key.size for key in UNIONPAY}
    assert sizes == {1: 1024, 2: 1152, 3: 1408, 4: 1984, 8: 1152, 9: 1408, 10: 1024, 11: 1984}


@pytest.mark.parametrize(
    ("key", "certificate", "pan", "issuer", "serial"),
    [
        (VISA_94, {"90": VISA_94_ISSUER, "92": b""}, "4761739001010119", VISA_94_ISSUER_KEY, "03DA0A"),
        (MASTERCARD_F1, {"90": MASTERCARD_F1_ISSUER}, "5413330089020011", MASTERCARD_F1_ISSUER_KEY, "000001"),
    ],
    ids=["a key that fits", "a key that is filled up"],
)
def test_an_issuer_key_is_recovered_under_a_published_test_key(
    key: CaPublicKey, certificate: dict[str, bytes], pan: str, issuer: bytes, serial: str
) -> None:
    recovered = recover_issuer(key, {**certificate, "9F32": b"\x03"}, pan, "221201")
    assert recovered.key == RsaPublic(issuer, 3)
    assert recovered.serial.hex().upper() == serial


def test_a_published_issuer_certificate_of_another_scheme_is_none() -> None:
    values = {"90": MASTERCARD_05_CARD["90"], "9F32": b"\x03", "92": MASTERCARD_05_CARD["92"]}
    assert reason(lambda: recover_issuer(MASTERCARD_F1, values, PAN, TODAY)) is Reason.TRAILER
    assert reason(lambda: recover_issuer(VISA_94, values, PAN, TODAY)) is Reason.LENGTH


# ── issued and recovered ──────────────────────────────────────────────────────────────────────────────────────────

sizes = st.integers(1024 // 8, 1984 // 8)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1024, 1408, 1984]), sizes, st.sampled_from([3, 65537]), st.binary(min_size=3, max_size=3))
def test_an_issuer_key_of_every_size_comes_back(bits: int, size: int, exponent: int, serial: bytes) -> None:
    values = issued(some_key(size, exponent), bits, serial=serial)
    assert values["8F"] == b"\xf0"
    assert ("92" in values) == (size > bits // 8 - 36)
    assert recover_issuer(ca(bits), values, PAN, TODAY) == (some_key(size, exponent), serial)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([1024, 1408]), sizes, st.sampled_from([3, 65537]), st.binary(max_size=300))
def test_a_card_key_of_every_size_comes_back_with_its_static_data(
    bits: int, size: int, exponent: int, static: bytes
) -> None:
    signer, key = private(bits), some_key(size, exponent)
    values = issue_card(signer, key, pan=PAN, expires="1230", serial=SERIAL, static=static)
    assert ("9F48" in values) == (size > bits // 8 - 42)
    assert recover_card(signer.public, values, PAN, static, TODAY) == key
    assert reason(lambda: recover_card(signer.public, values, PAN, static + b"\x00", TODAY)) is Reason.HASH


@settings(max_examples=20, deadline=None)
@given(sizes, st.sampled_from(["6250947000003", "62509470000000000014", PAN, "6250947000000000019"]))
def test_a_key_for_pin_encipherment_comes_back_whatever_the_length_of_the_pan(size: int, pan: str) -> None:
    signer, key = private(1152), some_key(size)
    values = issue_pin(signer, key, pan=pan, expires="1230", serial=SERIAL)
    assert recover_pin(signer.public, values, pan, TODAY) == key
    assert reason(lambda: recover_pin(signer.public, values, pan[:-1], TODAY)) is Reason.PAN


@pytest.mark.parametrize(("size", "remainder"), [(92, 0), (93, 1), (91, 0), (128, 36)])
def test_the_remainder_is_what_the_certificate_has_no_room_for(size: int, remainder: int) -> None:
    values = issued(some_key(size), 1024)
    assert len(values.get("92", b"")) == remainder
    assert recover_issuer(ca(1024), values, PAN, TODAY).key == some_key(size)
    clear = private(1024).public.recover(values["90"])
    assert clear[15 : 15 + 92] == some_key(size).modulus[:92].ljust(92, b"\xbb")


@pytest.mark.parametrize("issuer_id", ["625", "62509470"])
def test_three_to_eight_digits_of_the_pan_name_its_issuer(issuer_id: str) -> None:
    assert recover_issuer(ca(), issued(some_key(128), issuer_id=issuer_id), PAN, TODAY).key == some_key(128)


@pytest.mark.parametrize("issuer_id", ["62", "625095", "62509471"])
def test_other_digits_name_another_issuer(issuer_id: str) -> None:
    values = issued(some_key(128), issuer_id=issuer_id)
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.ISSUER


@pytest.mark.parametrize(("today", "over"), [("301231", False), ("310101", True)])
def test_a_certificate_counts_to_the_end_of_its_month(today: str, over: bool) -> None:
    values = issued(some_key(128))
    if over:
        assert reason(lambda: recover_issuer(ca(), values, PAN, today)) is Reason.EXPIRED
    else:
        assert recover_issuer(ca(), values, PAN, today).key == some_key(128)


# ── each step failing by itself ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("tag", ["90", "9F32", "92"])
def test_an_object_that_is_needed_and_not_there_is_missing(tag: str) -> None:
    values = {key: value for key, value in issued(some_key(248)).items() if key != tag}
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.MISSING


@pytest.mark.parametrize("change", [lambda raw: raw[:-1], lambda raw: raw + b"\x00"])
def test_a_certificate_of_another_length_than_its_key_is_refused(change: Callable[[bytes], bytes]) -> None:
    values = issued(some_key(128))
    values["90"] = change(values["90"])
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.LENGTH


@pytest.mark.parametrize(("size", "expected"), [(35, Reason.LENGTH), (36, Reason.HASH)])
def test_a_key_too_short_for_the_form_of_a_certificate_has_a_wrong_length(size: int, expected: Reason) -> None:
    """Under a key that is none, of exponent 1: the certificate is its own clear."""
    short = CaPublicKey.made(RID, 0xF0, RsaPublic(b"\xff" * size, 1), "301231")
    values = {"90": b"\x6a\x02" + bytes(size - 3) + b"\xbc", "9F32": b"\x03"}
    assert reason(lambda: recover_issuer(short, values, PAN, TODAY)) is expected


def resigned(signer: RsaPrivate, certificate: bytes, place: int, byte: int) -> bytes:
    """The certificate with one byte of its clear changed, signed as it is."""
    clear = bytearray(signer.public.recover(certificate))
    clear[place] = byte
    return signer.sign(bytes(clear))


@pytest.mark.parametrize(
    ("place", "byte", "expected"),
    [
        (0, 0x6B, Reason.HEADER),
        (1, 0x04, Reason.FORMAT),
        (2, 0x63, Reason.HASH),
        (14, 0x03, Reason.HASH),
        (15, 0x00, Reason.HASH),
        (-2, 0x00, Reason.HASH),
        (-21, 0x00, Reason.HASH),
        (-1, 0xBD, Reason.TRAILER),
    ],
)
def test_each_wrong_byte_fails_at_its_own_step(place: int, byte: int, expected: Reason) -> None:
    values = issued(some_key(128))
    assert private(1984).public.recover(values["90"])[place] != byte
    values["90"] = resigned(private(1984), values["90"], place, byte)
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is expected


@pytest.mark.parametrize("tag", ["92", "9F32"])
def test_what_stands_beside_the_certificate_is_under_its_hash(tag: str) -> None:
    values = issued(some_key(248))
    values[tag] = values[tag][:-1] + bytes([values[tag][-1] ^ 1])
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.HASH


def test_a_certificate_under_another_key_is_none() -> None:
    values = issue_issuer(private(1408), ca(), some_key(128), issuer_id="625", expires="1230", serial=SERIAL)
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.LENGTH
    other = CaPublicKey.made(RID, 0xF0, some_key(248, odd=3), "301231")
    assert reason(lambda: recover_issuer(other, issued(some_key(128)), PAN, TODAY)) is Reason.TRAILER


def content(form: int, hashing: int = 1, algorithm: int = 1, size: int = 128, name: str = "625094FF") -> bytes:
    """A certificate as an issuer would have it that knows the hash, but not the rest of the book."""
    head = bytes.fromhex(name + "1230") + SERIAL + bytes([hashing, algorithm, size, 1])
    room = 248 - 36 - (0 if form == ISSUER.format else 6)
    return head + some_key(128).modulus.ljust(room, b"\xbb")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (content(0x02, hashing=2), Reason.ALGORITHM),
        (content(0x02, algorithm=2), Reason.ALGORITHM),
        (content(0x02, name="125094FF"), Reason.ISSUER),
    ],
)
def test_a_certificate_with_a_right_hash_and_another_algorithm_or_name_is_refused(
    made: bytes, expected: Reason
) -> None:
    values = {"90": sealed(ISSUER.format, private(1984), made, b"\x03"), "9F32": b"\x03"}
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is expected


def test_a_key_that_is_longer_than_what_is_there_has_a_wrong_length() -> None:
    made = content(0x02, size=248)
    values = {"90": sealed(ISSUER.format, private(1984), made, b"\x00\x03"), "9F32": b"\x03", "92": b"\x00"}
    assert reason(lambda: recover_issuer(ca(), values, PAN, TODAY)) is Reason.LENGTH


def test_the_name_is_looked_at_before_the_month_and_the_month_before_the_algorithm() -> None:
    """EMV Book 2, 5.3, steps 8, 9, 11."""
    wrong = {"90": sealed(ISSUER.format, private(1984), content(2, algorithm=9, name="125094FF"), b"\x03")}
    assert reason(lambda: recover_issuer(ca(), {**wrong, "9F32": b"\x03"}, PAN, "310101")) is Reason.ISSUER
    old = {"90": sealed(ISSUER.format, private(1984), content(2, algorithm=9), b"\x03")}
    assert reason(lambda: recover_issuer(ca(), {**old, "9F32": b"\x03"}, PAN, "310101")) is Reason.EXPIRED


def test_a_card_certificate_belongs_to_one_pan() -> None:
    values = issue_card(private(1152), some_key(96), pan=PAN, expires="1230", serial=SERIAL, static=b"")
    assert reason(lambda: recover_card(private(1152).public, values, PAN + "3", b"", TODAY)) is Reason.PAN
    assert private(1152).public.recover(values["9F46"])[2:12] == bytes.fromhex(PAN + "FFFF")
    assert CARD.overhead == 42
    assert ISSUER.overhead == 36


def test_an_error_tells_the_certificate_and_no_number() -> None:
    values = issue_card(private(1152), some_key(96), pan=PAN, expires="1220", serial=SERIAL, static=b"")
    with pytest.raises(AuthenticationFailed, match="ICC public key certificate: certificate expired") as failed:
        recover_card(private(1152).public, values, PAN, b"", TODAY)
    assert PAN not in str(failed.value)
    assert failed.value.component == "card"


def test_the_check_sum_covers_all_four_parts() -> None:
    key = some_key(128)
    sums = {
        key_digest(RID, 1, key), key_digest(RID, 2, key), key_digest(RID[::-1], 1, key),
        key_digest(RID, 1, some_key(128, 65537)), key_digest(RID, 1, some_key(128, odd=5)),
    }  # fmt: skip
    assert len(sums) == 5
