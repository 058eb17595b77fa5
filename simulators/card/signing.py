"""What the test CA and its issuers sign of an application: certificates and static data. EMV Book 2, 5 to 7."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from protocols.emv.certificates import issue_card, issue_pin
from protocols.emv.oda import sign_static
from protocols.emv.rsa import RsaPrivate
from protocols.pan import derived
from simulators.card.application import ApplicationProfile
from simulators.card.authority import Authority, Issuer
from simulators.card.damage import Certificate, Damage
from simulators.card.profile import CardProfile

ISSUER_DIGITS = 8
"""Of the PAN, in an issuer's certificate. EMV Book 2, 5.1, table 1: 3 to 8"""
USUAL_END, LONG_AGO = "3012", "1912"
"""YYMM of a certificate's last month: a card's own if that is later, since an application is not to outlive it."""
CODE = bytes.fromhex("4846")
"""The data authentication code, 9F45: the issuer's choice."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Objects by tag, and the card's private halves."""

    values: Mapping[str, bytes]
    card_key: RsaPrivate | None = field(default=None, repr=False)
    pin_key: RsaPrivate | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """Whose data is to be signed, and what of it."""

    profile: CardProfile
    application: ApplicationProfile
    pan: str = field(repr=False)
    static: bytes = field(repr=False)
    damage: Damage

    @property
    def wrong(self) -> Certificate:
        return self.damage.certificate

    @property
    def own_key(self) -> bool:
        """Whether the card has a key for signatures."""
        return self.application.oda in ("dda", "cda")

    def expires(self, whose: str) -> str:
        """MMYY of a certificate's last month."""
        last = LONG_AGO if self.wrong == f"{whose} expired" else max(USUAL_END, self.profile.expiry)
        return last[2:] + last[:2]

    def named(self, whose: str) -> str:
        """The PAN that a certificate is made out to."""
        if self.wrong != f"{whose} of another PAN":
            return self.pan
        return next(other for other in derived(self.profile.pan_prefix, 1, len(self.pan)) if other != self.pan)


def signed(request: Request, authority: Authority) -> Signed:
    """Everything that the application's way of authentication needs; nothing for one that has none."""
    application = request.application
    if application.oda == "none" and application.pin_key == "none":
        return Signed({})
    issuer = _issuer(request, authority)
    signer = _issuer(request, authority, number=1).key if request.damage.signed_by == "another issuer" else issuer.key
    values = dict(issuer.certificate)
    place = int(request.pan[-5:-1])  # which of the keys that cards share
    card_key = pin_key = None
    if application.oda != "none":
        values["93"] = sign_static(signer, request.static, CODE)
    if request.own_key:
        card_key = authority.card_key(application.card_bits, application.exponent, place)
        values |= issue_card(
            signer, card_key.public, pan=request.named("card"), expires=request.expires("card"), serial=b"\x00\x00\x01",
            static=request.static,
        )  # fmt: skip
    if application.pin_key == "own":
        pin_key = authority.card_key(application.card_bits, application.exponent, place + 1)
        values |= issue_pin(
            signer, pin_key.public, pan=request.named("PIN"), expires=request.expires("PIN"), serial=b"\x00\x00\x02"
        )
    elif application.pin_key == "card":  # EMV Book 2, 7.1: a card without a key for PINs uses its own
        pin_key = card_key
    if request.own_key and request.damage.signed_by == "another card":
        card_key = authority.card_key(application.card_bits, application.exponent, place + 2)
    return Signed(_spoilt(values, request, authority, signer), card_key, pin_key)


def _issuer(request: Request, authority: Authority, number: int = 0) -> Issuer:
    application = request.application
    another = request.wrong == "issuer of another PAN"
    return authority.issuer(
        int(application.ca_index, 16), application.issuer_bits, application.exponent,
        "9" * ISSUER_DIGITS if another else request.pan[:ISSUER_DIGITS], expires=request.expires("issuer"),
        number=number, by_another_ca=request.damage.signed_by == "another CA",
    )  # fmt: skip


# ── what is wrong within a certificate that is well signed ────────────────────────────────────────────────────────

_OBJECTS = {"issuer": "90", "card": "9F46", "PIN": "9F2D", "static": "93"}
_PLACES = {"header": 0, "format": 1, "hash": -2, "trailer": -1}
"""Bytes that are looked at before anything else is. EMV Book 2, 5.3, 5.4, 6.4"""


def _spoilt(
    values: dict[str, bytes], request: Request, authority: Authority, issuer: RsaPrivate
) -> Mapping[str, bytes]:
    """One byte of what a signature recovers to is another, and it is signed all the same."""
    whose, _, part = request.wrong.partition(" ")
    tag = _OBJECTS.get(whose, "")
    if part not in _PLACES or tag not in values:
        return values
    another = request.damage.signed_by == "another CA"
    signer = authority.ca_private(int(request.application.ca_index, 16), another=another) if tag == "90" else issuer
    content = bytearray(signer.public.recover(values[tag]))
    content[_PLACES[part]] ^= 0x01
    return {**values, tag: signer.sign(bytes(content))}
