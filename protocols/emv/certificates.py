"""Public key certificates of issuer, card and PIN encipherment: issued and recovered. EMV Book 2, 5, 6 and 7.

Both sides stand here: the card twin and the terminal's kernel share one definition of each layout, and published
certificates hold it to the book.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from hmac import compare_digest
from typing import NamedTuple

from protocols.emv.dates import month_over
from protocols.emv.rsa import RsaPrivate, RsaPublic
from protocols.faults import HoldfastError

HEADER, TRAILER, PADDING = 0x6A, 0xBC, 0xBB
"""Around and behind what is signed. EMV Book 2, 5.1, tables 2 to 4"""
SHA_1, RSA = 0x01, 0x01
"""The algorithms that the book knows. EMV Book 2, Annex B"""
HASH_SIZE = 20


class Reason(StrEnum):
    """Which check failed first."""

    MISSING = "data missing"
    CA_KEY = "no such CA key"
    LENGTH = "wrong length"
    TRAILER = "wrong trailer"
    HEADER = "wrong header"
    FORMAT = "wrong format"
    ALGORITHM = "unknown algorithm"
    HASH = "wrong hash"
    ISSUER = "issuer identifier is not of this PAN"
    PAN = "another PAN"
    EXPIRED = "certificate expired"
    REVOKED = "certificate revoked"
    RECORD = "record is no template 70"
    TAG_LIST = "static data tag list holds more than 82"
    DYNAMIC_NUMBER = "ICC dynamic number has no right length"
    CRYPTOGRAM_INFORMATION = "another cryptogram information"
    TRANSACTION = "wrong transaction data hash"
    CHALLENGE = "another challenge"


class AuthenticationFailed(HoldfastError):
    """What a card presented does not prove what it should. `reason` is the first check that failed."""

    component = "card"

    def __init__(self, message: str, reason: Reason) -> None:
        super().__init__(f"{message}: {reason.value}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CaPublicKey:
    """A certification authority's key as terminals store it. EMV Book 2, 5.2 and 11.2. `expires` is YYMMDD."""

    rid: bytes
    index: int
    key: RsaPublic
    expires: str
    digest: bytes

    @classmethod
    def made(cls, rid: bytes, index: int, key: RsaPublic, expires: str) -> CaPublicKey:
        """With its right check sum."""
        return cls(rid, index, key, expires, key_digest(rid, index, key))

    @property
    def digest_right(self) -> bool:
        """Whether the check sum is that of the key."""
        return compare_digest(self.digest, key_digest(self.rid, self.index, self.key))


def key_digest(rid: bytes, index: int, key: RsaPublic) -> bytes:
    """Check sum of a CA key: SHA-1 over RID, index, modulus and exponent. EMV Book 2, 11.2.2; facts/pcsc-emv 4.4"""
    return sha1(rid + bytes([index]) + key.modulus + key.exponent_bytes, usedforsecurity=False).digest()


class RecoveredIssuer(NamedTuple):
    """An issuer's key, and the serial number by which its certificate is revoked. EMV Book 2, 5.3, step 10"""

    key: RsaPublic
    serial: bytes


class _Form(NamedTuple):
    """One kind of certificate: its format byte, the length of the name in it, and where its parts lie on a card."""

    what: str
    format: int
    name: int
    certificate: str
    remainder: str
    exponent: str

    @property
    def overhead(self) -> int:
        """Bytes of the certificate that are not the key's: 36 of an issuer's, 42 of a card's."""
        return 1 + 1 + self.name + 2 + 3 + 1 + 1 + 1 + 1 + HASH_SIZE + 1


ISSUER = _Form("issuer public key certificate", 0x02, 4, "90", "92", "9F32")  # EMV Book 2, 6.1, table 11
CARD = _Form("ICC public key certificate", 0x04, 10, "9F46", "9F48", "9F47")  # EMV Book 2, 6.1, table 12
PIN = _Form("ICC PIN encipherment public key certificate", 0x04, 10, "9F2D", "9F2F", "9F2E")  # EMV Book 2, 7.1
CA_INDEX = "8F"


def issue_issuer(
    ca_private: RsaPrivate, ca: CaPublicKey, issuer_public: RsaPublic, *, issuer_id: str, expires: str, serial: bytes
) -> dict[str, bytes]:
    """The objects by which a card proves its issuer's key; `issuer_id` is 3 to 8 digits, `expires` MMYY.

    The certificate is signed by `ca_private` whatever key `ca` names.
    """
    name = bytes.fromhex(issuer_id.ljust(8, "F"))
    return {CA_INDEX: bytes([ca.index]), **_issue(ISSUER, ca_private, issuer_public, name, expires, serial)}


def issue_card(
    issuer_private: RsaPrivate, card_public: RsaPublic, *, pan: str, expires: str, serial: bytes, static: bytes
) -> dict[str, bytes]:
    """The objects by which a card proves its own key and its static data."""
    return _issue(CARD, issuer_private, card_public, _packed(pan), expires, serial, static)


def issue_pin(
    issuer_private: RsaPrivate, pin_public: RsaPublic, *, pan: str, expires: str, serial: bytes
) -> dict[str, bytes]:
    """The objects by which a card proves the key under which its PIN is enciphered."""
    return _issue(PIN, issuer_private, pin_public, _packed(pan), expires, serial)


def recover_issuer(ca: CaPublicKey, values: Mapping[str, bytes], pan: str, today: str) -> RecoveredIssuer:
    """The issuer's key from a card's data. EMV Book 2, 5.3 and 6.3. Today is YYMMDD. Raises AuthenticationFailed.

    Whether the certificate is revoked (step 10) is for who keeps the list.
    """

    def issued_to(name: str) -> bool:  # EMV Book 2, 5.3, step 8: the leftmost 3 to 8 digits of the PAN
        digits = name.rstrip("F")
        return 3 <= len(digits) <= 8 and pan.startswith(digits)

    key, serial = _recover(ISSUER, ca.key, values, b"", today, issued_to, Reason.ISSUER)
    return RecoveredIssuer(key, serial)


def recover_card(issuer_key: RsaPublic, values: Mapping[str, bytes], pan: str, static: bytes, today: str) -> RsaPublic:
    """The card's own key, its static data proved with it. EMV Book 2, 6.4. Raises AuthenticationFailed."""
    return _recover(CARD, issuer_key, values, static, today, lambda name: name.rstrip("F") == pan, Reason.PAN)[0]


def recover_pin(issuer_key: RsaPublic, values: Mapping[str, bytes], pan: str, today: str) -> RsaPublic:
    """The card's key for PIN encipherment. EMV Book 2, 7.1. Raises AuthenticationFailed."""
    return _recover(PIN, issuer_key, values, b"", today, lambda name: name.rstrip("F") == pan, Reason.PAN)[0]


def unsealed(what: str, form: int, key: RsaPublic, signed: bytes, covered: bytes) -> bytes:
    """What stands between format and hash of anything that is signed, once all checks of it have passed.

    `covered` follows it under the hash. EMV Book 2, 5.3, 5.4, 6.3 to 6.5 have the same steps. Raises
    AuthenticationFailed with the step that failed.
    """
    recovered = _opened(what, form, key, signed)
    _proved(what, recovered, covered)
    return recovered[_CONTENT]


_SHORTEST = 1 + 1 + HASH_SIZE + 1
"""Header, format, hash and trailer."""
_CONTENT, _HASHED, _HASH = slice(2, -HASH_SIZE - 1), slice(1, -HASH_SIZE - 1), slice(-HASH_SIZE - 1, -1)


def _opened(what: str, form: int, key: RsaPublic, signed: bytes) -> bytes:
    try:
        recovered = key.recover(signed)  # step 1
    except ValueError:
        recovered = b""
    if len(recovered) < _SHORTEST:
        raise AuthenticationFailed(what, Reason.LENGTH)
    if recovered[-1] != TRAILER:  # step 2
        raise AuthenticationFailed(what, Reason.TRAILER)
    if recovered[0] != HEADER:  # step 3
        raise AuthenticationFailed(what, Reason.HEADER)
    if recovered[1] != form:  # step 4
        raise AuthenticationFailed(what, Reason.FORMAT)
    return recovered


def _proved(what: str, recovered: bytes, covered: bytes) -> None:
    if not compare_digest(_hash(recovered[_HASHED] + covered), recovered[_HASH]):  # steps 5 to 7
        raise AuthenticationFailed(what, Reason.HASH)


def sealed(form: int, key: RsaPrivate, content: bytes, covered: bytes) -> bytes:
    """The counterpart of `unsealed`. Raises ValueError unless the content fills the modulus. EMV Book 2, 5.1"""
    signed = bytes([form]) + content
    return key.sign(bytes([HEADER]) + signed + _hash(signed + covered) + bytes([TRAILER]))


def _issue(
    form: _Form, signer: RsaPrivate, key: RsaPublic, name: bytes, expires: str, serial: bytes, static: bytes = b""
) -> dict[str, bytes]:
    room = signer.size - form.overhead
    left, remainder = key.modulus[:room].ljust(room, bytes([PADDING])), key.modulus[room:]
    sizes = bytes([SHA_1, RSA, key.size, len(key.exponent_bytes)])
    content = name + bytes.fromhex(expires) + serial + sizes + left
    certificate = sealed(form.format, signer, content, remainder + key.exponent_bytes + static)
    objects = {form.certificate: certificate, form.exponent: key.exponent_bytes}
    return {**objects, form.remainder: remainder} if remainder else objects


def _recover(
    form: _Form,
    signer: RsaPublic,
    values: Mapping[str, bytes],
    static: bytes,
    today: str,
    named: Callable[[str], bool],
    misnamed: Reason,
) -> tuple[RsaPublic, bytes]:
    """The key and the certificate's serial number."""
    certificate, exponent = values.get(form.certificate, b""), values.get(form.exponent, b"")
    remainder = values.get(form.remainder, b"")
    if not certificate or not exponent:
        raise AuthenticationFailed(form.what, Reason.MISSING)
    recovered = _opened(form.what, form.format, signer, certificate)
    if len(recovered) < form.overhead:
        raise AuthenticationFailed(form.what, Reason.LENGTH)
    name, rest = recovered[_CONTENT][: form.name], recovered[_CONTENT][form.name :]
    expires, serial, (hashing, algorithm, size, _), left = rest[:2], rest[2:5], rest[5:9], rest[9:]
    if size > len(left) and not remainder:  # EMV Book 2, 5.1, table 4: present if the key does not fit
        raise AuthenticationFailed(form.what, Reason.MISSING)
    _proved(form.what, recovered, remainder + exponent + static)
    modulus = (left + remainder)[:size]
    for failed, reason in (
        (hashing != SHA_1, Reason.ALGORITHM),  # EMV Book 2, 5.3, step 6
        (not named(name.hex().upper()), misnamed),  # step 8
        (month_over(expires.hex(), today), Reason.EXPIRED),  # step 9
        (algorithm != RSA, Reason.ALGORITHM),  # step 11
        (len(modulus) < size, Reason.LENGTH),  # step 12
    ):
        if failed:
            raise AuthenticationFailed(form.what, reason)
    return RsaPublic(modulus, int.from_bytes(exponent, "big")), serial


def _hash(data: bytes) -> bytes:
    """SHA-1. EMV Book 2, Annex B3.1"""
    return sha1(data, usedforsecurity=False).digest()


def _packed(pan: str) -> bytes:
    """Left-justified in 10 bytes, filled with F. EMV Book 2, 6.1, table 12"""
    return bytes.fromhex(pan.ljust(20, "F"))
