"""The test CA: keys of scheme, issuers and cards, made once on each machine, and certificates by them.

Nobody trusts this CA but a terminal that was told of its keys, and it says "test" wherever it is named: there is no
other way to a card of the scheme's, since nobody has the private halves of its keys. facts/pcsc-emv 4.4
The keys lie in `build/test-ca/`, for this user alone; they are never printed and no part of what is checked in.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from protocols.emv.certificates import CaPublicKey, issue_issuer
from protocols.emv.rsa import RsaPrivate
from protocols.faults import RigFault

FOLDER = Path(__file__).parents[2] / "build" / "test-ca"
RID = bytes.fromhex("A000000333")  # facts/pcsc-emv 4.2
LATEST = "391231"
"""YYMMDD on which keys expire that are not meant to have expired."""


@dataclass(frozen=True, slots=True)
class CaKey:
    """One key of the CA: its size, and what is the matter with it."""

    bits: int
    exponent: int
    expires: str = LATEST
    digest_wrong: bool = False


CA_KEYS = {
    0xF0: CaKey(1984, 3),  # facts/pcsc-emv 4.4: an own index
    0xF1: CaKey(1408, 65537),
    0xF2: CaKey(1408, 3, expires="191231"),  # expired
    0xF3: CaKey(1408, 3),  # its issuers' certificates are revoked
    0xF4: CaKey(1408, 3, digest_wrong=True),  # EMV Book 2, 11.2.2: the check sum that goes with it is another key's
}
REVOKED = 0xF3
ISSUER_BITS, CARD_BITS, EXPONENTS = (1408, 1152), (1152, 1024), (3, 65537)
ISSUERS, CARDS = 2, 4
"""Keys of a kind: the second issuer signs what is signed by another one; cards share theirs."""
KeyName = tuple[str, int, int, int]
"""Whose, bits, exponent, number."""


def _wanted() -> tuple[KeyName, ...]:
    own = [("ca", key.bits, key.exponent, index) for index, key in CA_KEYS.items()]
    other = [("another ca", bits, exponent, 0) for bits, exponent in dict.fromkeys((k[1], k[2]) for k in own)]
    issuers = [("issuer", bits, e, n) for bits in ISSUER_BITS for e in EXPONENTS for n in range(ISSUERS)]
    cards = [("card", bits, e, n) for bits in CARD_BITS for e in EXPONENTS for n in range(CARDS)]
    return (*own, *other, *issuers, *cards)


WANTED = _wanted()


@dataclass(frozen=True, slots=True)
class Revocation:
    """An issuer's certificate that is not to be taken any more. EMV Book 2, 5.3"""

    rid: bytes
    index: int
    serial: bytes


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer's key, and its certificate by tag: 8F, 90, 9F32 and, where the key is longer than its room, 92."""

    certificate: Mapping[str, bytes]
    key: RsaPrivate = field(repr=False)


class Authority:
    """The CA over its keys. What it made once it makes no second time."""

    def __init__(self, keys: Mapping[KeyName, RsaPrivate]) -> None:
        self._keys = keys
        self._issuers: dict[tuple[object, ...], Issuer] = {}

    def ca_keys(self) -> tuple[CaPublicKey, ...]:
        """What terminals and hosts are told: all keys, also the one that has expired and the one whose digest is that
        of another."""
        return tuple(map(self.ca_key, CA_KEYS))

    def ca_key(self, index: int) -> CaPublicKey:
        """One of them."""
        row = CA_KEYS[index]
        right = CaPublicKey.made(RID, index, self._ca(index).public, row.expires)
        if not row.digest_wrong:
            return right
        return CaPublicKey(RID, index, right.key, right.expires, bytes(byte ^ 0xFF for byte in right.digest))

    def revoked(self, index: int = REVOKED) -> tuple[Revocation, ...]:
        """Every certificate of an issuer by one of the keys: by that whose issuers are revoked, or by another one."""
        numbers = [(bits, e, n) for bits in ISSUER_BITS for e in EXPONENTS for n in range(ISSUERS)]
        return tuple(Revocation(RID, index, _serial(index, *number)) for number in numbers)

    def issuer(
        self, index: int, bits: int, exponent: int, issuer_id: str, *, expires: str, number: int = 0,
        by_another_ca: bool = False,
    ) -> Issuer:  # fmt: skip
        """An issuer under a key of the CA. `issuer_id` is the beginning of its PANs, `expires` MMYY."""
        wanted = (index, bits, exponent, issuer_id, expires, number, by_another_ca)
        if wanted not in self._issuers:
            key = self._keys["issuer", bits, exponent, number]
            signer = self._another_ca(index) if by_another_ca else self._ca(index)
            certificate = issue_issuer(
                signer, self.ca_key(index), key.public, issuer_id=issuer_id, expires=expires,
                serial=_serial(index, bits, exponent, number),
            )  # fmt: skip
            self._issuers[wanted] = Issuer(certificate, key)
        return self._issuers[wanted]

    def ca_private(self, index: int, *, another: bool = False) -> RsaPrivate:
        """For whoever spoils a certificate and has to sign it anew."""
        return self._another_ca(index) if another else self._ca(index)

    def card_key(self, bits: int, exponent: int, number: int) -> RsaPrivate:
        """One of the keys that cards share; any number is one of them."""
        return self._keys["card", bits, exponent, number % CARDS]

    def _ca(self, index: int) -> RsaPrivate:
        return self._keys["ca", CA_KEYS[index].bits, CA_KEYS[index].exponent, index]

    def _another_ca(self, index: int) -> RsaPrivate:
        return self._keys["another ca", CA_KEYS[index].bits, CA_KEYS[index].exponent, 0]


def _serial(index: int, bits: int, exponent: int, number: int) -> bytes:
    """Of an issuer's certificate: one for each key."""
    place = ISSUER_BITS.index(bits) * len(EXPONENTS) + EXPONENTS.index(exponent)
    return bytes([index, place, number])


@cache
def house_authority() -> Authority:
    """That of this machine. Raises RigFault when its keys can be neither read nor kept."""
    return Authority(kept_keys())


# ── its keys ──────────────────────────────────────────────────────────────────────────────────────────────────────


def kept_keys(folder: Path = FOLDER, wanted: tuple[KeyName, ...] = WANTED) -> dict[KeyName, RsaPrivate]:
    """The keys that lie in a folder, made first when they are not there yet. Several processes may ask at once.

    Raises RigFault when they can be neither read nor kept.
    """
    path = folder / f"{hashlib.sha256(repr(wanted).encode()).hexdigest()[:16]}.json"
    try:
        if not path.exists():
            _make(path, wanted)
        found = {name: _key_of(row) for name, row in zip(wanted, json.loads(path.read_text("ascii")), strict=True)}
    except OSError as error:
        raise RigFault(
            f"the test CA's keys cannot be kept in {folder}: {error.strerror}", advice="see to its file system"
        ) from None
    except (ValueError, TypeError):  # no JSON, or no keys in it: nothing of it is told
        raise RigFault(f"{path} holds no keys of the test CA", advice="remove it: new ones are made") from None
    if any(key.size * 8 != name[1] for name, key in found.items()):
        raise RigFault(f"{path} holds other keys than the test CA's", advice="remove it: new ones are made")
    return found


def _make(path: Path, wanted: tuple[KeyName, ...]) -> None:
    """One process makes them, the others wait for it; the file is there whole, or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(path.parent / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write(path, json.dumps([_generated(bits, exponent) for _, bits, exponent, _ in wanted]))
    finally:
        os.close(lock)


def _write(path: Path, text: str) -> None:
    part, name = tempfile.mkstemp(dir=path.parent, prefix="making-")  # mode 0600
    try:
        with os.fdopen(part, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _generated(bits: int, exponent: int) -> list[str]:
    numbers = rsa.generate_private_key(public_exponent=exponent, key_size=bits).private_numbers()
    return [f"{number:X}" for number in (numbers.p, numbers.q, exponent)]


def _key_of(row: list[str]) -> RsaPrivate:
    p, q, exponent = (int(number, 16) for number in row)
    return RsaPrivate.of_primes(p, q, exponent)
