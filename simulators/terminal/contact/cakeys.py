"""The terminal's store of public keys of card schemes, and of issuers' certificates that were revoked.

EMV Book 2, 10 and 11. Keys come from a file of the rig or by download; one that is not sound is refused, and the store
says which and why. A store never changes: every addition gives another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from protocols.emv.certificates import CaPublicKey
from protocols.emv.dates import full_date
from protocols.emv.rsa import EXPONENTS, RsaPublic
from protocols.iso8583.subfields import CaKey
from simulators.terminal.contact.dates import is_date

Plain = Mapping[str, object]
"""A key as a file has it: rid, index, modulus, exponent and digest in hex, expires as YYMMDD."""
SHORTEST_MODULUS, LONGEST_MODULUS = 64, 248
"""Bytes. EMV Book 2, Annex B2.1 names the longest; what is shorter holds no certificate that anybody issues."""
_RID = 5


@dataclass(frozen=True, slots=True)
class Revoked:
    """An issuer's certificate that is not taken any more, by scheme, CA key and number. EMV Book 2, 5.3, step 10"""

    rid: bytes
    index: int
    serial: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A key that was not taken, and why."""

    rid: str
    index: str
    why: str

    def __str__(self) -> str:
        return f"CA key {self.index} of {self.rid} is refused: {self.why}"


@dataclass(frozen=True, slots=True)
class CaKeys:
    """Keys by scheme and index. `schemes` are the RIDs whose keys are taken; none named is any."""

    keys: Mapping[tuple[bytes, int], CaPublicKey] = field(default_factory=dict)
    revoked: frozenset[Revoked] = frozenset()
    schemes: frozenset[bytes] = frozenset()
    refused: tuple[Refused, ...] = ()

    @classmethod
    def of(
        cls, keys: Iterable[CaPublicKey], *, revoked: Iterable[Revoked] = (), schemes: Collection[bytes] = ()
    ) -> CaKeys:
        """A store of these keys."""
        store = cls(revoked=frozenset(revoked), schemes=frozenset(schemes))
        for key in keys:
            store = store.with_key(key)
        return store

    @classmethod
    def from_file(
        cls, keys: Iterable[Plain], *, revoked: Iterable[Plain] = (), schemes: Collection[bytes] = ()
    ) -> CaKeys:
        """A store of what a file has, already read to plain data. What cannot be understood is refused, too."""
        store = cls(schemes=frozenset(schemes))
        for plain in keys:
            try:
                store = store.with_key(_key_of(plain))
            except (KeyError, TypeError, ValueError) as error:
                store = store._without(_shown(plain, "rid"), _shown(plain, "index"), f"its entry is none ({error})")
        return replace(store, revoked=frozenset(_revoked_of(plain) for plain in revoked))

    def with_key(self, key: CaPublicKey) -> CaKeys:
        """With one key more, in place of an older one of its index, if it is sound."""
        problem = self._problem(key)
        if problem:
            return self._without(key.rid.hex().upper(), f"{key.index:02X}", problem)
        return replace(self, keys={**self.keys, (key.rid, key.index): key})

    def downloaded(self, key: CaKey, digest: bytes | None = None) -> CaKeys:
        """With a key that the host gave. `digest` is its check value as it came; facts/unionpay-pos 3, 370.

        Its expiry is YYYYMMDD, of which a terminal keeps the last six digits. EMV Book 2, 11.2.2
        """
        public = RsaPublic(key.modulus.lstrip(b"\x00"), int.from_bytes(key.exponent))
        return self.with_key(
            CaPublicKey(key.rid, key.index, public, key.expiry[-6:], key.check_value if digest is None else digest)
        )

    def revoke(self, revoked: Revoked) -> CaKeys:
        """With one issuer certificate more that is not taken."""
        return replace(self, revoked=self.revoked | {revoked})

    def find(
        self, rid: bytes, index: int, today: date, defects: frozenset[str] = frozenset()
    ) -> CaPublicKey | None:  # fmt: skip
        """The key, unless there is none or its last day is over. EMV Book 2, 5.2, 6.2; 11.2.2"""
        key = self.keys.get((rid, index))
        if key is None or "expired-ca-key-used" in defects:
            return key
        return None if full_date(key.expires) < f"{today:%Y%m%d}" else key

    def is_revoked(self, rid: bytes, index: int, serial: bytes) -> bool:
        """EMV Book 2, 5.3, step 10: by RID, CA key index and certificate serial number."""
        return Revoked(rid, index, serial) in self.revoked

    def _problem(self, key: CaPublicKey) -> str:
        """What keeps a key out of the store; empty when nothing does."""
        if len(key.rid) != _RID:
            return f"an RID has {_RID} bytes"
        if self.schemes and key.rid not in self.schemes:
            return "none of the terminal's applications is of this scheme"
        if not SHORTEST_MODULUS <= key.key.size <= LONGEST_MODULUS:  # EMV Book 2, Annex B2.1
            return f"its modulus has {key.key.size} bytes"
        if key.key.exponent not in EXPONENTS:  # EMV Book 2, Annex B2.1
            return f"its exponent is {key.key.exponent}"
        if not is_date(key.expires):
            return "its last day is no date"
        if not key.digest_right:  # EMV Book 2, 11.2.2
            return "its check sum is wrong"
        return ""

    def _without(self, rid: str, index: str, why: str) -> CaKeys:
        return replace(self, refused=(*self.refused, Refused(rid, index, why)))


def _key_of(plain: Plain) -> CaPublicKey:
    rid, modulus, digest = (bytes.fromhex(str(plain[name])) for name in ("rid", "modulus", "digest"))
    exponent = int.from_bytes(bytes.fromhex(str(plain.get("exponent", "03"))))
    index = int(str(plain["index"]), 16)
    return CaPublicKey(rid, index, RsaPublic(modulus.lstrip(b"\x00"), exponent), str(plain["expires"]), digest)


def _revoked_of(plain: Plain) -> Revoked:
    rid, serial = (bytes.fromhex(str(plain[name])) for name in ("rid", "serial"))
    return Revoked(rid, int(str(plain["index"]), 16), serial)


def _shown(plain: Plain, name: str) -> str:
    return str(plain.get(name, "?"))
