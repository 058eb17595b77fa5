"""Cryptogram versions: what differs between them, one row each. facts/pcsc-emv 4.3; EMV Book 2, 8 and Annex A1.

CVN 01 is PBOC's. 18 (12 hex) is that of cards with EMV common session keys: its cryptogram covers the whole of the
issuer application data, and its ARPC is of method 2. Script keys of 18 follow EMV Book 2, Annex A1.3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest

from protocols.crypto import TripleDes
from protocols.emv.cryptogram import CRYPTOGRAM_DATA, CardKey, SessionKey, derive_udk, diversifier
from protocols.emv.csu import NOTHING, Csu
from protocols.emv.iad import CVN_01, CVN_18
from protocols.emv.keys import CardKeys, Derivation, MasterKeys, derive_b
from protocols.emv.secure_messaging import LENGTH_AND_ECB, PADDED_CBC, Encipherment, ScriptKeys

ARPC_1, ARPC_2 = 8, 4
"""Bytes of an ARPC of method 1 and of method 2. EMV Book 2, 8.2"""


@dataclass(frozen=True, slots=True)
class CryptogramVersion:
    """One version, as its number in the issuer application data calls it."""

    name: str
    number: int
    derive: Derivation
    diversify: Callable[[bytes], bytes]
    covered: Callable[[bytes], bytes]
    """The part of the issuer application data that is under the cryptogram."""
    answer: Callable[[SessionKey, bytes, bytes, Csu], bytes]
    """Issuer authentication data for a request cryptogram, from response code or card status update."""
    proves: Callable[[SessionKey, bytes, bytes], bool]
    """Whether issuer authentication data is right for a request cryptogram."""
    script_diversifier: Callable[[bytes, bytes], bytes]
    """What counter and request cryptogram of a transaction make of a card's script keys."""
    encipherment: Encipherment

    def card_keys(self, masters: MasterKeys, pan: str, psn: str) -> CardKeys:
        """The keys of a card."""
        return masters.card(self.derive, pan, psn)

    def card_key(self, udk: bytes) -> CardKey:
        """A card's key for cryptograms with its cipher alive."""
        return CardKey(udk, self.diversify)

    def session(self, udk: bytes, atc: bytes) -> SessionKey:
        """The key of one transaction."""
        return self.card_key(udk).session(atc)

    def data(self, values: Mapping[str, bytes], iad: bytes) -> bytes:
        """The bytes under a cryptogram. Raises KeyError for a tag not there."""
        return b"".join([values[tag] for tag in CRYPTOGRAM_DATA]) + self.covered(iad)

    def request(self, session: SessionKey, values: Mapping[str, bytes], iad: bytes) -> bytes:
        """ARQC, TC or AAC."""
        return session.cryptogram(self.data(values, iad))

    def response(self, session: SessionKey, request: bytes, code: bytes, csu: Csu = NOTHING) -> bytes:
        """Tag 91. A response code counts for method 1, a card status update for method 2."""
        return self.answer(session, request, code, csu)

    def check_response(self, session: SessionKey, request: bytes, authentication: bytes) -> bool:
        """Whether the issuer's tag 91 is its answer to this request."""
        return self.proves(session, request, authentication)

    def script_keys(self, keys: CardKeys, atc: bytes, request: bytes) -> ScriptKeys:
        """Keys for the scripts of one transaction."""
        by = self.script_diversifier(atc, request)
        return ScriptKeys(
            TripleDes(keys.mac).encrypt(by), TripleDes(keys.enc).encrypt(by), keys.ac, atc, request, self.encipherment
        )


def common_diversifier(value: bytes) -> bytes:
    """F0 and 0F in place of the third byte. EMV Book 2, Annex A1.3.1. Raises ValueError unless there are 8 bytes."""
    if len(value) != 8:
        raise ValueError(f"a diversification value has 8 bytes, not {len(value)}")
    return value[:2] + b"\xf0" + value[3:] + value[:2] + b"\x0f" + value[3:]


def _of_counter(atc: bytes) -> bytes:
    """EMV Book 2, Annex A1.3.1: for cryptograms the value is the counter and zeros."""
    return common_diversifier(atc + bytes(6))


def _cvr(iad: bytes) -> bytes:
    """facts/pcsc-emv 4.2"""
    return iad[3:7]


def _method_1(session: SessionKey, request: bytes, code: bytes, csu: Csu) -> bytes:
    """ARPC and response code. EMV Book 2, 8.2.1; facts/pcsc-emv 4.3"""
    return session.response(request, code) + code


def _proved_1(session: SessionKey, request: bytes, authentication: bytes) -> bool:
    code = authentication[ARPC_1 : ARPC_1 + 2]
    return len(code) == 2 and compare_digest(authentication[:ARPC_1], session.response(request, code))


def _method_2(session: SessionKey, request: bytes, code: bytes, csu: Csu) -> bytes:
    """ARPC and card status update. EMV Book 2, 8.2.2"""
    return session.short_response(request, csu.pack()) + csu.pack()


def _proved_2(session: SessionKey, request: bytes, authentication: bytes) -> bool:
    """With proprietary data of up to 8 bytes behind it. EMV Book 2, 8.2.2"""
    status = authentication[ARPC_2:]
    right = session.short_response(request, status)
    return Csu.size() <= len(status) <= Csu.size() + 8 and compare_digest(authentication[:ARPC_2], right)


PBOC_01 = CryptogramVersion(
    "01",
    CVN_01,
    derive_udk,
    diversifier,
    covered=_cvr,
    answer=_method_1,
    proves=_proved_1,
    script_diversifier=lambda atc, request: diversifier(atc),  # likely: as the key for cryptograms
    encipherment=LENGTH_AND_ECB,
)
COMMON_18 = CryptogramVersion(
    "18",
    CVN_18,
    derive_b,
    _of_counter,
    covered=lambda iad: iad,
    answer=_method_2,
    proves=_proved_2,
    script_diversifier=lambda atc, request: common_diversifier(request),  # EMV Book 2, Annex A1.3.1
    encipherment=PADDED_CBC,
)
VERSIONS = {version.number: version for version in (PBOC_01, COMMON_18)}
NAMED = {version.name: version for version in VERSIONS.values()}
